"""Alembic's environment; ``config.attributes["connection"]`` is the database it works on."""

from alembic import context

from stratoform.jobs.tables import Base as JobBase
from stratoform.model import compute, network, records, storage, tenancy, topology  # noqa: F401 - they declare tables
from stratoform.model.base import Base
from stratoform.nodes.simulator import Base as SimulatorBase

METADATA = [Base.metadata, JobBase.metadata, SimulatorBase.metadata]

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
