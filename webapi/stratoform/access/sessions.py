"""Sessions: begun by a login, carried by a cookie and a key, ended by logout, time or a change of the user."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from stratoform.commands.frame.answer import Plain
from stratoform.commands.frame.caller import Caller
from stratoform.commands.frame.directory import caller_of
from stratoform.commands.frame.dispatch import record
from stratoform.db.database import Database
from stratoform.errors import ApiError, Fault
from stratoform.model.base import now
from stratoform.model.sessions import SignedLogin, UserSession
from stratoform.model.tenancy import Account, User
from stratoform.secrets import token_hash

from .declared import Logout
from .visit import Passage, Visit

ENABLED = "enabled"

_LOOK_UP = (  # built once: it runs with every call of a session
    select(UserSession.id, UserSession.key_hash, UserSession.mark, UserSession.seconds, UserSession.expires,
           UserSession.user_id, User.password,
           (User.state == ENABLED) & (Account.state == ENABLED) & User.removed.is_(None) & Account.removed.is_(None))
    .join(User, User.id == UserSession.user_id).join(Account, Account.id == User.account_id)
    .where(UserSession.token_hash == bindparam("token"))
)


@dataclass(frozen=True)
class Tokens:
    """What the client of a new session holds; nobody can tell it from what is in the database."""

    token: str
    key: str


class Sessions:
    """The sessions in the database: they survive a restart.

    Args:
        db: the database.
        clock: the time by which they end, aware.
    """

    def __init__(self, db: Database, clock: Callable[[], datetime] = now) -> None:
        self.db = db
        self.clock = clock

    def begin(self, session: Session, user: User, seconds: int) -> Tokens:
        """Begins a session with secrets of its own, in the transaction of the login.

        Args:
            session: of that transaction.
            user: who logged in.
            seconds: how long it lives without a call.
        """
        made = Tokens(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        present = self.clock()
        session.add(UserSession(
            token_hash=token_hash(made.token), key_hash=token_hash(made.key), mark=_mark(user.password),
            user_id=user.id, created=present, seconds=seconds, expires=present + timedelta(seconds=seconds),
        ))
        return made

    def caller(self, visit: Visit) -> Caller | None:
        """Who makes a session's call; None when there is no such session, its key is not shown, or it ended.

        Its time begins anew; that is written at most once in a tenth of its time, or a minute.
        """
        if not visit.token or not visit.key:
            return None
        with self.db.read() as session:
            row: Any = session.execute(_LOOK_UP, {"token": token_hash(visit.token)}).first()
            if row is None:
                return None
            own, key_hash, mark, seconds, expires, user, password, enabled = row
            if not compare_digest(key_hash, token_hash(visit.key)):
                return None
            left = (expires - self.clock()).total_seconds()
            alive = enabled and left > 0 and compare_digest(mark, _mark(password))
            caller = caller_of(session, user) if alive else None
        if not alive:
            self.db.write(lambda s: s.execute(delete(UserSession).where(UserSession.id == own)))
        elif left < seconds - min(60, seconds / 10):
            until = self.clock() + timedelta(seconds=seconds)
            self.db.write(lambda s: s.execute(update(UserSession).where(UserSession.id == own).values(expires=until)))
        return caller

    def logout(self, given: Mapping[str, Any], visit: Visit) -> Passage:
        """Ends the session of the visit.

        Raises:
            ApiError: UNAUTHENTICATED: there is no such session, or its key is not shown.
        """
        caller = self.caller(visit)
        if caller is None:
            raise ApiError(Fault.UNAUTHENTICATED, "there is no such session, or it ended already")
        Logout.parse(given, caller)

        def work(session: Session) -> None:
            session.execute(delete(UserSession).where(UserSession.token_hash == token_hash(visit.token)))
            record(session, caller, "USER.LOGOUT", "user has logged out", None)

        self.db.write(work)
        return Passage(Plain({"description": "success"}))

    def forget(self) -> str:
        """Deletes what is over, at most a thousand of each; a reconciler."""
        present = self.clock()

        def work(session: Session) -> int:
            old = session.scalars(select(UserSession.id).where(UserSession.expires < present).limit(1000)).all()
            session.execute(delete(UserSession).where(UserSession.id.in_(old)))
            used = session.scalars(select(SignedLogin.digest).where(SignedLogin.expires < present).limit(1000)).all()
            session.execute(delete(SignedLogin).where(SignedLogin.digest.in_(used)))
            return len(old)

        ended = self.db.write(work)
        return f"{ended} sessions ended" if ended else ""


def _mark(password: str | None) -> str:
    return token_hash(password or "")
