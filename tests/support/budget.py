"""Counting what a request asks of the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from stratoform.db.database import Database


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The SELECT statements this thread makes in the with block; what workers do meanwhile is not the request's."""
    statements: list[str] = []
    me = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if threading.get_ident() == me and statement.lower().startswith("select"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
