"""Views: the fields of a response, where each comes from, and who sees it.

A page is a query for its row ids, one for their columns, at most one for the count and one for each nested field,
whatever the number of rows. The first reads an index and joins only what its conditions speak of, so that deep pages
cost little more than the first one; the second is made once and always the same. Rows become dictionaries column by
column, without ORM objects in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, bindparam, func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import FromClause
from sqlalchemy.sql.visitors import iterate

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
        make: called with the columns' values; default: the first value itself. What it gives is read only: rows may
            share it.
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
        plan = self._plan(caller)
        return plan.bodies(session, caller, fetch(session, query(plan.whole)))

    def page(
        self, session: Session, caller: Caller, conditions: Sequence[ColumnElement[bool]], order: Sequence[Any],
        window: tuple[int, int],
    ) -> tuple[list[dict[str, Any]], int]:
        """A page of the objects that meet the conditions, and how many there are in all.

        Args:
            session: any session.
            caller: whose eyes they are for.
            conditions: on the entity and what ``joins`` adds.
            order: unique.
            window: (rows, offset).
        """
        size, offset = window
        entity = self._entity
        joined = self.joins if self._reaches_out(conditions) else _alone
        if self._reaches_out(order):  # an entity may have several rows: its id does not tell which are wanted
            items = self.rows(session, caller, lambda q: q.where(*conditions).order_by(*order).limit(size)
                              .offset(offset))
            found = len(items)
        else:
            ids = joined(select(entity.id).select_from(entity)).where(*conditions).order_by(*order)
            wanted = [row[0] for row in fetch(session, ids.limit(size).offset(offset))]
            bodies = self.by_ids(session, caller, wanted)
            items = [bodies[id_] for id_ in wanted if id_ in bodies]
            found = len(wanted)
        if 0 < found < size or found == offset == 0:  # the last page: no other is behind it
            return items, offset + found
        total = joined(select(func.count(entity.id)).select_from(entity)).where(*conditions)
        return items, fetch(session, total)[0][0]

    def one(self, session: Session, caller: Caller, row_id: int) -> dict[str, Any]:
        """One object by row id, as the caller may see it; {} when it is gone."""
        return self.by_ids(session, caller, [row_id]).get(row_id, {})

    def by_ids(self, session: Session, caller: Caller, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Objects by row id; those that are gone are left out."""
        if not ids:
            return {}
        plan = self._plan(caller)
        found = fetch(session, plan.by_ids, {"ids": ids})
        return {row[0]: body for row, body in zip(found, plan.bodies(session, caller, found), strict=True)}

    def nested(self, parent: Any, query: Callable[[Select[Any]], Select[Any]]) -> Loader:
        """Loads a nested field: the objects of this view that belong to each row of a page, by a statement made once.

        Args:
            parent: the column that names the row.
            query: adds what brings that column in, conditions and order.
        """
        made: dict[_Plan, Select[Any]] = {}

        def load(session: Session, caller: Caller, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
            plan = self._plan(caller)
            if plan not in made:
                made[plan] = query(plan.whole.add_columns(parent)).where(
                    parent.in_(bindparam("ids", expanding=True)))
            rows = fetch(session, made[plan], {"ids": ids})
            found: dict[int, list[dict[str, Any]]] = {}
            for row, body in zip(rows, plan.bodies(session, caller, rows), strict=True):
                found.setdefault(row[-1], []).append(body)
            return found

        return load

    def seen_by(self, caller: Caller) -> list[Field]:
        """The fields this caller gets."""
        return [f for f in self.fields if caller.is_root or not f.admin]

    @property
    def _entity(self) -> type[Entity]:
        assert self.entity is not None, self.key  # noqa: S101 - a view without rows is never listed
        return self.entity

    @cached_property
    def _plans(self) -> dict[bool, _Plan]:
        return {}

    def _plan(self, caller: Caller) -> _Plan:
        plan = self._plans.get(caller.is_root)
        if plan is None:
            plan = self._plans[caller.is_root] = _Plan(self._entity, self.seen_by(caller), self.joins)
        return plan

    def _reaches_out(self, clauses: Sequence[Any]) -> bool:
        """Whether clauses of a query speak of what only ``joins`` brings in, themselves or in a subquery."""
        own = self._entity.__table__
        waiting = list(clauses)
        while waiting:
            part = waiting.pop()
            part = getattr(part, "expression", part)  # an attribute of a model
            if isinstance(part, Select):
                if any(self._borrows(inner) for inner in iterate(part) if isinstance(inner, Select)):
                    return True
            elif (table := getattr(part, "table", None)) is None:
                waiting.extend(part.get_children())
            elif table != own:
                return True
        return False

    def _borrows(self, subquery: Select[Any]) -> bool:
        """Whether a subquery takes rows from the query around it that ``joins`` brings in."""
        tables = subquery.get_final_froms()
        return len(tables) > 1 and not self._joined.isdisjoint(tables)  # one alone is its own

    @cached_property
    def _joined(self) -> frozenset[Any]:
        """The tables ``joins`` adds."""
        (whole,) = self.joins(select(self._entity.id).select_from(self._entity)).get_final_froms()
        return frozenset(part for part in iterate(whole) if isinstance(part, FromClause)) - {self._entity.__table__}


def _alone(query: Select[Any]) -> Select[Any]:
    return query


class _Plan:
    """How a view's rows are read for one kind of caller: statements that are made once, and where fields come from.

    Attributes:
        whole: selects the row id and every column of the fields.
        by_ids: the same for the row ids in the parameter ``ids``, in no order.
    """

    def __init__(
        self, entity: type[Entity], fields: Sequence[Field], joins: Callable[[Select[Any]], Select[Any]],
    ) -> None:
        columns: list[Any] = [entity.id]
        places = {id(entity.id): 0}  # by identity: columns compare to conditions
        self.fields: list[tuple[Field, list[int]]] = []
        for f in fields:
            if f.source or f.load:
                for column in f.source:
                    if places.setdefault(id(column), len(columns)) == len(columns):
                        columns.append(column)
                self.fields.append((f, [places[id(column)] for column in f.source]))
        self.whole = joins(select(*columns).select_from(entity))
        self.by_ids = self.whole.where(entity.id.in_(bindparam("ids", expanding=True)))

    def bodies(self, session: Session, caller: Caller, found: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows found as objects; what is None is left out."""
        if not found:
            return []
        columns = list(zip(*found, strict=True))
        ids = columns[0]
        names, series = [], []
        for f, places in self.fields:
            values: Sequence[Any]
            if f.load is not None:
                values = list(map(f.load(session, caller, ids).get, ids))
            elif f.make is None:
                values = columns[places[0]]
            else:
                values = list(map(f.make, *(columns[place] for place in places)))
            if values[0] is not None or values.count(None) < len(values):
                names.append(f.name)
                series.append(values)
        return [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in zip(*series, strict=True)
        ]


def fetch(session: Session, query: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
    """The rows of a query, without what the ORM would do to each of them; loaders of nested fields use it too."""
    if session.autoflush:
        session.flush()
    return session.connection().execute(query, values).all()


def col(name: str, type_: str, doc: str, *source: Any, **more: Any) -> Field:
    """A field that comes from columns."""
    return Field(name, type_, doc, source, **more)


def unset(name: str, type_: str, doc: str, **more: Any) -> Field:
    """A field of the reference that this cloud has no value for (yet); declared so that clients find it."""
    return Field(name, type_, doc, **more)


def jobs_of(entity: type[Entity]) -> tuple[Field, Field]:
    """The two fields every object has: the unfinished job about it, if there is one."""
    # Unfinished jobs are few, rows are many: found from the jobs' side, and no long list of ids is sent.
    query = (
        select(entity.id, Job.uuid).select_from(Job).join(entity, entity.uuid == Job.subject_uuid)
        .where(Job.state.in_((QUEUED, RUNNING, UNDOING)), entity.id.between(bindparam("low"), bindparam("high")))
        .order_by(Job.id)
    )

    def load(session: Session, _caller: Caller, ids: Sequence[int]) -> dict[int, str]:
        return {row[0]: row[1] for row in fetch(session, query, {"low": min(ids), "high": max(ids)})}

    return (
        Field("jobid", "string", "The unfinished job that is changing this object.", load=load),
        unset("jobstatus", "integer", "The state of that job."),
    )


def csv(values: Sequence[str] | None) -> str | None:
    """A list as the API writes it: joined by commas; None when empty."""
    return ",".join(values) if values else None
