"""How full zones, pods and clusters are: derived in SQL when asked for, never stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from .capacity import HOST_MB, HOST_MHZ, MIB
from .compute import HOLDS_CAPACITY, Vm
from .network import IpRange, Network, Nic, PhysicalNetwork
from .storage import ImageStore, StoragePool, TemplateCopy, Volume
from .topology import Cluster, Host, Pod, Zone


class Capacity(IntEnum):
    """Kinds of capacity, as the API numbers them; memory and storage in bytes, CPU in MHz, the rest are counted."""

    MEMORY = 0
    CPU = 1
    STORAGE = 2
    STORAGE_ALLOCATED = 3
    PUBLIC_IP = 4
    PRIVATE_IP = 5
    SECONDARY_STORAGE = 6
    VLAN = 7
    DIRECT_IP = 8
    LOCAL_STORAGE = 9


Place = type[Zone] | type[Pod] | type[Cluster]
Figures = Mapping[int, tuple[float, float]]
"""Row id of a place to (used, total)."""


def capacity_figures(session: Session, place: Place, ids: Sequence[int]) -> dict[Capacity, Figures]:
    """What is used and what there is of every kind the places have, by row id; a fixed number of queries."""
    name = {Zone: "zone_id", Pod: "pod_id", Cluster: "cluster_id"}[place]
    found = dict(_hosts(session, getattr(Host, name), ids))
    found |= _pools(session, getattr(StoragePool, name), ids)
    if place is Pod:
        found[Capacity.PRIVATE_IP] = _private(session, Pod.id, ids)
    if place is Zone:
        found[Capacity.PRIVATE_IP] = _private(session, Pod.zone_id, ids)
        found[Capacity.SECONDARY_STORAGE] = _stores(session, ids)
        found[Capacity.PUBLIC_IP] = _addresses(session, ids, public=True)
        found[Capacity.DIRECT_IP] = _addresses(session, ids, public=False)
        found[Capacity.VLAN] = _vlans(session, ids)
    return {kind: {id_: rows.get(id_, (0, 0)) for id_ in ids} for kind, rows in found.items()}


def _hosts(session: Session, column: Any, ids: Sequence[int]) -> dict[Capacity, Figures]:
    there = (Host.removed.is_(None), Host.state == "Up", column.in_(ids))
    totals = select(column, func.sum(HOST_MHZ), func.sum(HOST_MB) * MIB).join(
        Cluster, Cluster.id == Host.cluster_id).where(*there).group_by(column)
    held = select(column, func.sum(Vm.cpus * Vm.speed), func.sum(Vm.memory)).select_from(Host).join(
        Vm, and_(Vm.host_id == Host.id, Vm.state.in_(HOLDS_CAPACITY))).where(*there).group_by(column)
    used = {id_: (float(mhz), float(memory) * MIB) for id_, mhz, memory in session.execute(held)}
    rows = [(id_, float(mhz), float(memory), *used.get(id_, (0.0, 0.0)))
            for id_, mhz, memory in session.execute(totals)]
    return {Capacity.CPU: {id_: (mhz_used, mhz) for id_, mhz, _, mhz_used, _ in rows},
            Capacity.MEMORY: {id_: (memory_used, memory) for id_, _, memory, _, memory_used in rows}}


def _pools(session: Session, column: Any, ids: Sequence[int]) -> dict[Capacity, Figures]:
    shared = (StoragePool.removed.is_(None), StoragePool.state == "Up", column.in_(ids))
    size = func.sum(StoragePool.capacity)
    totals = session.execute(select(column, func.sum(StoragePool.used), size).where(*shared).group_by(column)).all()
    local = select(column, func.sum(StoragePool.used), size).where(
        *shared, StoragePool.host_id.is_not(None)).group_by(column)
    disks = select(column, func.sum(Volume.size)).select_from(StoragePool).join(
        Volume, and_(Volume.pool_id == StoragePool.id, Volume.removed.is_(None),
                     Volume.state.not_in(("Allocated", "Expunged")))).where(*shared).group_by(column)
    copies = select(column, func.sum(TemplateCopy.size)).select_from(StoragePool).join(
        TemplateCopy, TemplateCopy.pool_id == StoragePool.id).where(*shared).group_by(column)
    promised: dict[int, float] = {}
    for id_, bytes_ in (*session.execute(disks), *session.execute(copies)):
        promised[id_] = promised.get(id_, 0) + float(bytes_)
    found = {Capacity.STORAGE: {id_: (float(used), float(total)) for id_, used, total in totals},
             Capacity.STORAGE_ALLOCATED: {id_: (promised.get(id_, 0), float(total)) for id_, _, total in totals}}
    on_hosts = {id_: (float(used), float(total)) for id_, used, total in session.execute(local)}
    return found | ({Capacity.LOCAL_STORAGE: on_hosts} if on_hosts else {})


def _stores(session: Session, ids: Sequence[int]) -> Figures:
    stores = select(ImageStore.zone_id, func.sum(ImageStore.used), func.sum(ImageStore.capacity)).where(
        ImageStore.removed.is_(None), ImageStore.zone_id.in_(ids)).group_by(ImageStore.zone_id)
    return {id_: (float(used), float(total)) for id_, used, total in session.execute(stores) if id_ is not None}


def _addresses(session: Session, ids: Sequence[int], *, public: bool) -> Figures:
    spans = select(IpRange.zone_id, func.sum(IpRange.end - IpRange.start + 1)).where(
        IpRange.removed.is_(None), IpRange.for_virtual_network.is_(public), IpRange.zone_id.in_(ids),
    ).group_by(IpRange.zone_id)
    held = select(Network.zone_id, func.count(Nic.id)).join(Nic, Nic.network_id == Network.id).where(
        Network.zone_id.in_(ids), Network.guest_type == "Shared").group_by(Network.zone_id)
    used: dict[int, int] = {} if public else {id_: int(count) for id_, count in session.execute(held)}
    return {id_: (used.get(id_, 0), float(total)) for id_, total in session.execute(spans)}


def _private(session: Session, column: Any, ids: Sequence[int]) -> Figures:
    """Addresses that pods keep for the cloud itself. Nothing of this cloud takes one: its services run on hosts."""
    query = select(column, Pod.start_ip, Pod.end_ip).where(Pod.removed.is_(None), column.in_(ids))
    totals: dict[int, float] = {}
    for id_, start, end in session.execute(query):
        totals[id_] = totals.get(id_, 0) + int(IPv4Address(end)) - int(IPv4Address(start)) + 1
    return {id_: (0, total) for id_, total in totals.items()}


def _vlans(session: Session, ids: Sequence[int]) -> Figures:
    """VLANs of guest networks: the ranges of the zone's physical networks."""
    query = select(PhysicalNetwork.zone_id, PhysicalNetwork.vlan).where(
        PhysicalNetwork.removed.is_(None), PhysicalNetwork.zone_id.in_(ids), PhysicalNetwork.vlan.is_not(None))
    held = select(Network.zone_id, func.count(Network.id)).where(
        Network.removed.is_(None), Network.zone_id.in_(ids), Network.guest_type == "Isolated",
        or_(Network.vlan.is_not(None), Network.state == "Implemented")).group_by(Network.zone_id)
    used = {id_: int(count) for id_, count in session.execute(held)}
    totals: dict[int, float] = {}
    for id_, ranges in session.execute(query):
        for span in (ranges or "").split(","):
            first, _, last = span.partition("-")
            if first.strip().isdigit():
                totals[id_] = totals.get(id_, 0) + int(last or first) - int(first) + 1
    return {id_: (used.get(id_, 0), total) for id_, total in totals.items()}
