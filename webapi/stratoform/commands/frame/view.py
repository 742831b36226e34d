"""Views: the fields of a response, where each comes from, and who sees it.

A list is one query with joins for the page, one for the count and one for each nested field, whatever the number of
rows; rows become dictionaries without ORM objects in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from stratoform.jobs.tables import FAILED, QUEUED, RUNNING, SUCCEEDED, UNDOING, Job
from stratoform.model.base import Entity

from .caller import Caller

JOB_STATUS = {SUCCEEDED: 1, FAILED: 2, "stuck": 2}
"""Job states as the API numbers them; all others are 0, in progress."""

Loader = Callable[[Session, Caller, Sequence[int]], Mapping[int, Any]]
"""Nested values for the rows of one page: row ids in, row id to value out, in a fixed number of queries."""


@dataclass(frozen=True)
class Field:
    """One field of a response.

    Attributes:
        name, type, doc: as listApis shows them.
        source: column expressions it is made of; empty: this cloud never sets it (or ``load`` does).
        make: called with the columns' values; default: the first value itself.
        load: fills it for a whole page at once.
        nested: the view its value consists of.
        admin: only root administrators see it.
    """

    name: str
    type: str
    doc: str
    source: tuple[Any, ...] = ()
    make: Callable[..., Any] | None = None
    load: Loader | None = None
    nested: View | None = None
    admin: bool = False
    since: str = ""


@dataclass(frozen=True)
class View:
    """A response class.

    Attributes:
        key: the object's key in an answer, e.g. ``zone``.
        entity: the table of the rows; None for answers that are no rows.
        fields: in the order answers have.
        joins: adds to ``select(...)`` what the columns need beyond the entity.
    """

    key: str
    entity: type[Entity] | None
    fields: tuple[Field, ...]
    joins: Callable[[Select[Any]], Select[Any]] = field(default=lambda query: query)

    def rows(
        self, session: Session, caller: Caller, query: Callable[[Select[Any]], Select[Any]],
    ) -> list[dict[str, Any]]:
        """The objects a query selects, as the caller may see them.

        Args:
            session: any session.
            caller: whose eyes they are for.
            query: adds conditions, order and limits to the select it is given.
        """
        assert self.entity is not None, self.key  # noqa: S101 - a view without rows is never listed
        fields = self.seen_by(caller)
        columns: list[Any] = [self.entity.id]
        makers = []
        for f in fields:
            if f.source:
                makers.append((f.name, f.make or _first, slice(len(columns), len(columns) + len(f.source))))
                columns.extend(f.source)
        statement = query(self.joins(select(*columns).select_from(self.entity)))
        found = session.execute(statement).all()
        if not found:
            return []
        ids = [row[0] for row in found]
        loaded = [(f.name, f.load(session, caller, ids)) for f in fields if f.load is not None]
        order = {f.name: None for f in fields if f.source or f.load}
        result = []
        for row in found:
            body: dict[str, Any] = dict(order)
            for name, make, span in makers:
                body[name] = make(*row[span])
            for name, values in loaded:
                body[name] = values.get(row[0])
            result.append(body)
        return result

    def one(self, session: Session, caller: Caller, row_id: int) -> dict[str, Any]:
        """One object by row id, as the caller may see it; {} when it is gone."""
        assert self.entity is not None, self.key  # noqa: S101 - see rows
        identity = self.entity.id
        return next(iter(self.rows(session, caller, lambda q: q.where(identity == row_id))), {})

    def count(self, session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
        """How many rows meet the conditions (on the entity and what ``joins`` adds)."""
        assert self.entity is not None, self.key  # noqa: S101 - see rows
        query = self.joins(select(func.count(self.entity.id)).select_from(self.entity)).where(*conditions)
        return session.scalar(query) or 0

    def seen_by(self, caller: Caller) -> list[Field]:
        """The fields this caller gets."""
        return [f for f in self.fields if caller.is_root or not f.admin]


def col(name: str, type_: str, doc: str, *source: Any, **more: Any) -> Field:
    """A field that comes from columns."""
    return Field(name, type_, doc, source, **more)


def unset(name: str, type_: str, doc: str, **more: Any) -> Field:
    """A field of the reference that this cloud has no value for (yet); declared so that clients find it."""
    return Field(name, type_, doc, **more)


def jobs_of(entity: type[Entity]) -> tuple[Field, Field]:
    """The two fields every object has: the unfinished job about it, if there is one."""
    def load(session: Session, _caller: Caller, ids: Sequence[int]) -> dict[int, str]:
        query = (
            select(entity.id, Job.uuid).join(Job, Job.subject_uuid == entity.uuid)
            .where(entity.id.in_(ids), Job.state.in_((QUEUED, RUNNING, UNDOING))).order_by(Job.id)
        )
        return dict(session.execute(query).all())

    return (
        Field("jobid", "string", "The unfinished job that is changing this object.", load=load),
        unset("jobstatus", "integer", "The state of that job."),
    )


def csv(values: Sequence[str] | None) -> str | None:
    """A list as the API writes it: joined by commas; None when empty."""
    return ",".join(values) if values else None


def _first(value: Any) -> Any:
    return value
