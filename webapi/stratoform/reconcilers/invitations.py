"""Invitations to projects that nobody answered in time are over."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.model.base import now
from stratoform.model.projects import ProjectInvitation


class Invitations:
    """The reconciler of invitations; commands look at the time themselves, this keeps the state shown true."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def expire(self) -> str:
        """Marks the invitations whose time is over."""
        over = (ProjectInvitation.state == "Pending") & (ProjectInvitation.expires <= now())
        with self.db.read() as session:
            if session.scalar(select(ProjectInvitation.id).where(over).limit(1)) is None:
                return ""

        def work(session: Session) -> int:
            done = session.execute(update(ProjectInvitation).where(over).values(state="Expired"))
            return cast("CursorResult[Any]", done).rowcount

        return f"{self.db.write(work)} invitations expired"
