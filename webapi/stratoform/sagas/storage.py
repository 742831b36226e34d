"""Attach and detach primary pools and secondary stores."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.saga import Output
from stratoform.model.base import now
from stratoform.model.storage import POOL_STATES, ImageStore, StoragePool, TemplateCopy
from stratoform.model.topology import Host
from stratoform.nodes.port import NodeError

from .pool_hosts import connected
from .services import Ctx, act_on, management, target_of


def pool_args(pool: StoragePool, state: str) -> dict[str, Any]:
    """Arguments of the operation ``pool``."""
    network = pool.type == "NetworkFilesystem"
    return {
        "uuid": pool.uuid, "type": pool.type, "path": f"/mnt/{pool.uuid}" if network else pool.path,
        "source_host": pool.address if network else None, "source_path": pool.path if network else None,
        "state": state,
    }


def _pool_and_hosts(ctx: Ctx) -> tuple[StoragePool, list[Host]]:
    with ctx.services.db.read() as session:
        pool = session.get_one(StoragePool, ctx.args["pool_id"])
        return pool, connected(session, pool)


def pool_recorded(ctx: Ctx, session: Session) -> Output:
    """The record came with the request; this step's undo takes it back."""
    session.get_one(StoragePool, ctx.args["pool_id"])
    return None


def pool_forget(ctx: Ctx, session: Session) -> None:
    """Removes the pool's record and those of the copies that were on it."""
    pool = session.get_one(StoragePool, ctx.args["pool_id"])
    session.execute(delete(TemplateCopy).where(TemplateCopy.pool_id == pool.id))
    POOL_STATES.move(session, pool, "remove", removed=now())


def pool_attach(ctx: Ctx) -> Output:
    """Attaches the pool to every connected host that reaches it; outputs what the file system says."""
    pool, hosts = _pool_and_hosts(ctx)
    if not hosts:
        raise ApiError(Fault.RESOURCE_UNAVAILABLE,
                       "No connected host reaches this storage: add a host to its cluster first")
    facts: dict[str, Any] = {}
    for host in hosts:
        facts = dict(act_on(ctx, target_of(host, ctx.services.vault), "pool", pool_args(pool, "present")))
    return facts


def pool_detach(ctx: Ctx) -> None:
    """Detaches the pool from every connected host; its data stays."""
    pool, hosts = _pool_and_hosts(ctx)
    for host in hosts:
        try:
            act_on(ctx, target_of(host, ctx.services.vault), "pool", pool_args(pool, "absent"))
        except (ApiError, NodeError):
            if not ctx.args.get("forced"):
                raise


def pool_open(ctx: Ctx, session: Session) -> Output:
    """Opens the pool for disks."""
    pool, facts = session.get_one(StoragePool, ctx.args["pool_id"]), ctx.out["attach"]
    pool.capacity = pool.capacity or int(facts["capacity_bytes"])
    pool.used = int(facts.get("used_bytes") or 0)
    POOL_STATES.move(session, pool, "open")
    return None


def _store(ctx: Ctx) -> ImageStore:
    with ctx.services.db.read() as session:
        return session.get_one(ImageStore, ctx.args["store_id"])


def store_recorded(ctx: Ctx, session: Session) -> Output:
    """The record came with the request; this step's undo takes it back."""
    session.get_one(ImageStore, ctx.args["store_id"])
    return None


def store_forget(ctx: Ctx, session: Session) -> None:
    """Removes the store's record."""
    store = session.get_one(ImageStore, ctx.args["store_id"])
    store.removed, store.state = store.removed or now(), "Removed"


def store_attach(ctx: Ctx) -> Output:
    """Sees to it that secondary storage can be written to."""
    store = _store(ctx)
    return dict(act_on(ctx, management(ctx.services, store.url), "image_store", {"url": store.url, "state": "present"}))


def store_detach(ctx: Ctx) -> None:
    """Lets secondary storage go; its data stays."""
    store = _store(ctx)
    act_on(ctx, management(ctx.services, store.url), "image_store", {"url": store.url, "state": "absent"})


def store_open(ctx: Ctx, session: Session) -> Output:
    """Opens the store for images."""
    store, facts = session.get_one(ImageStore, ctx.args["store_id"]), ctx.out["attach"]
    store.capacity = int(facts.get("capacity_bytes") or 0)
    store.used = store.capacity - int(facts.get("available_bytes") or store.capacity)
    store.state = "Up"
    return None
