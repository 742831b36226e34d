"""Single sign-on: a portal that knows security.singlesignon.key signs the login of a user it trusts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.model.sessions import SignedLogin
from stratoform.model.settings import Settings
from stratoform.model.tenancy import Account, User
from stratoform.secrets import Vault, token_hash

from .visit import Visit

Outcome = tuple[int | None, str]
"""Row id of the user, or None and the cause for the log."""


class SingleSignOn:
    """Checks signed logins. Each works once, and only near the time it was signed.

    Args:
        db: the database.
        settings: security.singlesignon.key and security.singlesignon.tolerance.millis.
        vault: opens the key.
        clock: the time its time stamp is compared with, aware.
    """

    def __init__(self, db: Database, settings: Settings, vault: Vault, clock: Callable[[], datetime]) -> None:
        self.db = db
        self.settings = settings
        self.vault = vault
        self.clock = clock

    def __call__(self, username: str, domain: int | None, timestamp: int, signed: Visit) -> Outcome:
        """Whose login was signed.

        Args:
            username: exactly as the user is called.
            domain: row id of the domain; None: there is none such.
            timestamp: milliseconds since 1970 (UTC).
            signed: the request.
        """
        with self.db.read() as session:
            sealed = self.settings.text(session, "security.singlesignon.key")
            tolerance = self.settings.whole(session, "security.singlesignon.tolerance.millis")
        if not sealed:
            return None, "setting security.singlesignon.key is empty"
        if not signed.signed_with(self.vault.open(sealed)):
            return None, "the signature does not match"
        if abs(int(self.clock().timestamp() * 1000) - timestamp) > tolerance:
            return None, "its time stamp is too far from the present"
        return self.db.write(lambda session: self._once(session, username, domain, signed.signature, tolerance))

    def _once(
        self, session: Session, username: str, domain: int | None, signature: str, tolerance: int,
    ) -> Outcome:
        digest = token_hash(signature)
        if session.get(SignedLogin, digest) is not None:
            return None, "it was used already"
        # A time stamp may lie in the future by the tolerance, and be taken until the tolerance after it.
        until = self.clock() + timedelta(milliseconds=2 * tolerance, seconds=1)
        session.add(SignedLogin(digest=digest, expires=until))
        session.flush()
        # What is signed has lower case only: it says who is meant if nobody's name differs by case alone.
        users = session.execute(
            select(User.id, User.name).join(Account, Account.id == User.account_id)
            .where(func.lower(User.name) == func.lower(username), User.removed.is_(None),
                   Account.domain_id == domain, Account.removed.is_(None))
        ).all()
        if len(users) != 1 or users[0].name != username:
            return None, "no user has exactly this name, or several but for case"
        return users[0].id, ""
