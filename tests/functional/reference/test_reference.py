"""The API of this cloud is that of the reference, and it says so itself: listApis, OpenAPI document, pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from stratoform.app import load_commands
from stratoform.cli import main
from stratoform.commands.frame.base import REGISTRY, STRANGERS
from stratoform.reference.openapi import document
from stratoform.reference.pages import names, page, write
from stratoform.wire.roots import root_of
from tests.conftest import Service
from tests.functional.permissions.recipes import recipe
from tests.functional.permissions.world import World
from tests.support.client import Refused

load_commands()

LINES = [line.split("\t") for line in (Path(__file__).parent / "reference.tsv").read_text().splitlines()]
COMMANDS: Mapping[str, list[str]] = {name: rest for kind, name, *rest in LINES[2:] if kind == "command"}
CLASSES: Mapping[str, list[str]] = {name: rest[0].split() for kind, name, *rest in LINES[2:] if kind == "class"}

OTHERWISE: Mapping[tuple[str, str], str] = {
    ("createVirtualRouterElement", "param providertype"): "the reference calls a word an id",
    **{("configureSimulator", f"param {place}id"): "the reference asks for row numbers, which nobody sees"
       for place in ("zone", "pod", "cluster", "host")},
    ("resizeVolume", "demands id"): "there is nothing to resize without it",
    ("updateVolume", "demands id"): "there is nothing to change without it",
    ("listTrafficTypes", "class"): "the reference names the class of providers, and answers traffic types",
    ("listProjectAccounts", "class"): "the reference names the class of projects, and answers accounts of projects",
}
"""Where the reference's own table is not followed, and why."""


@pytest.fixture(scope="module")
def listed(lived_in: World) -> Mapping[str, Any]:
    """What listApis tells an administrator, by command."""
    return {api["name"]: api for api in lived_in.service.admin.items("listApis", listall=True)}


KNOWN = [name for name in sorted(REGISTRY) if name in COMMANDS]


@pytest.mark.parametrize("name", KNOWN)
def test_a_command_takes_what_the_reference_takes(listed: Mapping[str, Any], name: str) -> None:
    mode, root, _, params = COMMANDS[name]
    api = listed[name]
    assert (api["isasync"], root_of(name)) == (mode == "async", root)
    mine = {param["name"]: param for param in api["params"]}
    assert len(mine) == len(api["params"])
    for text in params.split():
        param, kind, demanded, since = re.fullmatch(r"(\w+):([a-z]+)(!?)(?:@([\d.]+))?", text).groups()
        assert param in mine, f"{name} does not take {param}"
        if (name, f"param {param}") not in OTHERWISE:
            assert mine[param]["type"] == kind, param
        if (name, f"demands {param}") not in OTHERWISE:
            assert demanded or not mine[param]["required"], f"{name} demands {param}, which clients leave out"
        assert not since or mine[param]["since"] == since, param


@pytest.mark.parametrize("name", KNOWN)
def test_a_command_answers_what_the_reference_answers(listed: Mapping[str, Any], name: str) -> None:
    if (name, "class") in OTHERWISE:
        return
    _, _, class_, _ = COMMANDS[name]
    assert list(_missing(class_, listed[name]["response"])) == []


def _missing(class_: str, fields: list[Any], path: str = "", depth: int = 0) -> Iterator[str]:
    have = {field["name"]: field for field in fields}
    for text in CLASSES.get(class_, []):
        name, kind, nested = re.fullmatch(r"(\w+):(\w+)(?:>(\w+))?", text).groups()
        if name not in have:
            yield f"{path}{name}"
        elif have[name]["type"] != kind:
            yield f"{path}{name} is {have[name]['type']}, not {kind}"
        elif nested in CLASSES and depth < 3:
            yield from _missing(nested, have[name].get("response") or [], f"{path}{name}.", depth + 1)


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_list_apis_is_complete(listed: Mapping[str, Any], name: str) -> None:
    """Programs that make clients read these without looking whether they are there."""
    api = listed[name]
    assert api["description"].endswith(".")
    assert {p["name"] for p in api["params"]} == set(REGISTRY[name].params)
    for param in api["params"]:
        assert {"name", "description", "type", "length", "required"} <= set(param)

    def walk(fields: list[Any]) -> None:
        assert len({field["name"] for field in fields}) == len(fields)
        for field in fields:
            assert {"name", "description", "type"} <= set(field)
            walk(field.get("response") or [])

    assert api["response"]
    walk(api["response"])


def test_the_openapi_document_is_valid_and_complete(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    served = service.admin.http.get("/client/openapi.json")
    assert served.headers["Content-Type"] == "application/json; charset=UTF-8"
    found = served.get_json()
    validate(found)
    assert found == json.loads(json.dumps(document()))
    operations = {path.rpartition("/")[2]: next(iter(methods.values())) for path, methods in found["paths"].items()}
    assert set(operations) == set(REGISTRY) | set(STRANGERS)
    for name, command in {**REGISTRY, **STRANGERS}.items():
        operation = operations[name]
        if command.is_list:
            given = {param["name"] for param in operation["parameters"]}
        else:
            form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
            given = set(form["properties"])
        assert {name.partition("[")[0] for name in given} == {"command", "response", *command.params}
    assert main(["openapi"]) == 0
    assert json.loads(capsys.readouterr().out) == found


def test_a_path_names_the_command_of_its_parameter(service: Service) -> None:
    http = service.admin.http
    assert http.get("/client/api/listZones?command=listZones&response=json").status_code == 401
    answer = http.get("/client/api/listZones?command=deleteZone&response=json")
    assert (answer.status_code, "must name the same command" in answer.get_data(as_text=True)) == (431, True)
    assert http.delete("/client/api/listZones").status_code == 405


def strict(schema: Any) -> Any:
    """The schema, in which objects have no fields but those declared."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: strict(part) for key, part in schema.items()}
    if "properties" in found and isinstance(found["properties"], dict):
        found.setdefault("additionalProperties", False)
    return found


STRICT = strict(json.loads(json.dumps(document())))
OPERATIONS = {path.rpartition("/")[2]: next(iter(methods.values())) for path, methods in STRICT["paths"].items()}


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_answers_are_as_the_document_says(world: World, name: str) -> None:
    """Every field that is answered is declared, with its type; for jobs, the object in their result."""
    admin = world.service.admin
    answer = {root_of(name): admin(name, **recipe(name, world.things["admin"]))}
    content = OPERATIONS[name]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(answer, {**content, "components": STRICT["components"]})
    command = REGISTRY[name]
    if command.is_async:
        (job,) = answer.values()
        try:
            result = {"result": admin.await_job(job["jobid"])}
        finally:
            world.restore()
        if command.view is not None and command.view.entity is not None:
            jsonschema.validate(result["result"], {**_schema_of(command.view.key, command),
                                                   "components": STRICT["components"]})
    world.restore()


def _schema_of(key: str, command: Any) -> dict[str, Any]:
    """The schema of what a command's job shows: that of a synchronous command with the same view."""
    for other in REGISTRY.values():
        if other.view is command.view and not other.is_async:
            content = OPERATIONS[other.name]["responses"]["200"]["content"]["application/json"]["schema"]
            inner = next(iter(content["properties"].values()))["properties"][key]
            return inner.get("items") or (inner["anyOf"][1] if "anyOf" in inner else inner)
    return {}


class Links(HTMLParser):
    """The targets of a page's links, and whether its tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets |= {value for name, value in attrs if name in {"href", "src"} and value}
        if tag not in {"meta", "link", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_command_has_a_page(tmp_path: Path, service: Service) -> None:
    assert write(tmp_path / "pages") == len(list(names()))
    files = {file.name for file in (tmp_path / "pages").iterdir()}
    assert {f"{name}.html" for name in {**REGISTRY, **STRANGERS}} | {"index.html", "style.css", "search.js"} == files
    for name in files:
        text = page(name) or ""
        if not name.endswith(".html"):
            continue
        links = Links()
        links.feed(text)
        assert links.open == []
        assert {link for link in links.targets if link != "../openapi.json"} <= files, name
        command = {**REGISTRY, **STRANGERS}.get(name.removesuffix(".html"))
        for param in command.params.values() if command else ():
            assert f"<code>{param.name}</code>" in text
    http = service.admin.http
    for path, status in (("", 308), ("/", 200), ("/listZones.html", 200), ("/nothing.html", 404),
                         ("/..%2f..%2fpages.py", 404), ("/layout.html", 404)):
        assert http.get(f"/client/docs{path}").status_code == status, path
    assert http.get("/client/docs/").headers["Content-Security-Policy"] == "default-src 'self'"
    with pytest.raises(Refused):
        service.user("ann")("listHosts")  # what the pages tell is known to all, not what there is
