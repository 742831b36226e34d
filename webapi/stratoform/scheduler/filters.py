"""Filters: conditions in SQL that can also explain themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault

NAMED = 5
"""How many excluded candidates an administrator is told by name."""
_ONE = {"are": "is", "have": "has", "lack": "lacks", "do": "does"}


@dataclass(frozen=True)
class Filter:
    """One reason for which a candidate cannot be used.

    Attributes:
        keeps: the condition candidates must meet.
        why: completes "3 hosts ...", e.g. "are not Up".
        best: the largest value there is of what was asked for, told with the refusal.
        unit: of ``best``.
        beyond: the condition looks into other tables than the candidates'.
    """

    keeps: ColumnElement[bool]
    why: str
    best: ColumnElement[Any] | None = None
    unit: str = ""
    beyond: bool = False


class NoPlace(ApiError):  # noqa: N818 - says what happened
    """Insufficient capacity, explained. ``admin_message`` names the candidates, ``message`` does not."""

    def __init__(self, asked: str, noun: str, counts: Sequence[tuple[int, str, str]]) -> None:
        def text(named: bool) -> str:
            parts = [f"{n} {_of(n, why)}{f' ({names})' if named and names else ''}" for n, why, names in counts]
            return f"No {noun} can take {asked}: " + ("; ".join(parts) if parts else f"there is no {noun} at all")

        super().__init__(Fault.INSUFFICIENT_CAPACITY, text(named=False))
        self.admin_message = text(named=True)


def _of(count: int, why: str) -> str:
    """The reason with its verb in the singular for one candidate."""
    verb, _, rest = why.partition(" ")
    return f"{_ONE.get(verb, verb)} {rest}" if count == 1 else why


def passing(query: Select[Any], filters: Sequence[Filter]) -> Select[Any]:
    """The candidates every filter keeps."""
    return query.where(and_(*(f.keeps for f in filters)))


def explain(
    session: Session, candidates: Select[Any], name: ColumnElement[str], filters: Sequence[Filter],
) -> list[tuple[int, str, str]]:
    """Filter by filter: (how many it excluded, why, names of some), in order, each counted once."""
    result = []
    left = candidates
    for item in filters:
        lost = left.where(func.coalesce(item.keeps, False).is_(False)).subquery()
        count = session.scalar(select(func.count()).select_from(lost)) or 0
        if count:
            shown = session.scalars(
                left.where(func.coalesce(item.keeps, False).is_(False)).with_only_columns(name).limit(NAMED)
            ).all()
            why = item.why
            if item.best is not None:
                best = session.scalar(left.with_only_columns(func.max(item.best)))
                why += f", most there is: {int(best or 0)} {item.unit}"
            result.append((count, why, ", ".join(shown) + (", ..." if count > len(shown) else "")))
        left = left.where(item.keeps)
    return result
