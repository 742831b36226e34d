"""A database's content in memory: a zone is built once a session and laid into the database of each test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import MetaData, Table, text

from stratoform.db.database import Database
from tests.support.zone import Zone


@dataclass(frozen=True)
class Image:
    """Rows by table, the key their secrets are encrypted with, and the zone they hold."""

    rows: dict[str, list[dict[str, Any]]]
    key: bytes
    zone: Zone


def _tables(db: Database) -> list[Table]:
    metadata = MetaData()
    metadata.reflect(db.engine)
    return [t for t in metadata.sorted_tables if t.name != "alembic_version"]


def dump(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of the database."""
    db = Database(url)
    with db.engine.connect() as connection:
        found = {t.name: [dict(row) for row in connection.execute(t.select()).mappings()] for t in _tables(db)}
    db.close()
    return found


def load(url: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Puts the rows into an empty database."""
    db = Database(url)
    mysql = db.engine.dialect.name != "sqlite"
    with db.engine.execution_options(writing=True).begin() as connection:
        connection.execute(text("set foreign_key_checks = 0" if mysql else "pragma defer_foreign_keys = on"))
        for table in _tables(db):
            if rows.get(table.name):
                connection.execute(table.insert(), rows[table.name])
        if mysql:
            connection.execute(text("set foreign_key_checks = 1"))
    db.close()
