"""Capacities of zones, pods and clusters, and what machines take of hosts: derived when asked for, never stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from stratoform.commands.frame.caller import Caller
from stratoform.model.capacity import HOST_MB, HOST_MHZ, MIB
from stratoform.model.compute import HOLDS_CAPACITY, Vm
from stratoform.model.network import IpRange, Network, Nic
from stratoform.model.storage import ImageStore, StoragePool, TemplateCopy, Volume
from stratoform.model.topology import Cluster, Host, Pod, Zone

MEMORY, CPU, STORAGE, STORAGE_ALLOCATED, PUBLIC_IP, SECONDARY, DIRECT_IP = 0, 1, 2, 3, 4, 6, 8
"""Kinds of capacity, as the API numbers them; memory and storage in bytes, CPU in MHz, the rest are addresses."""


@dataclass(frozen=True)
class Load:
    """What a host has (with over-commitment) and what machines hold of it: MHz and bytes."""

    mhz: float
    mhz_used: int
    memory: float
    memory_used: int

    @property
    def free(self) -> tuple[float, float]:
        """(MHz, bytes) left."""
        return self.mhz - self.mhz_used, self.memory - self.memory_used


def loads(session: Session, ids: Sequence[int]) -> dict[int, Load]:
    """The loads of hosts by row id, in one query."""
    query = (
        select(Host.id, HOST_MHZ, func.coalesce(func.sum(Vm.cpus * Vm.speed), 0), HOST_MB,
               func.coalesce(func.sum(Vm.memory), 0))
        .join(Cluster, Cluster.id == Host.cluster_id)
        .outerjoin(Vm, and_(Vm.host_id == Host.id, Vm.state.in_(HOLDS_CAPACITY)))
        .where(Host.id.in_(ids))
        .group_by(Host.id, Host.cpus, Host.cpu_mhz, Host.memory, Cluster.id)
    )
    return {id_: Load(float(mhz), int(used), float(memory) * MIB, int(held) * MIB)
            for id_, mhz, used, memory, held in session.execute(query)}


def cpu_allocated(session: Session, _caller: Caller, ids: Sequence[int]) -> dict[int, str]:
    """The part of hosts' CPU that machines hold, e.g. ``12.5%``."""
    return {id_: percent(load.mhz_used, load.mhz) + "%" for id_, load in loads(session, ids).items()}


def memory_allocated(session: Session, _caller: Caller, ids: Sequence[int]) -> dict[int, int]:
    """The bytes of hosts' memory that machines hold."""
    return {id_: load.memory_used for id_, load in loads(session, ids).items()}


def percent(used: float, total: float) -> str:
    """A part in percent with at most two digits after the point."""
    return f"{100 * used / total:.2f}".rstrip("0").rstrip(".") if total else "0"


def capacities_of(session: Session, place: type[Zone | Pod | Cluster], ids: Sequence[int]) -> dict[int, list[Any]]:
    """The capacities of places by row id: lists of what the view CAPACITY shows; a fixed number of queries."""
    figures: dict[int, dict[int, tuple[float, float]]] = {id_: {} for id_ in ids}
    for kind, rows in _figures(session, place, ids).items():
        for id_, (used, total) in rows.items():
            figures[id_][kind] = (used, total)
    where = _names(session, place, ids)
    return {
        id_: [
            {"type": kind, **where[id_], "capacityused": int(used), "capacitytotal": int(total),
             "percentused": percent(used, total)}
            for kind, (used, total) in sorted(figures[id_].items())
        ]
        for id_ in ids
    }


Figures = Mapping[int, tuple[float, float]]
"""Row id of a place to (used, total)."""


def _figures(session: Session, place: type[Any], ids: Sequence[int]) -> dict[int, Figures]:
    column = {Zone: "zone_id", Pod: "pod_id", Cluster: "cluster_id"}[place]
    hosts = _hosts(session, getattr(Host, column), ids)
    pools, promised = _pools(session, getattr(StoragePool, column), ids)
    found = {MEMORY: hosts[MEMORY], CPU: hosts[CPU], STORAGE: pools, STORAGE_ALLOCATED: promised}
    if place is Zone:
        stores = select(ImageStore.zone_id, func.sum(ImageStore.used), func.sum(ImageStore.capacity)).where(
            ImageStore.removed.is_(None), ImageStore.zone_id.in_(ids)).group_by(ImageStore.zone_id)
        found[SECONDARY] = {id_: (float(used), float(total)) for id_, used, total in session.execute(stores)
                            if id_ is not None}
        found[PUBLIC_IP] = _addresses(session, ids, public=True)
        found[DIRECT_IP] = _addresses(session, ids, public=False)
    return {kind: {id_: rows.get(id_, (0, 0)) for id_ in ids} for kind, rows in found.items()}


def _hosts(session: Session, column: Any, ids: Sequence[int]) -> dict[int, Figures]:
    there = (Host.removed.is_(None), Host.state == "Up", column.in_(ids))
    totals = select(column, func.sum(HOST_MHZ), func.sum(HOST_MB) * MIB).join(
        Cluster, Cluster.id == Host.cluster_id).where(*there).group_by(column)
    held = select(column, func.sum(Vm.cpus * Vm.speed), func.sum(Vm.memory)).select_from(Host).join(
        Vm, and_(Vm.host_id == Host.id, Vm.state.in_(HOLDS_CAPACITY))).where(*there).group_by(column)
    used = {id_: (float(mhz), float(memory) * MIB) for id_, mhz, memory in session.execute(held)}
    rows = [(id_, float(mhz), float(memory), *used.get(id_, (0.0, 0.0)))
            for id_, mhz, memory in session.execute(totals)]
    return {CPU: {id_: (mhz_used, mhz) for id_, mhz, _, mhz_used, _ in rows},
            MEMORY: {id_: (memory_used, memory) for id_, _, memory, _, memory_used in rows}}


def _pools(session: Session, column: Any, ids: Sequence[int]) -> tuple[Figures, Figures]:
    there = (StoragePool.removed.is_(None), StoragePool.state == "Up", column.in_(ids))
    totals = session.execute(
        select(column, func.sum(StoragePool.used), func.sum(StoragePool.capacity)).where(*there).group_by(column)
    ).all()
    disks = select(column, func.sum(Volume.size)).select_from(StoragePool).join(
        Volume, and_(Volume.pool_id == StoragePool.id, Volume.removed.is_(None),
                     Volume.state.not_in(("Allocated", "Expunged")))).where(*there).group_by(column)
    copies = select(column, func.sum(TemplateCopy.size)).select_from(StoragePool).join(
        TemplateCopy, TemplateCopy.pool_id == StoragePool.id).where(*there).group_by(column)
    promised: dict[int, float] = {}
    for id_, size in (*session.execute(disks), *session.execute(copies)):
        promised[id_] = promised.get(id_, 0) + float(size)
    return ({id_: (float(used), float(total)) for id_, used, total in totals},
            {id_: (promised.get(id_, 0), float(total)) for id_, _, total in totals})


def _addresses(session: Session, ids: Sequence[int], *, public: bool) -> Figures:
    spans = select(IpRange.zone_id, func.sum(IpRange.end - IpRange.start + 1)).where(
        IpRange.removed.is_(None), IpRange.for_virtual_network.is_(public), IpRange.zone_id.in_(ids),
    ).group_by(IpRange.zone_id)
    held = select(Network.zone_id, func.count(Nic.id)).join(Nic, Nic.network_id == Network.id).where(
        Network.zone_id.in_(ids), Network.guest_type == "Shared").group_by(Network.zone_id)
    used: dict[int, int] = {} if public else {id_: int(count) for id_, count in session.execute(held)}
    return {id_: (used.get(id_, 0), float(total)) for id_, total in session.execute(spans)}


def _names(session: Session, place: type[Any], ids: Sequence[int]) -> dict[int, dict[str, str]]:
    query = select(place.id, Zone.uuid, Zone.name)
    if place is not Zone:
        query = query.join(Zone, Zone.id == place.zone_id).add_columns(Pod.uuid, Pod.name)
    if place is Cluster:
        query = query.join(Pod, Pod.id == Cluster.pod_id).add_columns(Cluster.uuid, Cluster.name)
    keys = ("zoneid", "zonename", "podid", "podname", "clusterid", "clustername")
    return {row[0]: dict(zip(keys, row[1:], strict=False))
            for row in session.execute(query.where(place.id.in_(ids)))}
