"""API keys to callers."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from stratoform.db.database import Database
from stratoform.model.tenancy import Account, Domain, User
from stratoform.secrets import Vault

from .caller import Caller, Credential, RoleType

_BY_KEY = (  # built once: it runs with every request
    select(User.id, User.secret_key, Account.id, Account.type, Domain.id, Domain.path)
    .join(Account, Account.id == User.account_id).join(Domain, Domain.id == Account.domain_id)
    .where(User.api_key == bindparam("key"), User.removed.is_(None), User.state == "enabled",
           Account.state == "enabled")
)


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
        caller = Caller(row[0], row[2], row[4], row[5], RoleType(row[3]))
        return Credential(self.vault.open(row[1]), caller)
