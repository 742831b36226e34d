"""Who owns things: domains (a tree), accounts, users."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Entity, LongText

ROOT_DOMAIN = "ROOT"
SYSTEM = "system"
"""Account and user on whose behalf the service itself acts. Nobody else may have the name."""
ADMIN = "admin"
"""The first root administrator's account in ROOT and its user, which are always there and never disabled."""


class Domain(Entity):
    """A node of the tenancy tree. ``path`` is '/' for ROOT, '/a/b/' below, so a subtree is a prefix."""

    __tablename__ = "domain"

    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id"), index=True)
    path: Mapped[str] = mapped_column(String(512), index=True)
    network_domain: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(16), default="Active")  # Inactive: a job is removing it


PROJECT_TYPE = 5
"""The type of accounts that stand for projects: they own what a project has and have no users."""


class Account(Entity):
    """What owns resources and is billed for them; its type and role decide what its users may call.

    ``state`` is enabled, disabled or locked: only users of enabled accounts may do anything. ``cleanup`` is true from
    the moment its deletion was asked for until nothing of what it owned is left.
    """

    __tablename__ = "account"

    name: Mapped[str]
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"))
    type: Mapped[int]  # RoleType of commands/frame/caller.py, as the API numbers account types; or PROJECT_TYPE
    role_id: Mapped[int | None] = mapped_column(ForeignKey("role.id"))  # none: the built-in role of its type
    state: Mapped[str] = mapped_column(String(16), default="enabled")
    cleanup: Mapped[bool] = mapped_column(default=False, server_default="0")
    network_domain: Mapped[str | None]
    default_zone_id: Mapped[int | None] = mapped_column(ForeignKey("zone.id"))
    details: Mapped[dict[str, Any] | None]

    __table_args__ = (
        Index("ix_account_domain_name", "domain_id", "name"),
        Index("ix_account_list", "removed", "id", "type", "domain_id", "name"),
    )


class User(Entity):
    """A person or program of an account.

    The secret key is kept encrypted, the password as a hash (stratoform/secrets.py). ``source`` says who checks the
    password: ``native`` this cloud, ``ldap`` a directory.
    """

    __tablename__ = "user"

    name: Mapped[str] = mapped_column(index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    first_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(String(16), default="enabled")
    api_key: Mapped[str | None] = mapped_column(String(128), unique=True)
    secret_key: Mapped[str | None] = mapped_column(LongText)
    password: Mapped[str | None] = mapped_column(LongText)
    timezone: Mapped[str | None] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(16), default="native", server_default="native")
    failed_logins: Mapped[int] = mapped_column(default=0, server_default="0")  # in a row


class Owner(NamedTuple):
    """Row ids of who acts."""

    user_id: int
    account_id: int
    domain_id: int


def system(session: Session) -> Owner:
    """The service itself as an actor: made by model/bootstrap.py, never removed."""
    row = session.execute(
        select(User.id, Account.id, Account.domain_id).join(Account, Account.id == User.account_id)
        .join(Domain, Domain.id == Account.domain_id)
        .where(User.name == SYSTEM, Account.name == SYSTEM, Domain.path == "/")
    ).one()
    return Owner(*row)
