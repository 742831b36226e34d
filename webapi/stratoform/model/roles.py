"""Roles: who may call which commands."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Entity

ROLE_TYPES: Mapping[str, int] = {"Admin": 1, "ResourceAdmin": 3, "DomainAdmin": 2, "User": 0}
"""A role's type and the account type that goes with it, most powerful first (CloudStack API, createRole)."""


class Role(Entity):
    """A named set of permissions; its ``type`` says what its bearers see (CloudStack API, roles).

    The four built-in ones have no permission rows: they permit what each command's class declares. ``version`` counts
    the changes of a role's rules, so that who keeps them in memory notices.
    """

    __tablename__ = "role"

    name: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column(String(16))
    description: Mapped[str | None]
    is_default: Mapped[bool] = mapped_column(default=False)
    is_public: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(16), default="enabled")
    version: Mapped[int] = mapped_column(default=0)


class RolePermission(Entity):
    """One rule of a role: a command's name or a pattern with ``*``; the first rule that matches decides."""

    __tablename__ = "role_permission"

    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"), index=True)
    rule: Mapped[str]
    allow: Mapped[bool]
    description: Mapped[str | None]
    position: Mapped[int]
