"""What hosts and pools have, and what is promised of it: derived in SQL from the rows themselves, never stored.

The scheduler claims by these expressions and the API shows them, so the two cannot disagree.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Float, Subquery, cast, func, select

from .compute import HOLDS_CAPACITY, Vm
from .records import SettingValue
from .settings import DECLARED
from .storage import StoragePool, TemplateCopy, Volume
from .topology import Cluster, Host

MIB = 2**20


def number(name: str, **owners: Any) -> ColumnElement[float]:
    """A numeric setting in SQL: what is set for the first owner that has a value, else globally, else the default.

    Args:
        name: a declared setting.
        owners: columns of row ids by scope, nearest first, e.g. ``cluster=Cluster.id``; their tables must be joined.
    """
    def value(scope: str, owner: Any) -> Any:
        return (
            select(cast(SettingValue.value, Float))
            .where(SettingValue.name == name, SettingValue.scope == scope, SettingValue.owner_id == owner)
            .correlate_except(SettingValue).scalar_subquery()
        )

    found = [value(scope, owner) for scope, owner in owners.items()]
    return func.coalesce(*found, value("global", 0), float(DECLARED[name].default))


CPU_FACTOR = number("cpu.overprovisioning.factor", cluster=Cluster.id)
MEMORY_FACTOR = number("mem.overprovisioning.factor", cluster=Cluster.id)
STORAGE_FACTOR = number("storage.overprovisioning.factor", storagepool=StoragePool.id, zone=StoragePool.zone_id)
STORAGE_LIMIT = number("pool.storage.allocated.capacity.disablethreshold", zone=StoragePool.zone_id)
STORAGE_FULL = number("pool.storage.capacity.disablethreshold", zone=StoragePool.zone_id)
HOST_MHZ = Host.cpus * Host.cpu_mhz * CPU_FACTOR
"""A host's CPU in MHz, over-commitment included."""
HOST_MB = Host.memory / float(MIB) * MEMORY_FACTOR
"""A host's memory in MB, over-commitment included."""

def used(*conditions: ColumnElement[bool]) -> Subquery:
    """What machines that meet the conditions hold, by host (MHz, MB, how many they are); join it outer on host_id."""
    return (
        select(Vm.host_id.label("host_id"), func.sum(Vm.cpus * Vm.speed).label("mhz"), func.sum(Vm.memory).label("mb"),
               func.count(Vm.id).label("machines"))
        .where(Vm.host_id.is_not(None), Vm.state.in_(HOLDS_CAPACITY), *conditions).group_by(Vm.host_id)
        .subquery("used")
    )


_DISKS = (
    select(func.coalesce(func.sum(Volume.size), 0))
    .where(Volume.pool_id == StoragePool.id, Volume.state.not_in(("Allocated", "Expunged")), Volume.removed.is_(None))
    .correlate(StoragePool).scalar_subquery()
)
_COPIES = (
    select(func.coalesce(func.sum(TemplateCopy.size), 0)).where(TemplateCopy.pool_id == StoragePool.id)
    .correlate(StoragePool).scalar_subquery()
)
PROMISED = _DISKS + _COPIES
"""Bytes of a pool promised to disks and template copies."""
