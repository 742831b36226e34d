"""Remove primary storage; what is stored there is not touched."""

from __future__ import annotations

from sqlalchemy.orm import Session

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.storage import StoragePool

from . import storage
from .services import Ctx, Services


def _detach(ctx: Ctx) -> Output:
    storage.pool_detach(ctx)
    return None


def _forget(ctx: Ctx, session: Session) -> Output:
    storage.pool_forget(ctx, session)
    return None


SAGA: Saga[Services] = Saga("pool_remove", (
    act("detach", "Detaching the storage", _detach),
    db("forget", "Forgetting the storage", _forget),
))


def order(pool: StoragePool, *, forced: bool = False) -> Order:
    """The job that removes primary storage; forced: even when a host does not answer."""
    return Order(SAGA.name, {"pool_id": pool.id, "forced": forced}, (Lock(f"storage_pool:{pool.id}"),))
