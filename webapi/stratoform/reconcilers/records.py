"""Records: what nobody can see any more, or what is older than the settings say, is deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from stratoform.db.database import Database
from stratoform.model.alerts import Alert
from stratoform.model.base import now
from stratoform.model.kinds import living
from stratoform.model.records import Event
from stratoform.model.settings import Settings
from stratoform.model.tags import ResourceTag

BATCH = 1000
"""Rows of one transaction, so that nobody waits long for it."""


class Records:
    """The reconcilers of tags, events and alerts; each method is one's work."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db = db
        self.settings = settings

    def gone_tags(self) -> str:
        """Deletes the tags of objects that are gone. Lists do not show them any more."""
        deleted = self._sweep(ResourceTag, ~living())
        return f"{deleted} tags of objects that are gone deleted" if deleted else ""

    def old_events(self) -> str:
        """Deletes events older than setting event.purge.delay; archived ones, too."""
        return self._old(Event, "event.purge.delay", "events")

    def old_alerts(self) -> str:
        """Deletes alerts older than setting alert.purge.delay."""
        return self._old(Alert, "alert.purge.delay", "alerts")

    def _old(self, table: type[Any], setting: str, noun: str) -> str:
        with self.db.read() as session:
            days = self.settings.whole(session, setting)
        if days == 0:
            return ""
        deleted = self._sweep(table, table.created < now() - timedelta(days=days))
        return f"{deleted} {noun} older than {days} days deleted" if deleted else ""

    def _sweep(self, table: type[Any], which: ColumnElement[bool]) -> int:
        """Deletes rows a batch at a time until none is left; looks before it writes."""
        deleted = 0
        while True:
            with self.db.read() as session:
                ids = list(session.scalars(select(table.id).where(which).limit(BATCH)))
            if not ids:
                return deleted
            self.db.write(lambda s, ids=ids: s.execute(delete(table).where(table.id.in_(ids))))  # type: ignore[misc]
            deleted += len(ids)
