"""Column types, keys and time stamps that mean the same on SQLite and MariaDB."""

from __future__ import annotations

import uuid as uuidlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    String,
    Text,
    TypeDecorator,
    type_coerce,
)
from sqlalchemy.dialects.mysql import LONGTEXT

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraint names, fixed so that migrations can name what they change."""

Key = BigInteger().with_variant(Integer(), "sqlite")
"""Row ids: SQLite only counts up INTEGER primary keys by itself."""

LongText = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
"""Text without a small limit (MariaDB's TEXT ends at 64 KiB)."""


class Moment(TypeDecorator[datetime]):
    """A point in time: aware UTC in Python, naive UTC in the database, to the microsecond."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """MariaDB drops fractions of a second unless asked to keep them."""
        if dialect.name in {"mysql", "mariadb"}:
            from sqlalchemy.dialects.mysql import DATETIME  # noqa: PLC0415 - one dialect's own type

            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuses naive times: they would mean something else on every machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"a time without a zone cannot be stored: {value!r}"
            raise ValueError(msg)
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Gives the time its zone back."""
        return value.replace(tzinfo=UTC) if value is not None else None


class Words(TypeDecorator[list[str]]):
    """A few words (tags) in one column, kept as ``,a,b,`` so that SQL can ask for one: see ``has_word``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Joins; a word has no comma (the API separates them by commas)."""
        return f",{','.join(value)}," if value else ""

    def process_result_value(self, value: Any, dialect: Dialect) -> list[str]:  # noqa: ARG002
        """Splits."""
        return [word for word in (value or "").split(",") if word]


def has_word(column: Any, word: str) -> ColumnElement[bool]:
    """The condition that a Words column holds the word."""
    return type_coerce(column, String).contains(f",{word},", autoescape=True)


def now() -> datetime:
    """The present, aware UTC."""
    return datetime.now(UTC)


def new_uuid() -> str:
    """A fresh random id, as the API shows ids."""
    return str(uuidlib.uuid4())
