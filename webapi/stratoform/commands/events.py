"""Events: what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, or_, update
from sqlalchemy.orm import aliased

from stratoform.model.base import now
from stratoform.model.event_types import EVENT_TYPES
from stratoform.model.records import Event

from .frame.answer import Answer, Many
from .frame.base import EVERYONE, Command
from .frame.kinds import tables_called
from .frame.owned import OwnedList
from .frame.params import Bool, Choice, Int, ListOf, Ref, Text, When, refuse
from .frame.scope import visible
from .rules.periods import Chosen, Until
from .views.records import EVENT, EVENT_TYPE

LEVELS: Final = ("INFO", "WARN", "ERROR")


STATES: Final = ("Scheduled", "Started", "Completed")


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
    startid = Ref(Event, "Only this event and those that followed from it.")
    resourceid = Text("With resourcetype: only events that speak of this object.", since="4.17.0")
    resourcetype = Text("Only events that speak of this kind of object, e.g. VirtualMachine.", since="4.17.0")
    archived = Bool("True: archived events too.", since="4.19.0")
    state = Choice("Only events of this state.", STATES, since="4.21.0")

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
        there = or_(Event.removed.is_(None), Event.archived) if self.archived else Event.removed.is_(None)
        wanted = [there, *self.owned_conditions(Event), *self.matching({
            "id": Event.id, "level": Event.level, "type": Event.type, "state": Event.state,
            "resourceid": Event.subject_uuid,
        })]
        if self.startid is not None:
            wanted.append(or_(Event.uuid == self.startid.uuid, Event.start_uuid == self.startid.uuid))
        if self.resourcetype is not None:
            wanted.append(Event.subject_type.in_(tables_called(self.resourcetype)))
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


class ListEventTypes(Command, roles=EVERYONE, view=EVENT_TYPE):
    """Lists the types events have."""

    is_list = True

    def run(self) -> Answer:
        """See Command.run."""
        items = [{"name": name, "description": words} for name, words in EVENT_TYPES.items()]
        return Many(EVENT_TYPE.key, items, len(items))


class _Chosen(Chosen):
    """Events: the caller's own and those it administers."""

    entity = Event
    ids = ListOf(Ref(Event, "These events."))
    type = Choice("Events of this type.", EVENT_TYPES)

    def whose(self) -> list[ColumnElement[bool]]:
        """See Chosen.whose."""
        return list(visible(Event, self.caller))


class ArchiveEvents(_Chosen, roles=EVERYONE):
    """Puts events away: lists do not show them any more, unless asked for archived ones."""

    def run(self) -> None:
        """See Command.run."""
        there = update(Event).where(Event.removed.is_(None), *self.chosen())
        self.session.execute(there.values(archived=True, removed=now()))


class DeleteEvents(_Chosen, roles=EVERYONE):
    """Deletes events for good."""

    def run(self) -> None:
        """See Command.run."""
        self.session.execute(delete(Event).where(*self.chosen()))
