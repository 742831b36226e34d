"""Who is calling: from an API key, or from a user's row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, exists, select
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.model.projects import Project, ProjectMember
from stratoform.model.roles import Role
from stratoform.model.tenancy import Account, Domain, User
from stratoform.secrets import Vault

from .caller import Caller, Credential, RoleType

_WHO = (
    select(User.id, User.secret_key, Account.id, Account.type, Domain.id, Domain.path, Role.id, Role.version,
           Role.is_default, exists().where(ProjectMember.account_id == Account.id).label("in_projects"))
    .join(Account, Account.id == User.account_id).join(Domain, Domain.id == Account.domain_id)
    .outerjoin(Role, Role.id == Account.role_id)
)
_BY_KEY = _WHO.where(  # built once: it runs with every request
    User.api_key == bindparam("key"), User.removed.is_(None), User.state == "enabled", Account.state == "enabled",
)
_BY_ID = _WHO.where(User.id == bindparam("id"))


def caller_of(session: Session, user_id: int) -> Caller:
    """The caller a user is, as its account is now, whatever their states.

    Raises:
        sqlalchemy.exc.NoResultFound: there is no such user.
    """
    return _caller(session, session.execute(_BY_ID, {"id": user_id}).one())


def _caller(session: Session, row: Row[*tuple[Any, ...]]) -> Caller:
    user, _, account, kind, domain, path, role, version, built_in, in_projects = tuple(row)
    projects: tuple[int, ...] = ()
    if in_projects:
        projects = tuple(session.scalars(
            select(Project.account_id).join(ProjectMember, ProjectMember.project_id == Project.id)
            .where(ProjectMember.account_id == account, Project.removed.is_(None)).order_by(Project.account_id)))
    custom = (role, version) if role is not None and not built_in else None
    return Caller(user, account, domain, path, RoleType(kind), custom, projects)


class Directory:
    """Looks up who an API key belongs to (wire/signature.Directory)."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self.db = db
        self.vault = vault

    def by_api_key(self, key: str) -> Credential | None:
        """The credential of an enabled user of an enabled account; None for every other key."""
        with self.db.read() as session:
            row = session.execute(_BY_KEY, {"key": key}).first()
            if row is None or not row[1]:
                return None
            return Credential(self.vault.open(row[1]), _caller(session, row))
