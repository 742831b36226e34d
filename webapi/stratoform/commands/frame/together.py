"""Several fields of a view that come from the same queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from .caller import Caller
from .view import Loader

Columns = Mapping[str, Mapping[int, Any]]
"""Field name to row id to value."""


def together(load: Callable[[Session, Caller, Sequence[int]], Columns]) -> Callable[[str], Loader]:
    """Splits one loader of many fields into one loader a field; it still runs only once a page.

    Args:
        load: gives all the fields of a page of rows.

    Returns:
        Makes the loader of the field of that name.
    """
    def loader(name: str) -> Loader:
        def take(session: Session, caller: Caller, ids: Sequence[int]) -> Mapping[int, Any]:
            page, columns = session.info.get(load, (None, {}))
            if page is not ids:  # the same object for all the fields of a page, another for the next
                columns = load(session, caller, ids)
                session.info[load] = (ids, columns)
            values: Mapping[int, Any] = columns.get(name, {})
            return values

        return take

    return loader
