"""The rules of roles: how they are written, and what they come to."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.commands.frame.base import REGISTRY
from stratoform.commands.frame.caller import RoleType
from stratoform.commands.frame.context import Context
from stratoform.commands.frame.params import Text, refuse, shown
from stratoform.commands.frame.permissions import decide
from stratoform.model.roles import ROLE_TYPES, Role, RolePermission

from .tenancy import demand_not_above

Grant = tuple[str, bool, str | None]
"""A rule: the command's name or pattern, whether it allows, what it is for."""

PERMISSIONS: Final = {"allow": True, "deny": False}


class RuleText(Text):
    """A command's name, or a pattern with ``*``."""

    def read(self, text: str) -> str:
        """See Param.read."""
        if not re.fullmatch(r"[A-Za-z*][A-Za-z0-9*]*", text):
            raise refuse(self.name, f"{shown(text)} is neither a command's name nor a pattern like list*")
        return text


def given_rule(parameter: str, entry: Mapping[str, str]) -> Grant:
    """A rule as a map says it.

    Raises:
        ApiError: it has no rule, or its permission is neither allow nor deny.
    """
    permission = PERMISSIONS.get(entry.get("permission", "").lower())
    if permission is None:
        raise refuse(parameter, f"the permission of {shown(entry.get('rule', ''))} is neither allow nor deny")
    reader = RuleText("A rule.")
    reader.name = parameter
    return reader.read(entry.get("rule", "")), permission, entry.get("description") or None


def derived(session: Session, role: Role) -> Sequence[Grant]:
    """A role's rules in their order; of a built-in one, those that say what the commands declare."""
    if not role.is_default:
        return [(rule.rule, rule.allow, rule.description) for rule in rules_of(session, role)]
    kind = RoleType(ROLE_TYPES[role.type])
    if kind is RoleType.ADMIN:
        return [("*", True, None)]
    return [(name, True, None) for name, command in sorted(REGISTRY.items()) if kind in command.roles]


def derived_id(role: Role, rule: str) -> str:
    """The id of a rule that is in no table; always the same."""
    return str(uuid.uuid5(uuid.UUID(role.uuid), rule))


def rules_of(session: Session, role: Role) -> Sequence[RolePermission]:
    """The rows of a role's rules, in their order."""
    return session.scalars(
        select(RolePermission).where(RolePermission.role_id == role.id, RolePermission.removed.is_(None))
        .order_by(RolePermission.position, RolePermission.id)).all()


def demand_allowed(context: Context, role: Role) -> None:
    """Refuses rules that would allow what the caller itself may not call.

    Raises:
        ApiError: ACCOUNT, naming some of those commands.
    """
    rules = [(rule, allow) for rule, allow, _ in derived(context.session, role)]
    demand_not_above(context, "rule", frozenset(name for name in REGISTRY if decide(rules, name)))
