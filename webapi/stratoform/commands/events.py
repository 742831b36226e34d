"""Events: what happened."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from stratoform.model.base import now
from stratoform.model.records import Event

from .frame.base import EVERYONE
from .frame.owned import OwnedList
from .frame.params import Choice, Int, Ref, Text, When, refuse
from .views.records import EVENT

LEVELS: Final = ("INFO", "WARN", "ERROR")


class Until(When):
    """The end of a time: a date alone means its last moment."""

    def read(self, text: str) -> datetime:
        """See Param.read."""
        moment = super().read(text)
        if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text.strip()):
            moment += timedelta(days=1) - timedelta(microseconds=1)
        return moment


class ListEvents(OwnedList, roles=EVERYONE, view=EVENT):
    """Lists events, newest first."""

    keyword_columns = (Event.type, Event.description, Event.level)

    id = Ref(Event, "Only this event.")
    duration = Int("With entrytime: only work under way for at least so many seconds.", least=0)
    enddate = Until("Only events until this date or time.")
    entrytime = Int("With duration: only work begun within so many seconds and not completed.", least=1)
    level = Choice("Only events of this level.", LEVELS)
    startdate = When("Only events from this date or time on.")
    type = Text("Only events of this type, e.g. VM.CREATE.")

    def check(self) -> None:
        """See Command.check."""
        if (self.duration is None) != (self.entrytime is None):
            missing, given = ("duration", "entrytime") if self.duration is None else ("entrytime", "duration")
            raise refuse(missing, f"it must be given together with {given}")
        if self.duration is not None and self.entrytime is not None and self.entrytime <= self.duration:
            raise refuse("entrytime", f"it must be more than the duration of {self.duration} seconds")
        if self.startdate is not None and self.enddate is not None and self.enddate < self.startdate:
            raise refuse("enddate", "it is before startdate")

    def order(self) -> tuple[Any, ...]:
        """See ListCommand.order."""
        return (Event.id.desc(),)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [
            Event.removed.is_(None), *self.owned_conditions(Event),
            *self.matching({"id": Event.id, "level": Event.level, "type": Event.type}),
        ]
        if self.startdate is not None:
            wanted.append(Event.created >= self.startdate)
        if self.enddate is not None:
            wanted.append(Event.created <= self.enddate)
        if self.duration is not None and self.entrytime is not None:
            wanted.extend(_unfinished(self.duration, self.entrytime))
        return wanted


def _unfinished(lasted: int, begun_within: int) -> list[ColumnElement[bool]]:
    """First events of work that has not completed, begun between so many seconds ago and so many."""
    end = aliased(Event)
    present = now()
    return [
        Event.state.in_(("Scheduled", "Started")), Event.start_uuid.is_(None),
        Event.created >= present - timedelta(seconds=begun_within),
        Event.created <= present - timedelta(seconds=lasted),
        ~exists().where(end.start_uuid == Event.uuid, end.state == "Completed"),
    ]
