"""Add secondary storage."""

from __future__ import annotations

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Saga, act, db
from stratoform.model.storage import ImageStore

from . import storage
from .services import Services

SAGA: Saga[Services] = Saga("store_add", (
    db("record", "Recording the storage", storage.store_recorded, storage.store_forget),
    act("attach", "Attaching the storage", storage.store_attach, storage.store_detach),
    db("open", "Taking the storage into service", storage.store_open),
))


def order(store: ImageStore) -> Order:
    """The job that takes recorded secondary storage (state Creating) into service."""
    return Order(SAGA.name, {"store_id": store.id}, (Lock(f"image_store:{store.id}"),))
