"""Who may call what: built-in roles by the commands' own declarations, made ones by their rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from sqlalchemy import select

from stratoform.db.database import Database
from stratoform.model.roles import Role, RolePermission

from .base import REGISTRY, Command
from .caller import Caller

Rule = tuple[str, bool]
"""A pattern and whether it allows."""

_LETTERS = str.maketrans({"?": "[?]", "[": "[[]"})
"""What else stands for other letters in a file's pattern, but not here."""


def decide(rules: Iterable[Rule], command: str) -> bool:
    """Whether rules, in their order, allow a command: the first that matches decides, none denies.

    A rule is a command's name or a pattern with ``*``, compared without regard to case (CloudStack API,
    createRolePermission).
    """
    name = command.lower()
    return next((allow for pattern, allow in rules if fnmatchcase(name, pattern.lower().translate(_LETTERS))), False)


class Permissions:
    """Answers for callers which commands are theirs; keeps the rules of made roles while they do not change."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._commands = lru_cache(maxsize=1024)(self._permitted)

    def allow(self, caller: Caller, command: type[Command]) -> bool:
        """Whether the caller may call the command."""
        if caller.custom_role is None:
            return caller.role in command.roles
        return command.name in self._commands(*caller.custom_role)

    def commands(self, caller: Caller) -> frozenset[str]:
        """The names of every command the caller may call."""
        if caller.custom_role is None:
            return frozenset(name for name, command in REGISTRY.items() if caller.role in command.roles)
        return self._commands(*caller.custom_role)

    def _permitted(self, role: int, version: int) -> frozenset[str]:  # noqa: ARG002 - another version, another answer
        rules = self._rules(role)
        return frozenset(name for name in REGISTRY if decide(rules, name))

    def _rules(self, role: int) -> Sequence[Rule]:
        query = (
            select(RolePermission.rule, RolePermission.allow)
            .join(Role, Role.id == RolePermission.role_id)
            .where(Role.id == role, Role.state == "enabled", RolePermission.removed.is_(None))
            .order_by(RolePermission.position)
        )
        with self.db.read() as session:
            return [(rule, allow) for rule, allow in session.execute(query)]
