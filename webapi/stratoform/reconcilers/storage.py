"""Storage figures: how full pools and stores really are."""

from __future__ import annotations

import os
from typing import Protocol

from sqlalchemy import select, update

from stratoform.db.database import Database
from stratoform.model.storage import ImageStore, StoragePool
from stratoform.sagas.pool_hosts import connected
from stratoform.sagas.services import SIMULATOR


class PoolWatcher(Protocol):
    """Who sees storage pools on hosts (nodes/libvirt_watch)."""

    def pools(self, name: str) -> dict[str, tuple[int, int]]:
        """Pools of a host: name to (bytes there are, bytes in use)."""


class StorageFigures:
    """Asks one connected host a pool, and the file system of this machine for stores that are directories."""

    def __init__(self, db: Database, watcher: PoolWatcher) -> None:
        self.db = db
        self.watcher = watcher

    def refresh(self) -> str:
        """The reconciler's work."""
        with self.db.read() as session:
            pools = session.scalars(select(StoragePool).where(
                StoragePool.removed.is_(None), StoragePool.state == "Up", StoragePool.hypervisor != SIMULATOR)).all()
            hosts = {pool.id: [h.uuid for h in connected(session, pool)] for pool in pools}
            stores = session.scalars(select(ImageStore).where(
                ImageStore.removed.is_(None), ImageStore.url.startswith("file://"))).all()
        seen: dict[str, dict[str, tuple[int, int]]] = {}
        for pool in pools:
            for host in hosts[pool.id][:1]:
                figures = seen.setdefault(host, self.watcher.pools(host)).get(pool.uuid)
                if figures is not None:
                    self._record(StoragePool, pool.id, figures)
        for store in stores:
            try:
                disk = os.statvfs(store.url.removeprefix("file://"))
            except OSError:
                continue
            total = disk.f_blocks * disk.f_frsize
            self._record(ImageStore, store.id, (total, total - disk.f_bavail * disk.f_frsize))
        return ""

    def _record(self, table: type[StoragePool | ImageStore], row_id: int, figures: tuple[int, int]) -> None:
        query = update(table).where(table.id == row_id).values(used=figures[1])
        self.db.write(lambda session: session.execute(query))
