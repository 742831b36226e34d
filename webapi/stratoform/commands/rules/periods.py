"""Times from and until, and records chosen by them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ColumnElement

from stratoform.commands.frame.base import Command
from stratoform.commands.frame.params import When, refuse


class Until(When):
    """The end of a time: a date alone means its last moment."""

    def read(self, text: str) -> datetime:
        """See Param.read."""
        moment = super().read(text)
        if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text.strip()):
            moment += timedelta(days=1) - timedelta(microseconds=1)
        return moment


class Chosen(Command):
    """Events or alerts to put away or delete: by ids, by type, by time, or by all of these together.

    A command declares ``ids`` and ``type`` itself.
    """

    entity: ClassVar[Any]

    startdate = When("From this date or time on.")
    enddate = Until("Until this date or time.")

    def whose(self) -> list[ColumnElement[bool]]:
        """Conditions of the rows the caller may choose from."""
        return []

    def check(self) -> None:
        """See Command.check."""
        if not any(self.values.get(name) is not None for name in ("ids", "type", "startdate", "enddate")):
            raise refuse("ids", "one of ids, type, startdate and enddate must be given: it says which are meant")
        if self.startdate is not None and self.enddate is not None and self.enddate < self.startdate:
            raise refuse("enddate", "it is before startdate")

    def chosen(self) -> list[ColumnElement[bool]]:
        """The conditions of the rows meant."""
        wanted = self.whose()
        ids, kind = self.values.get("ids"), self.values.get("type")
        if ids is not None:
            wanted.append(self.entity.id.in_([row.id for row in ids]))
        if kind is not None:
            wanted.append(self.entity.type == kind)
        if self.startdate is not None:
            wanted.append(self.entity.created >= self.startdate)
        if self.enddate is not None:
            wanted.append(self.entity.created <= self.enddate)
        return wanted
