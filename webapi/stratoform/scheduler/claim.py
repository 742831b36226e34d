"""Claims: placement and its record in one transaction, guarded by the generation of what was chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from stratoform.db.database import Lost
from stratoform.model.compute import VM_STATES, ServiceOffering, Vm
from stratoform.model.network import IpRange, Nic
from stratoform.model.storage import VOLUME_STATES, StoragePool, Volume
from stratoform.model.topology import Host

from . import hosts, pools
from .filters import NoPlace


def claim(session: Session, vm: Vm, volumes: Sequence[Volume], host_id: int | None) -> Host:
    """Gives the machine a host and each unplaced disk a pool, and moves them to Starting and Creating.

    Args:
        session: the transaction of the claim; run it by ``Database.write``, which repeats a lost race.
        vm: a machine in a state from which it may start.
        volumes: its disks.
        host_id: the host an administrator demands.

    Raises:
        NoPlace: no host, or no pool for some disk.
        Lost: somebody claimed on the same host or pool meanwhile.
    """
    offering = session.get_one(ServiceOffering, vm.service_offering_id)
    need = hosts.Need(
        vm.zone_id, vm.hypervisor, vm.cpus, vm.speed, vm.memory, tuple(offering.host_tags), host_id,
        tuple(v.pool_id for v in volumes if v.pool_id is not None), vm.last_host_id, _pods(session, vm),
    )
    host, placed = _place(session, need, [v for v in volumes if v.pool_id is None])
    _take(session, host, lambda: bool(hosts.candidates(session, need, Host.id == host.id)))
    for pool in sorted(set(placed.values()), key=lambda p: p.id):
        size = sum(v.size for v, p in placed.items() if p is pool)
        _take(session, pool, partial(pools.has_room, session, pool, size))
    for volume, pool in placed.items():
        VOLUME_STATES.move(session, volume, "place", pool_id=pool.id)
    VM_STATES.move(session, vm, "start", host_id=host.id)
    return host


def claim_pool(session: Session, volume: Volume, host: Host) -> StoragePool:
    """Gives an unplaced disk a pool that the host reaches, and moves it to Creating.

    Raises:
        NoPlace: no pool fits.
        Lost: somebody claimed on the same pool meanwhile.
    """
    pool = pools.choose(session, pools.disk_of(session, volume), host)
    _take(session, pool, partial(pools.has_room, session, pool, volume.size))
    VOLUME_STATES.move(session, volume, "place", pool_id=pool.id)
    return pool


def claim_room(session: Session, pool: StoragePool, size: int) -> bool:
    """Takes that many bytes more of a pool for a disk on it, whose row the caller enlarges. False: it has not so many.

    Raises:
        Lost: somebody claimed on the pool meanwhile.
    """
    if not pools.has_room(session, pool, size):
        return False
    _take(session, pool, partial(pools.has_room, session, pool, size))
    return True


def _place(
    session: Session, need: hosts.Need, unplaced: Sequence[Volume],
) -> tuple[Host, dict[Volume, StoragePool]]:
    disks = {v: pools.disk_of(session, v) for v in unplaced}
    local = any(disk.local for disk in disks.values())
    place = Host.id if local else Host.cluster_id  # which pools a host reaches is the same for all of a place
    tried: set[int] = set()
    refusal: NoPlace | None = None
    while found := hosts.candidates(session, need, *([place.not_in(tried)] if tried else []), most=1):
        host = found[0]
        tried.add(host.id if local else host.cluster_id)
        try:
            return host, _pools_for(session, disks, host)
        except NoPlace as error:  # hosts of other places may reach another pool
            refusal = refusal or error
    raise refusal or hosts.refusal(session, need)


def _pods(session: Session, vm: Vm) -> tuple[int, ...]:
    """The pods that the machine's addresses belong to; none in advanced zones."""
    ranges = (
        select(IpRange.pod_id).join(Nic, Nic.network_id == IpRange.network_id)
        .where(Nic.vm_id == vm.id, IpRange.pod_id.is_not(None), IpRange.removed.is_(None),
               IpRange.start <= Nic.ip, IpRange.end >= Nic.ip)
    )
    return tuple(pod for pod in session.scalars(ranges.distinct()) if pod is not None)


def _pools_for(session: Session, disks: Mapping[Volume, pools.Disk], host: Host) -> dict[Volume, StoragePool]:
    """A pool for each disk, counting what the disks before it take."""
    found: dict[Volume, StoragePool] = {}
    taken: dict[int, int] = defaultdict(int)
    for volume, disk in disks.items():
        found[volume] = pools.choose(session, disk, host, taken)
        taken[found[volume].id] += disk.size
    return found


def _take(session: Session, row: Host | StoragePool, fits: Callable[[], bool]) -> None:
    """Locks the row until the claim's end. If somebody claimed there since it was chosen, it must fit still.

    Raises:
        Lost: it does not.
    """
    table = type(row)
    mine = update(table).where(table.id == row.id).values(generation=table.generation + 1)
    mine = mine.execution_options(synchronize_session=False)
    done = cast("CursorResult[Any]", session.execute(mine.where(table.generation == row.generation)))
    if done.rowcount == 0:
        session.execute(mine)
        if not fits():
            raise Lost
