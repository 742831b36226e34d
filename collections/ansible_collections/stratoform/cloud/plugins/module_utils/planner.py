# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to be done so that an object becomes what was declared. Pure: no calls, no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.stratoform.cloud.plugins.module_utils.errors import ImmutableError

CREATE, UPDATE, DELETE = "create", "update", "delete"


@dataclass(frozen=True)
class Named:
    """An object of the cloud, said by name and told apart by id; ``id`` is empty while nothing has that name."""

    name: str
    id: str = ""

    def __str__(self) -> str:
        return self.name or self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and bool(self.id) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)


@dataclass(frozen=True)
class Plan:
    """One verb, or None when nothing is to be done; ``before`` and ``after`` hold the fields it is about."""

    verb: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changes(self) -> list[str]:
        """The fields whose value is to become another one."""
        return [name for name, value in self.after.items() if differs(self.before.get(name), value)]


def plan(current: Mapping[str, Any] | None, desired: Mapping[str, Any] | None, immutable: Collection[str] = ()) -> Plan:
    """Compare what is with what should be.

    Args:
        current: every field the cloud shows of the object, or None when there is no such object. A
            field that is not in it (secrets, user data) cannot be compared and is left alone.
        desired: the declared fields, or None when there should be no such object.
        immutable: fields an existing object cannot change.

    Raises:
        ImmutableError: the object would have to change one of those; the sentence names them all.
    """
    if desired is None:
        return Plan() if current is None else Plan(DELETE, before=dict(current))
    if current is None:
        return Plan(CREATE, after=dict(desired))
    before = {name: current[name] for name in desired if name in current}
    after = {name: desired[name] for name in before}
    proposal = Plan(UPDATE, before, after)
    stuck = [name for name in proposal.changes if name in immutable]
    if stuck:
        raise ImmutableError(", ".join(_refusal(name, before[name], after[name]) for name in stuck))
    return proposal if proposal.changes else Plan(None, before, after)


def differs(current: Any, desired: Any) -> bool:
    """Whether a field would change.

    The API leaves unset fields out of its answers, so every kind of empty equals every other. Lists
    have no order. Of a mapping only the declared keys count: the cloud adds its own.
    """
    if not current and not desired:
        return False
    if isinstance(desired, Mapping):
        known = current if isinstance(current, Mapping) else {}
        return any(key not in known or differs(known[key], value) for key, value in desired.items())
    if isinstance(desired, (list, tuple, set, frozenset)):
        present = current if isinstance(current, (list, tuple, set, frozenset)) else ()
        return len(present) != len(desired) or any(value not in present for value in desired)
    return bool(current != desired)


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as a diff prints them: references by name, empty ones left out."""
    return {name: _plain(value) for name, value in sorted(values.items()) if value not in (None, "", [], {})}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return sorted(str(inner) for inner in value)
    return str(value) if isinstance(value, Named) else value


def _refusal(name: str, before: Any, after: Any) -> str:
    return f"{name} cannot be changed from {_plain(before)!r} to {_plain(after)!r}"
