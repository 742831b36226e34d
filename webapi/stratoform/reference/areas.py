"""Commands by what they are about: the module they stand in."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache

from stratoform.commands.frame.base import REGISTRY, STRANGERS, Command


@cache
def areas() -> Mapping[str, Sequence[type[Command]]]:
    """Title to commands, both in alphabetical order. A module's title is what its docstring begins with."""
    found: dict[str, list[type[Command]]] = {}
    for command in (*REGISTRY.values(), *STRANGERS.values()):
        found.setdefault(_title(command), []).append(command)
    return {title: sorted(found[title], key=lambda command: command.name) for title in sorted(found)}


def _title(command: type[Command]) -> str:
    if command.name in STRANGERS:
        return "Logging in"
    first = (sys.modules[command.__module__].__doc__ or "").partition("\n")[0]
    return first.partition(":")[0].rstrip(".")
