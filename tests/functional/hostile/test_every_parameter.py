"""Every parameter of every command gets what no decent client sends: a refusal that names it, and nothing happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from stratoform.app import load_commands
from stratoform.commands.alerts import AlertKind
from stratoform.commands.frame.base import REGISTRY
from stratoform.commands.frame.owned import AnyProject
from stratoform.commands.frame.params import (
    Bool,
    Cidr,
    Details,
    DomainName,
    HostName,
    Int,
    Ip4,
    Ip6,
    ListOf,
    Netmask,
    Param,
    Raw,
    Records,
    Text,
    When,
)
from stratoform.commands.frame.tags import Tags
from stratoform.commands.resource_limits import KindOfResource
from stratoform.commands.rules.addressing import Vlan, VlanRanges
from stratoform.commands.templates import ZoneOrAll
from stratoform.commands.traffic_types import Label
from tests.functional.hostile.asking import ask
from tests.functional.permissions.recipes import recipe
from tests.functional.permissions.world import World

load_commands()

WORDS: Mapping[str, str] = {
    "markup": "'; DROP TABLE vm; -- \"` <!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x a=\"1\">&e;]]></x>",
    "jinja": "{{ 7*7 }}{% raw %}{{ lookup('pipe', 'id') }}{# x",
    "shell": "-o$(reboot)`id`|rm -rf / & ; > ../../etc/passwd %s%n",
    "unicode": "\u202e\u05d0\u05d1\u05d2\u2066 \U0001f469\u200d\U0001f680\U0001f1e9\U0001f1ea, %_%",
    "negative": "-1",
    "huge": "9" * 40,
    "not a number": "NaN",
    "digits of others": "\u0663\u0664",
    "number": "1",
}
"""Texts: data wherever people may write what they like, and refused everywhere else."""
POISON: Mapping[str, str | bytes] = {
    "newline": "a\r\nX-Evil: 1",
    "nul": "a\0b",
    "surrogate": b"a\xed\xa0\x80b",
    "latin-1": b"\xe9t\xe9",
    "long": "x" * 100_000,
    "elements": ",".join(f"e{n}" for n in range(1000)),
}
"""No value of anything, but where ``tolerated`` says so."""
OF_KIND: Mapping[type, Mapping[str, str]] = {
    When: {"too early": "0001-01-01T00:00:00+14:00", "too late": "9999-12-31T23:59:59-14:00", "leap": "2026-02-30"},
    Ip4: {"octal": "010.1.1.1", "short": "10.1", "port": "10.1.1.1:22", "network": "10.1.1.1/24"},
    Ip6: {"injected": "fe80::1%$(reboot)\n{{ x }}", "interface": "fe80::1%eth0", "brackets": "[::1]"},
    Netmask: {"reversed": "0.0.0.255", "holes": "255.0.255.0", "length": "24"},
    Cidr: {"no length": "10.1.1.0/", "longer": "10.1.1.0/33", "reversed": "10.1.1.0/0.0.0.255"},
    Bool: {"yes": "yes", "zero": "0"},
    Int: {"fraction": "1.5", "signed": "+1", "underscore": "1_0", "power": "1e3"},
}
"""What is nearly right."""
NUMBERS = {"negative", "huge", "not a number", "digits of others", "number"}
INHERITED = {"keyword", "page", "pagesize", "listall", "isrecursive", "projectid"}
"""Declared once for all commands that have them; one command gets everything, the others the FEW."""
FEW = {"markup", "unicode", "nul", "long", "map", "negative"}
NAMES = {"number", "not a number", "huge"}
"""Odd, but names of things all the same."""


def inside(param: Param[Any]) -> Param[Any]:
    """The kind of the values: that of its elements for a list."""
    return param.item if isinstance(param, ListOf) else param


def tolerated(param: Param[Any]) -> set[str]:
    """Names of the values a parameter of this kind may take; other rules of its command may still refuse them."""
    kind = inside(param)
    elements = {"elements"} if kind is not param and isinstance(kind, Text) else set()
    if isinstance(kind, HostName | Label | DomainName):
        return NAMES | elements
    if isinstance(kind, Text):
        return {*WORDS, *elements}
    if isinstance(kind, Raw):
        return {*WORDS, "newline"}
    if isinstance(kind, Details | Tags):
        return {f"field {name}" for name in (*WORDS, "newline")}
    if isinstance(kind, ZoneOrAll | AnyProject):
        return {"negative"}
    below = {"negative"} if isinstance(kind, Int) and kind.least < 0 else set()
    return {"number", *below} if isinstance(kind, AlertKind | Int | KindOfResource | Vlan | VlanRanges) else set()


def values(param: Param[Any]) -> Iterator[tuple[str, dict[str, str | bytes]]]:
    """(name, parameters) of what is tried on one parameter."""
    name, kind = param.name, inside(param)
    near = next((found for of, found in OF_KIND.items() if isinstance(kind, of)), {})
    for label, value in {**WORDS, **POISON, **near}.items():
        yield label, {name: value}
    if isinstance(kind, Details | Records | Tags):
        for label, value in {**WORDS, **POISON}.items():
            yield f"field {label}", {f"{name}[0].key": value, f"{name}[0].value": value}
        return
    yield "map", {f"{name}[0].key": "k", f"{name}[0].value": "v"}
    yield "map and value", {name: "1", f"{name}[0].key": "k"}
    yield "no index", {f"{name}[].key": "k"}


def spared(command: str, param: Param[Any], label: str, allowed: set[str]) -> bool:
    """True for what would only be tried again: time is short."""
    kind = inside(param)
    if isinstance(kind, Text):
        if label in allowed & NUMBERS:  # a text like any other
            return True
    elif not isinstance(kind, Raw | Details | Records | Tags) and label in {"jinja", "shell"}:  # no better than markup
        return True
    return param.name in INHERITED and command != "listVirtualMachines" and label not in FEW


@pytest.mark.parametrize("command", sorted(REGISTRY))
def test_what_is_not_allowed_is_refused_by_name(world: World, command: str) -> None:
    admin, good = world.service.admin, recipe(command, world.things["admin"])
    wrong = []
    for param in REGISTRY[command].params.values():
        allowed = tolerated(param)
        for number, (label, bad) in enumerate(values(param)):
            if spared(command, param, label, allowed):
                continue
            params = {**{k: v for k, v in good.items() if k != param.name}, **bad}
            answer = ask(admin, command, params, ("json", "xml")[number % 2])
            if answer.status == 200:
                if label not in allowed:
                    wrong.append((param.name, label, "was taken"))
                world.restore()
                continue
            if not 400 <= answer.status < 500 and answer.status != 536:
                wrong.append((param.name, label, f"{answer.status} {answer.text[:200]}"))
            elif param.name not in answer.text:
                wrong.append((param.name, label, f"is not named: {answer.status} {answer.text[:200]}"))
            if changes := world.changes():
                wrong.append((param.name, label, f"changed {changes}"))
                world.restore()
    assert not wrong, "\n".join(map(str, wrong))
