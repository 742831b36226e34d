"""Strangers at the door: logins of nonsense, calls with half a session, signed requests bent and sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from stratoform.access.logins import REFUSAL
from stratoform.app import load_commands
from stratoform.commands.frame.base import REGISTRY, STRANGERS
from stratoform.model.tenancy import User
from stratoform.wire.signature import REFUSAL as UNSIGNED
from tests.functional.hostile.asking import FORM, Answer, ask, body, post
from tests.functional.hostile.test_every_parameter import POISON, WORDS
from tests.functional.permissions.world import World
from tests.functional.sessions.browser import Browser, Site
from tests.support.client import Client

load_commands()

FUZZ = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
GOOD = {"command": "login", "username": "alice", "password": "wonderland", "response": "json"}


@pytest.fixture
def door(world: World) -> Iterator[World]:
    """The world, in which nobody has to wait after a failed login."""
    patience = world.service.cloud.logins.patience
    clock, patience.clock = patience.clock, lambda: 0.0
    patience.demand = lambda _name: None  # type: ignore[method-assign]  # what waits is tested elsewhere
    yield world
    del patience.demand
    patience.clock = clock
    world.restore()


def knock(world: World, form: Mapping[str, str | bytes]) -> Answer:
    """Posts a form without signing it; the answer is one of the API's, and no cookie comes with a refusal."""
    client = Client(world.service.admin.http.application.test_client(), "", "")
    given = "&".join(f"{quote(name)}={quote(value)}" for name, value in form.items())
    answer = post(client, given, "json")
    assert client.http.get_cookie("JSESSIONID", path="/client") is None
    return answer


@pytest.mark.parametrize("value", [pytest.param(v, id=k) for k, v in {**WORDS, **POISON}.items()])
def test_hostile_values_at_the_door(door: World, value: str | bytes) -> None:
    for command, kind in STRANGERS.items():
        for name in (*kind.params, "sessionkey", "signature", "apikey", "signatureversion", "expires", "nonsense"):
            answer = knock(door, {**GOOD, "command": command, name: value})
            assert answer.status in {401, 430, 431}, (command, name)
            assert len(answer.text) < 400
            assert "wonderland" not in answer.text
    assert door.changes() == {}


@FUZZ
@given(st.dictionaries(st.sampled_from(["username", "password", "domain", "domainid", "timestamp", "signature"]),
                       st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)))
def test_no_login_of_nonsense_succeeds(door: World, form: dict[str, str]) -> None:
    answer = knock(door, {"command": "login", "response": "json", **form})
    assert answer.status in {401, 431}
    assert answer.status == 431 or answer.text == REFUSAL


def test_half_a_session_is_none_whatever_the_command(door: World) -> None:
    """A cookie without the key, the key without the cookie, another session's key."""
    site = Site(door.service)
    sessions = door.service.cloud.logins.sessions

    def begin(session: Any) -> Any:
        user = session.scalars(select(User).where(User.name == "admin")).first()
        return sessions.begin(session, user, 600), sessions.begin(session, user, 600)

    one, other = door.service.cloud.db.write(begin)
    for token, key in ((one.token, ""), ("", one.key), (one.token, other.key), (one.key, one.token)):
        browser = Browser(site.app)
        if token:
            browser.token = token
            browser.http.set_cookie("sessionkey", one.key, path="/client")
        for command in sorted(REGISTRY):
            form = {"command": command, "response": "json", "sessionkey": key}
            for answer in (browser.http.post("/client/api", data=form),
                           browser.http.get("/client/api", query_string=form)):
                (content,) = answer.get_json().values()
                assert (answer.status_code, content["errortext"]) == (401, UNSIGNED), command


class Bent:
    """Requests made of a signed one."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.good = body(client, "listZones", {"name": "Zone A/b+c&d=e%20f"}, "json")
        self.pairs = parse_qsl(self.good)

    def send(self, form: str) -> int:
        """The status of the answer."""
        return post(self.client, form, "json").status


@pytest.fixture
def bent(world: World) -> Bent:
    return Bent(world.service.admin)


def test_the_order_of_parameters_does_not_matter(bent: Bent) -> None:
    for pairs in (bent.pairs[::-1], sorted(bent.pairs), bent.pairs[2:] + bent.pairs[:2]):
        assert bent.send(urlencode(pairs)) == 200


def test_a_request_can_be_sent_again_until_it_expires(world: World, bent: Bent) -> None:
    """That is the protocol's: version 1 never expires; TLS keeps requests from strangers."""
    assert [bent.send(bent.good) for _ in range(3)] == [200] * 3
    admin = world.service.admin
    for expires, status in (("2999-01-01T00:00:00Z", 200), ("2001-01-01T00:00:00Z", 401), ("", 401), ("never", 401)):
        assert ask(admin, "listZones", {"signatureVersion": "3", "expires": expires}).status == status
    form = body(admin, "listZones", {"signatureVersion": "3", "expires": "2001-01-01T00:00:00Z"}, "json")
    for longer in (form.replace("2001", "2999"), form.replace("signatureVersion=3", "signatureVersion=1"),
                   form.replace("expires=2001-01-01T00%3A00%3A00Z&", ""), f"{form}&expires=2999-01-01T00:00:00Z"):
        assert bent.send(longer) in {401, 431}


def test_encoding_twice_or_not_at_all_is_another_request(bent: Bent) -> None:
    signature = dict(bent.pairs)["signature"]
    for form in (
        urlencode([(name, quote(value)) for name, value in bent.pairs]),
        bent.good.replace("%", "%25"),
        bent.good.replace(quote(signature, safe=""), quote(quote(signature, safe=""), safe="")),
        bent.good.replace("%26", "&"), bent.good.replace("%2Bc", "+c"), bent.good.replace("%2520", "%20"),
    ):
        assert form != bent.good
        assert bent.send(form) in {401, 430, 431}


def test_the_signature_is_taken_letter_by_letter(bent: Bent) -> None:
    *rest, (_, signature) = sorted(bent.pairs, key=lambda pair: pair[0] == "signature")
    for changed in (signature.swapcase(), signature.lower(), signature.rstrip("="), f"{signature}=", f" {signature}",
                    signature.replace("=", "\u003d\u200b"), signature[::-1], "", "\u00e9", "=" * 28):
        assert bent.send(urlencode([*rest, ("signature", changed)])) == 401
    assert bent.send(urlencode([*rest, ("SIGNATURE", signature)])) == 200


@FUZZ
@given(st.data())
def test_no_value_can_be_exchanged(bent: Bent, data: st.DataObject) -> None:
    """But for the case of its letters, which the protocol does not sign."""
    index = data.draw(st.integers(0, len(bent.pairs) - 1))
    name, value = bent.pairs[index]
    other = data.draw(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30))
    pairs = [*bent.pairs[:index], (name, other), *bent.pairs[index + 1:]]
    got = bent.client.http.post("/client/api", data=urlencode(pairs), content_type=FORM)
    same = other == value if name in {"signature", "apikey"} else other.lower() == value.lower()
    assert same or got.status_code in {401, 430, 431, 432}
