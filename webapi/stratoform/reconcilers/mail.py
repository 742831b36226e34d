"""Mail: what waits in the outbox and is due gets a job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.model.base import now
from stratoform.model.mail import OutgoingMail
from stratoform.sagas import mail_send

from .orders import order_once

BATCH = 100
KEPT = timedelta(days=7)
"""How long messages that were sent, or given up, are kept."""


class Outbox:
    """The reconciler of the outbox."""

    def __init__(self, db: Database, wake: Callable[[], None]) -> None:
        self.db = db
        self.wake = wake

    def send(self) -> str:
        """Orders the sending of every message that is due, and forgets those that ended long ago."""
        due = select(OutgoingMail).where(OutgoingMail.state == "Waiting", OutgoingMail.not_before <= now())
        over = OutgoingMail.state.in_(("Sent", "Failed")) & (OutgoingMail.created < now() - KEPT)
        with self.db.read() as session:
            work = session.scalar(due.limit(1)) is not None or session.scalar(
                select(OutgoingMail.id).where(over).limit(1)) is not None
        if not work:
            return ""

        def order(session: Session) -> int:
            session.execute(delete(OutgoingMail).where(over))
            rows = session.scalars(due.order_by(OutgoingMail.id).limit(BATCH))
            return sum(order_once(session, mail_send.order(row), row, "mail") for row in rows)

        ordered = self.db.write(order)
        self.wake()
        return f"{ordered} messages to send" if ordered else ""
