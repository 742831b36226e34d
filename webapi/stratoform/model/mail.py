"""The outbox: messages that are to be sent, and how that went (stratoform/mail.py says how they travel)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratoform.secrets import Vault

from .base import Entity, LongText, now
from .states import State, StateTable

ATTEMPTS = 12
"""How often a message is tried before it is given up: the last time some 17 hours after the first."""
FIRST_REST = timedelta(seconds=30)
"""Rest after the first failure; each further one doubles it."""

MAIL_STATES = StateTable(
    {
        "Waiting": State("It is to be sent, not before ``not_before``."),
        "Sent": State("The mail server took it."),
        "Failed": State("It was tried too often; ``error`` says why. It is not tried again."),
    },
    {"send": (("Waiting",), "Sent"), "give up": (("Waiting",), "Failed")},
)


class OutgoingMail(Entity):
    """A message for the mail server of its purpose. Its text may hold secrets, so it is kept encrypted."""

    __tablename__ = "outgoing_mail"

    purpose: Mapped[str] = mapped_column(String(16))
    recipients: Mapped[list[str]]
    subject: Mapped[str]
    text: Mapped[str] = mapped_column(LongText)
    event: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int]  # whose event it is when it fails for good; that account may be gone by then
    state: Mapped[str] = mapped_column(String(16), default="Waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(default=now)
    error: Mapped[str | None] = mapped_column(String(1024))

    __table_args__ = (Index("ix_outgoing_mail_due", "state", "not_before"),)


@dataclass(frozen=True)
class Letter:
    """A message to be.

    Attributes:
        purpose: whose server takes it: what its settings begin with (``project``, ``alert``).
        recipients: their addresses.
        subject: one line, at most 255 characters.
        text: what is to be read; may hold secrets.
        event: the type of the event that tells of its failure.
        account_id: whose event that is.
    """

    purpose: str
    recipients: Sequence[str]
    subject: str
    text: str
    event: str
    account_id: int


def post(session: Session, vault: Vault, letter: Letter) -> OutgoingMail:
    """Puts a message into the outbox; it is sent if the session's transaction is committed."""
    row = OutgoingMail(
        purpose=letter.purpose, recipients=list(letter.recipients), subject=letter.subject[:255],
        text=vault.seal(letter.text), event=letter.event, account_id=letter.account_id,
    )
    session.add(row)
    return row


def postpone(session: Session, row: OutgoingMail, why: str) -> bool:
    """Notes a failure and when the message is tried again; returns False when it is given up."""
    values: dict[str, Any] = {"error": why[:1024], "attempts": row.attempts + 1}
    if values["attempts"] >= ATTEMPTS:
        MAIL_STATES.move(session, row, "give up", **values)
        return False
    row.error, row.attempts = values["error"], values["attempts"]
    row.not_before = now() + FIRST_REST * 2 ** (row.attempts - 1)
    return True
