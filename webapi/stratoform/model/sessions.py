"""Who is logged in: sessions, and the signed logins that were used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Base, Key, now


class UserSession(Base):
    """A user's session. Its tokens are with the client alone; here are their hashes (stratoform/secrets.py).

    ``mark`` is the hash of what was kept of the user's password at login: another password ends the session.
    """

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64))
    mark: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created: Mapped[datetime] = mapped_column(default=now)
    seconds: Mapped[int]  # how long it lives without a call
    expires: Mapped[datetime] = mapped_column(index=True)


class SignedLogin(Base):
    """A single sign-on that was used, kept for as long as its time stamp would be taken: none works twice."""

    __tablename__ = "signed_login"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires: Mapped[datetime] = mapped_column(index=True)


def end_sessions(session: Session, users: Sequence[int]) -> None:
    """Ends every session of these users (row ids): they were disabled, locked or deleted, or have a new password."""
    session.execute(delete(UserSession).where(UserSession.user_id.in_(users)))
