"""Add primary storage."""

from __future__ import annotations

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Saga, act, db
from stratoform.model.storage import StoragePool

from . import storage
from .services import Services

SAGA: Saga[Services] = Saga("pool_add", (
    db("record", "Recording the storage", storage.pool_recorded, storage.pool_forget),
    act("attach", "Attaching the storage", storage.pool_attach, storage.pool_detach),
    db("open", "Taking the storage into service", storage.pool_open),
))


def order(pool: StoragePool) -> Order:
    """The job that takes recorded primary storage (state Creating) into service."""
    return Order(SAGA.name, {"pool_id": pool.id}, (Lock(f"storage_pool:{pool.id}"),))
