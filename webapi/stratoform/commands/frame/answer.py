"""What a command gives back, before any wire format is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]
"""One object as the API shows it: field name to str, int, float, bool, datetime, list or mapping; None is left out."""


@dataclass(frozen=True)
class One:
    """One object under its key: ``{"zone": {...}}``."""

    key: str
    body: Body


@dataclass(frozen=True)
class Many:
    """A page of objects under their key and the number of all that matched: ``{"count": 7, "zone": [...]}``."""

    key: str
    items: Sequence[Body]
    count: int


@dataclass(frozen=True)
class Plain:
    """Fields directly under the root, for instance ``{"success": true}``."""

    body: Body


@dataclass(frozen=True)
class Accepted:
    """An asynchronous command was taken: poll ``jobid``; ``id`` is the object that will be (create-then-run)."""

    jobid: str
    id: str | None = None


Answer = One | Many | Plain | Accepted
