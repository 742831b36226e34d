"""The migrations make exactly the tables the models declare, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from stratoform.db.database import Database
from stratoform.jobs.tables import Base as JobBase
from stratoform.model.base import Base
from stratoform.nodes.simulator import Base as SimulatorBase


def test_nothing_drifted(database_url: str) -> None:
    db = Database(database_url)
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, [Base.metadata, JobBase.metadata, SimulatorBase.metadata]) == []
    db.close()
