"""Alembic's environment; ``config.attributes["connection"]`` is the database it works on."""

import importlib
import pkgutil

from alembic import context

from stratoform import model
from stratoform.jobs.tables import Base as JobBase
from stratoform.model.base import Base
from stratoform.nodes.simulator import Base as SimulatorBase

for module in pkgutil.iter_modules(model.__path__):  # they declare tables
    if not module.ispkg:
        importlib.import_module(f"{model.__name__}.{module.name}")

METADATA = [Base.metadata, JobBase.metadata, SimulatorBase.metadata]

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
