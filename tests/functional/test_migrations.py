"""The migrations make exactly the tables the models declare, and keep what is in older ones, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, MetaData, func, insert, select, text

from stratoform.db.database import Database
from stratoform.jobs.tables import Base as JobBase
from stratoform.model.base import Base
from stratoform.model.migrations import migrate
from stratoform.nodes.simulator import Base as SimulatorBase


def test_nothing_drifted(database_url: str) -> None:
    db = Database(database_url)
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, [Base.metadata, JobBase.metadata, SimulatorBase.metadata]) == []
    db.close()


@pytest.fixture
def first_release(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database as the first release made it, empty."""
    if database_kind == "sqlite":
        db = Database(f"sqlite:///{tmp_path / 'old.db'}")
    else:
        url: str = request.getfixturevalue("mariadb_url")
        beside = Database(url)
        with beside.engine.begin() as connection:
            connection.execute(text("drop database if exists old"))
            connection.execute(text("create database old character set utf8mb4"))
        beside.close()
        db = Database(url.rsplit("/", 1)[0] + "/old")
    migrate(db.engine, "0001")
    yield db
    db.close()


def test_what_the_first_release_wrote_is_kept(first_release: Database) -> None:
    """A row in every table, pointing at the first row of every other."""
    old = MetaData()
    old.reflect(first_release.engine)
    tables = [table for table in old.sorted_tables if table.name != "alembic_version"]
    with first_release.engine.execution_options(writing=True).begin() as connection:
        for table in tables:
            connection.execute(insert(table).values({c.name: _value(c) for c in table.columns if _wanted(c)}))
    migrate(first_release.engine)
    with first_release.engine.connect() as connection:
        counts = {table.name: connection.scalar(select(func.count()).select_from(table)) for table in tables}
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert counts == dict.fromkeys(counts, 1)
    assert len(counts) > 30


def _wanted(column: Column[Any]) -> bool:
    """Whether a row needs a value there, or points at another table's."""
    return not column.nullable or any(key.column.table is not column.table for key in column.foreign_keys)


def _value(column: Column[Any]) -> object:
    """A value the column takes: 1 for keys and numbers."""
    kind = column.type.python_type
    return {int: 1, float: 1, Decimal: 1, bool: True, datetime: datetime(2026, 11, 20), dict: {}}.get(kind, "{}")  # noqa: DTZ001 - as stored
