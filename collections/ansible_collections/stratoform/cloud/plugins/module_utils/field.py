# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""One option of a module and everything there is to know of it: argument, API parameter, answer field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.stratoform.cloud.plugins.module_utils.planner import Named
from ansible_collections.stratoform.cloud.plugins.module_utils.reference import REFERENCES

SAME = "="  # the API spells it as the option, without underscores
CREATE, UPDATE, BOTH = "create", "update", "both"


@dataclass(frozen=True)
class Field:
    """An option of a module.

    Attributes:
        name: the option's name.
        api: the parameter of the create and update commands; None when no command takes it.
        shown: the answer's field, or a function of the answer; None when the API never shows it, so
            that it is used on creation and never compared.
        reference: the kind of object it names (a row of REFERENCES); its id goes to the API.
        key: part of what tells the object from its like.
        narrows: the list command's parameter it fills, so that lists stay short.
        immutable: an existing object cannot change it.
        on: the commands that take it: ``create``, ``update`` or ``both``.
        clean: brings declared and shown values into one form for comparison.
        pairs: the API takes this mapping as rows of ``key`` and ``value``.
        option: False for a field that only ``state`` sets.
    The rest is Ansible's argument spec.
    """

    name: str
    api: str | None = SAME
    shown: str | Callable[[Mapping[str, Any]], Any] | None = SAME
    reference: str | None = None
    key: bool = False
    narrows: str | None = None
    immutable: bool = False
    on: str = BOTH
    clean: Callable[[Any], Any] | None = None
    pairs: bool = False
    option: bool = True
    type: str = "str"
    elements: str | None = None
    options: Mapping[str, Any] | None = None
    choices: Sequence[str] | None = None
    required: bool = False
    default: Any = None
    no_log: bool | None = None
    aliases: Sequence[str] = ()

    @property
    def parameter(self) -> str | None:
        """The API's spelling."""
        if self.api != SAME:
            return self.api
        return REFERENCES[self.reference].parameter if self.reference else self.name.replace("_", "")

    @property
    def describes(self) -> bool:
        """Whether it is a fact of the object, not a word about the task (``forced``)."""
        return self.parameter is not None or self.shown is not None

    @property
    def argument(self) -> dict[str, Any]:
        """The option's argument spec."""
        names = ("elements", "options", "choices", "default", "no_log", "aliases")
        given = {name: getattr(self, name) for name in names}
        spec = {name: value for name, value in given.items() if value is not None and value != ()}
        return {"type": self.type, **spec, **({"required": True} if self.required else {})}

    def current(self, item: Mapping[str, Any]) -> Any:
        """The field's value in an answer, ready for comparison; None when the answer leaves it out."""
        if callable(self.shown):
            value = self.shown(item)
        elif self.reference and self.shown == SAME:
            row = REFERENCES[self.reference]
            value = Named(str(item.get(row.label) or ""), str(item[row.parameter])) if item.get(row.parameter) else None
        else:
            value = item.get(self.name.replace("_", "") if self.shown == SAME else self.shown)
        return None if value is None else self.tidy(value)

    def tidy(self, value: Any) -> Any:
        """A declared or shown value in the form in which both are compared."""
        if self.clean:
            return self.clean(value)
        if self.reference:
            return value
        return _TIDY.get(self.type, str)(value)


def _bool(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _list(value: Any) -> list[str]:
    """The API shows most lists as comma-separated text."""
    items = value.split(",") if isinstance(value, str) else value
    return sorted(str(item).strip() for item in items if str(item).strip())


def _dict(value: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(inner) for key, inner in value.items()}


_TIDY: Mapping[str, Callable[[Any], Any]] = {"bool": _bool, "int": int, "list": _list, "dict": _dict}


def bare_vlan(value: Any) -> str:
    """A VLAN as people write it: ``vlan://100`` is ``100``."""
    return str(value).rpartition("://")[2].lower()
