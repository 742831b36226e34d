"""Remove secondary storage; what is stored there is not touched."""

from __future__ import annotations

from sqlalchemy.orm import Session

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.storage import ImageStore

from . import storage
from .services import Ctx, Services


def _detach(ctx: Ctx) -> Output:
    storage.store_detach(ctx)
    return None


def _forget(ctx: Ctx, session: Session) -> Output:
    storage.store_forget(ctx, session)
    return None


SAGA: Saga[Services] = Saga("store_remove", (
    act("detach", "Detaching the storage", _detach),
    db("forget", "Forgetting the storage", _forget),
))


def order(store: ImageStore, *, forced: bool = False) -> Order:
    """The job that removes secondary storage; forced: even when a host does not answer."""
    return Order(SAGA.name, {"store_id": store.id, "forced": forced}, (Lock(f"image_store:{store.id}"),))
