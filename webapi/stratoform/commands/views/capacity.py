"""Capacities of zones, pods and clusters, and what machines take of hosts: derived when asked for, never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from stratoform.commands.frame.caller import Caller
from stratoform.commands.frame.together import Columns, together
from stratoform.commands.frame.view import fetch
from stratoform.model.capacity import CPU_FACTOR, MEMORY_FACTOR, MIB
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


_IDS: Any = bindparam("ids", expanding=True)
_HOSTS = select(Host.id, Host.cluster_id, Host.cpus, Host.cpu_mhz, Host.memory).where(Host.id.in_(_IDS))
_FACTORS = select(Cluster.id, CPU_FACTOR, MEMORY_FACTOR).where(Cluster.id.in_(_IDS))
_HELD = (
    select(Vm.host_id, func.sum(Vm.cpus * Vm.speed), func.sum(Vm.memory))
    .where(Vm.host_id.in_(_IDS), Vm.state.in_(HOLDS_CAPACITY)).group_by(Vm.host_id)
)


def loads(session: Session, ids: Sequence[int]) -> dict[int, Load]:
    """The loads of hosts by row id, in three queries: over-commitment is looked up once a cluster, not once a host."""
    hosts = fetch(session, _HOSTS, {"ids": ids})
    factors = {id_: (float(cpu), float(memory)) for id_, cpu, memory
               in fetch(session, _FACTORS, {"ids": list({row[1] for row in hosts})})}
    held = {id_: (int(mhz), int(memory)) for id_, mhz, memory in fetch(session, _HELD, {"ids": ids})}
    found = {}
    for id_, cluster, cpus, mhz, memory in hosts:
        (more_cpu, more_memory), (mhz_held, memory_held) = factors[cluster], held.get(id_, (0, 0))
        found[id_] = Load(cpus * mhz * more_cpu, mhz_held, memory * more_memory, memory_held * MIB)
    return found


def _host_columns(session: Session, _caller: Caller, ids: Sequence[int]) -> Columns:
    found = loads(session, ids)
    return {
        "cpuallocated": {id_: f"{percent(load.mhz_used, load.mhz)}%" for id_, load in found.items()},
        "cpuwithoverprovisioning": {id_: str(load.mhz) for id_, load in found.items()},
        "memoryallocated": {id_: load.memory_used for id_, load in found.items()},
    }


of_host = together(_host_columns)
"""Loaders of hosts' figures: cpuallocated, e.g. ``12.5%``; cpuwithoverprovisioning (MHz); memoryallocated (bytes)."""


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
