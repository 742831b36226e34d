"""Reference pages for people: one a command, an index by area with a search field; made from the declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from stratoform.commands.discovery import RELEASE, described
from stratoform.commands.frame.answer import Body
from stratoform.commands.frame.base import REGISTRY, STRANGERS, Command
from stratoform.commands.frame.params import Choice, Details, ListOf, Param, Records
from stratoform.commands.frame.tags import Tags
from stratoform.model.event_types import EVENT_TYPES
from stratoform.wire.roots import root_of

from .areas import areas

ASSETS: Final = ("style.css", "search.js")
"""Files beside the pages."""
_ROLES: Final = {"USER": "users", "DOMAIN_ADMIN": "domain administrators", "RESOURCE_ADMIN": "resource administrators",
                 "ADMIN": "root administrators"}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("stratoform.reference"), autoescape=select_autoescape(), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True)


def names() -> Iterator[str]:
    """The names of all files."""
    yield from ("index.html", *ASSETS)
    yield from (f"{command.name}.html" for commands in areas().values() for command in commands)


@cache
def page(name: str) -> str | None:
    """The text of one file; None when there is no such file."""
    if name in ASSETS:
        return _templates().get_template(name).render()
    if name == "index.html":
        return _templates().get_template("index.html").render(areas=areas(), release=RELEASE)
    command = next((c for commands in areas().values() for c in commands if f"{c.name}.html" == name), None)
    return None if command is None else _command(command)


def write(folder: Path) -> int:
    """Writes all files into a folder, which is made; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    files = list(names())
    for name in files:
        (folder / name).write_text(page(name) or "", encoding="utf-8")
    return len(files)


def _command(command: type[Command]) -> str:
    known = {**described(frozenset(REGISTRY), root=True), **_strangers()}
    body = known[command.name]
    admin = {name for name, param in command.params.items() if param.admin}
    return _templates().get_template("command.html").render(
        command=body, area=next(title for title, commands in areas().items() if command in commands),
        roles=", ".join(words for role, words in _ROLES.items() if role in {r.name for r in command.roles}),
        event=command.event, event_says=EVENT_TYPES.get(command.event, ""), admin_only=admin,
        words={name: _words(param) for name, param in command.params.items()}, answers=list(_rows(body["response"])),
        key=command.view.key if command.view else "success", creates=command.is_async, is_list=command.is_list,
        root=root_of(command.name), example=_example(command), stranger=command.name in STRANGERS,
        related=[other for other in (body["related"] or "").split(",") if other], release=RELEASE)


@cache
def _strangers() -> Mapping[str, Body]:
    """The commands listApis leaves out, described in the same way."""
    return {command.name: {
        "name": command.name, "description": command.description, "since": command.since or None,
        "isasync": False, "related": None,
        "params": [{"name": p.name, "description": p.doc, "type": p.wire_type, "length": p.length,
                    "required": p.demanded, "since": p.since or None} for p in command.params.values()],
        "response": [{"name": f.name, "description": f.doc, "type": f.type, "since": f.since or None, "response": None}
                     for f in (command.view.fields if command.view else ())],
    } for command in STRANGERS.values()}


def _rows(fields: Any, depth: int = 0) -> Iterator[tuple[int, Body]]:
    """The fields of an answer and, below each, those it consists of."""
    for field in fields:
        if field["name"] in {"jobid", "jobstatus"} and depth:
            continue
        yield depth, field
        yield from _rows(field["response"] or (), depth + 1)


def _words(param: Param[Any]) -> str:
    """The values a parameter takes, where they are a few words."""
    inner = param.item if isinstance(param, ListOf) else param
    return ", ".join(inner.words.values()) if isinstance(inner, Choice) and len(inner.words) < len(EVENT_TYPES) else ""


def _example(command: type[Command]) -> str:
    """A request with all that is demanded, unsigned."""
    given = [("command", command.name)]
    for param in command.params.values():
        if not param.demanded:
            continue
        if isinstance(param, Details | Records | Tags):
            fields = sorted(param.fields) if isinstance(param, Records) else ["key", "value"]
            given += [(f"{param.name}[0].{field}", "...") for field in fields]
        else:
            given.append((param.name, "..."))
    query = urlencode([*given, ("response", "json")], quote_via=quote, safe="[].")
    return f"/client/api?{query}" + ("" if command.name in STRANGERS else "&apikey=...&signature=...")
