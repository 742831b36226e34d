"""Which pool: room for a disk, derived from the disks and template copies placed there now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.orm import Session

from stratoform.db.types import has_word
from stratoform.model.capacity import PROMISED, STORAGE_FACTOR, STORAGE_FULL, STORAGE_LIMIT
from stratoform.model.compute import ServiceOffering
from stratoform.model.storage import DiskOffering, StoragePool, Volume
from stratoform.model.topology import Host

from .filters import Filter, NoPlace, explain, passing

GIB = 2**30


@dataclass(frozen=True)
class Disk:
    """What a disk needs of its pool: bytes, storage tags, and whether it may be local to the host."""

    size: int
    tags: tuple[str, ...] = ()
    local: bool = False
    pool_id: int | None = None  # demanded

    def __str__(self) -> str:
        """The need as refusals put it."""
        return f"a disk of {self.size / GIB:.2f} GB"


def disk_of(session: Session, volume: Volume) -> Disk:
    """What a volume needs: its size, and what its disk offering, or of a root disk its service offering, demands."""
    offering: DiskOffering | ServiceOffering | None = None
    if volume.disk_offering_id is not None:
        offering = session.get_one(DiskOffering, volume.disk_offering_id)
    elif volume.service_offering_id is not None:
        offering = session.get_one(ServiceOffering, volume.service_offering_id)
    if offering is None:
        return Disk(volume.size)
    return Disk(volume.size, tuple(offering.tags), offering.storage_type == "local")


def choose(session: Session, disk: Disk, host: Host, taken: Mapping[int, int] | None = None) -> StoragePool:
    """The pool with most room that the host reaches.

    Args:
        session: the transaction of the claim.
        disk: what is needed.
        host: who must reach it.
        taken: bytes by pool that the same claim has just chosen for other disks.

    Raises:
        NoPlace: none fits; says filter by filter why.
    """
    rules = _rules(disk, host, taken or {})
    everywhere = (
        select(StoragePool)
        .where(StoragePool.zone_id == host.zone_id, StoragePool.removed.is_(None))
    )
    order = ((StoragePool.capacity - PROMISED).desc(), StoragePool.id)
    found: StoragePool | None = session.scalars(passing(everywhere, rules).order_by(*order).limit(1)).first()
    if found is None:
        why = explain(session, everywhere, StoragePool.name.expression, rules)
        raise NoPlace(str(disk), "primary storage pool", why)
    return found


def has_room(session: Session, pool: StoragePool, size: int) -> bool:
    """True when the pool can promise that many bytes more to a disk it has."""
    return session.scalar(select(StoragePool.id).where(StoragePool.id == pool.id, size <= _ROOM)) is not None


_ROOM = StoragePool.capacity * (STORAGE_FACTOR * STORAGE_LIMIT) - PROMISED


def reached_by(host: Host) -> ColumnElement[bool]:
    """Pools the host can use: its own, those of its cluster, those of its zone."""
    wide = or_(StoragePool.scope == "ZONE", StoragePool.cluster_id == host.cluster_id)
    return (StoragePool.zone_id == host.zone_id) & or_(
        StoragePool.host_id == host.id, and_(StoragePool.host_id.is_(None), wide))


def _rules(disk: Disk, host: Host, taken: Mapping[int, int]) -> Sequence[Filter]:
    room = _ROOM - case(dict(taken), value=StoragePool.id, else_=0) if taken else _ROOM
    rules = [
        Filter(reached_by(host), "are not reached by the chosen host"),
        Filter(StoragePool.state == "Up", "are not Up"),
        Filter(StoragePool.host_id.is_not(None) if disk.local else StoragePool.host_id.is_(None),
               "are shared, but the offering asks for local storage" if disk.local
               else "are local to a host, but the offering asks for shared storage"),
    ]
    if disk.pool_id is not None:
        rules.append(Filter(StoragePool.id == disk.pool_id, "are not the pool asked for"))
    rules += [Filter(has_word(StoragePool.tags, tag), f"lack the tag '{tag}'") for tag in disk.tags]
    rules += [
        Filter(StoragePool.used <= StoragePool.capacity * STORAGE_FULL,
               "are fuller than setting pool.storage.capacity.disablethreshold allows"),
        Filter(room >= disk.size, f"have less than {disk.size / GIB:.2f} GB to promise", room / GIB, "GB"),
    ]
    return rules
