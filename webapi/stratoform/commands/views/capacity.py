"""Capacities of zones, pods and clusters, and what machines take of hosts: derived when asked for, never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from stratoform.commands.frame.caller import Caller
from stratoform.model.capacity import HOST_MB, HOST_MHZ, MIB
from stratoform.model.compute import HOLDS_CAPACITY, Vm
from stratoform.model.figures import capacity_figures
from stratoform.model.topology import Cluster, Host, Pod, Zone


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
    for kind, rows in capacity_figures(session, place, ids).items():
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


def _names(session: Session, place: type[Any], ids: Sequence[int]) -> dict[int, dict[str, str]]:
    query = select(place.id, Zone.uuid, Zone.name)
    if place is not Zone:
        query = query.join(Zone, Zone.id == place.zone_id).add_columns(Pod.uuid, Pod.name)
    if place is Cluster:
        query = query.join(Pod, Pod.id == Cluster.pod_id).add_columns(Cluster.uuid, Cluster.name)
    keys = ("zoneid", "zonename", "podid", "podname", "clusterid", "clustername")
    return {row[0]: dict(zip(keys, row[1:], strict=False))
            for row in session.execute(query.where(place.id.in_(ids)))}
