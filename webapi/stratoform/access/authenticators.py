"""Who can tell whose password this is. The composition root lists them in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.model.sessions import UserSession
from stratoform.model.tenancy import Account, User
from stratoform.secrets import hash_password, outdated, token_hash, verify_password

NATIVE = "native"
"""User.source of those whose password this cloud keeps."""


class Authenticator(Protocol):
    """One way to check passwords. Asked outside of any transaction, so it may speak to other machines."""

    def __call__(self, username: str, password: str, domain: int | None, request: Mapping[str, object]) -> int | None:
        """Row id of the user whose password this is; None: it is not, or there is no such user here.

        It raises nothing, and takes as long for users there are as for others, as far as that is in its hands.

        Args:
            username: as it was typed.
            password: as it was typed, not empty.
            domain: row id of the domain; None: there is no such domain, and the answer is None after the same work.
            request: every parameter of the login.
        """


def named(session: Session, username: str, domain: int | None) -> User | None:
    """The live user of that name in a domain."""
    return session.scalar(
        select(User).join(Account, Account.id == User.account_id)
        .where(User.name == username, User.removed.is_(None), Account.domain_id == domain, Account.removed.is_(None))
    )


class NativePasswords:
    """Checks passwords whose hash is in the database."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def __call__(self, username: str, password: str, domain: int | None, request: Mapping[str, object]) -> int | None:  # noqa: ARG002 - the port's
        """See Authenticator."""
        with self.db.read() as session:
            user = named(session, username, domain)
        kept = user.password if user is not None and user.source == NATIVE else None
        if not verify_password(kept, password) or user is None or kept is None:
            return None
        if outdated(kept):
            self._renew(user.id, kept, hash_password(password))
        return user.id

    def _renew(self, user: int, old: str, new: str) -> None:
        """Keeps a hash of today's strength; the password is the same, so sessions live on."""
        def work(session: Session) -> None:
            session.execute(update(User).where(User.id == user, User.password == old).values(password=new))
            session.execute(update(UserSession).where(UserSession.user_id == user, UserSession.mark == token_hash(old))
                            .values(mark=token_hash(new)))

        self.db.write(work)
