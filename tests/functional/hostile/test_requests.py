"""Requests that are wrong as a whole: unknown and doubled parameters, too much of everything, hostile protocol."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from stratoform.app import load_commands
from stratoform.commands.frame.base import IGNORED, REGISTRY
from stratoform.wire.params import MOST_PARAMETERS
from tests.functional.hostile.asking import FORM, ask, body, post
from tests.functional.hostile.test_every_parameter import POISON, WORDS
from tests.functional.permissions.recipes import recipe
from tests.functional.permissions.world import World

load_commands()

COMMANDS = sorted(REGISTRY)
FORMATS = ("json", "xml")


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_parameters_are_refused_by_name(world: World, command: str) -> None:
    good = recipe(command, world.things["admin"])
    for name in ("nonsense", "ids", "NAME ", "naïve", "__class__"):
        if name.strip().lower() in {*REGISTRY[command].params, *IGNORED}:
            continue
        for response in FORMATS:
            answer = ask(world.service.admin, command, {**good, name: "x"}, response)
            assert answer.status in {430, 431}
            assert name.strip().lower().split("ï")[0] in answer.text.lower()
    answer = ask(world.service.admin, command, {**good, "nonsense": "x"})
    assert f"{command} has no such parameter" in answer.text or f"{command} takes no parameters" in answer.text
    assert world.changes() == {}


@pytest.mark.parametrize("command", COMMANDS)
def test_doubled_parameters_are_refused_by_name(world: World, command: str) -> None:
    admin, good = world.service.admin, recipe(command, world.things["admin"])
    form = body(admin, command, good, "json")
    for name in (*good, "command", "apikey", "response", "signature"):
        base, bracket, field = name.partition("[")  # the field of a map keeps its case: it may be somebody's own key
        for again in (name, f"{base.upper()}{bracket}{field}"):
            answer = post(admin, f"{form}&{again}=x", "json")
            assert answer.status == 431
            assert answer.text == f"parameter '{again}' is given more than once; give it once"
    for name in good:
        if "[" in name:
            assert post(admin, f"{form}&{name.partition('[')[0]}=x", "json").status == 431
            continue
        assert post(admin, f"{form}&{name}[0].key=x", "json").status == 431
        assert post(admin, f"{name}[0].key=x&{form}", "json").status == 431
    assert world.changes() == {}


def test_a_parameter_both_in_query_and_body_is_doubled(world: World) -> None:
    admin = world.service.admin
    got = admin.http.post("/client/api?name=x", data=body(admin, "createZone", {"name": "x"}, "json"),
                          content_type=FORM)
    assert got.status_code == 431
    assert "'name'" in got.get_json()["createzoneresponse"]["errortext"]


@pytest.mark.parametrize("command", ["createZone", "deployVirtualMachine", "listZones", "registerSSHKeyPair"])
def test_bodies_of_ten_megabytes_are_refused(world: World, command: str) -> None:
    admin, good = world.service.admin, recipe(command, world.things["admin"])
    for name in ("name", "nonsense"):
        answer = post(admin, f"{name}={'x' * (10 << 20)}&{body(admin, command, good, 'json')}&response=json", "xml")
        assert answer.status == 431
        assert answer.text == "the request body is too large; at most 1048576 bytes are allowed"
    assert world.changes() == {}


def test_a_body_that_just_fits_is_judged_like_any(world: World) -> None:
    good = recipe("createZone", world.things["admin"])
    answer = ask(world.service.admin, "createZone", {**good, "name": "x" * 1_047_000})
    assert answer.status == 431
    assert answer.text == "Invalid parameter name: it may have at most 255 characters, this has 1047000"


def test_too_many_parameters(world: World) -> None:
    many = "".join(f"&p{n}=" for n in range(MOST_PARAMETERS))
    answer = post(world.service.admin, body(world.service.admin, "listZones", {}, "json") + many, "json")
    assert (answer.status, answer.text) == (431, f"too many parameters; at most {MOST_PARAMETERS} are allowed")


def test_a_map_may_have_many_entries_and_too_many_are_refused(world: World) -> None:
    admin, good = world.service.admin, recipe("createServiceOffering", world.things["admin"])
    entries = {f"serviceofferingdetails[{n}].k{n}": f"v{n}" for n in range(1000)}
    assert ask(admin, "createServiceOffering", {**good, **entries}).status == 200
    world.restore()
    entries = {f"serviceofferingdetails[{n}].k{n}": f"v{n}" for n in range(MOST_PARAMETERS)}
    assert ask(admin, "createServiceOffering", {**good, **entries}).status == 431
    for index in ("-1", "x", "10000", "0.5", "", "0]["):
        answer = ask(admin, "createServiceOffering", {**good, f"serviceofferingdetails[{index}].k": "v"})
        assert answer.status == 430
        assert "serviceofferingdetails" in answer.text
    assert world.changes() == {}


@pytest.mark.parametrize("response", FORMATS)
@pytest.mark.parametrize("value", [pytest.param(v, id=k) for k, v in {**WORDS, **POISON}.items()])
def test_hostile_protocol_fields(world: World, value: str | bytes, response: str) -> None:
    admin = world.service.admin
    for name in ("command", "apikey", "signature", "signatureversion", "expires", "sessionkey", "_", "callback"):
        given = {"command": "listZones", "apikey": admin.key, "signature": "x", "response": response, name: value}
        answer = post(admin, "&".join(f"{k}={quote(v)}" for k, v in given.items()), response)
        assert answer.status in {401, 430, 432}
        assert len(answer.text) < 300
    answer = ask(admin, "listZones", {"callback": value, "_": value, "sessionkey": value}, response)
    assert answer.status in {200, 430}
    for command in ("listzones", "listZones ", "ListZones"):
        assert ask(admin, command, {}, response).status == 432
    assert world.changes() == {}


@pytest.mark.parametrize("value", [pytest.param(v, id=k) for k, v in WORDS.items()])
def test_unknown_commands_are_named_and_become_no_markup(world: World, value: str) -> None:
    for response in FORMATS:
        answer = ask(world.service.admin, value, {}, response)
        assert answer.status == 432
        assert answer.text.startswith("There is no command ")
