"""Which host: what a machine needs against what hosts have left, derived from the machines placed there now."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Float,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from stratoform.db.types import has_word
from stratoform.model.capacity import HOST_MB, HOST_MHZ, used
from stratoform.model.compute import Vm
from stratoform.model.hypervisors import HypervisorCapability
from stratoform.model.storage import StoragePool
from stratoform.model.topology import Cluster, Host, Pod, Zone

from .filters import Filter, NoPlace, explain, passing


@dataclass(frozen=True)
class Need:
    """What a machine needs of its host: vCPUs, MHz each, MB; and where it must or would rather be."""

    zone_id: int
    hypervisor: str
    cpus: int
    speed: int
    memory: int
    host_tags: tuple[str, ...] = ()
    host_id: int | None = None  # demanded
    pool_ids: tuple[int, ...] = ()  # pools its disks are on already
    last_host_id: int | None = None  # preferred
    pod_ids: tuple[int, ...] = ()  # pods its addresses belong to (basic zones)

    def __str__(self) -> str:
        """The need as refusals put it."""
        return f"a machine of {self.cpus} x {self.speed} MHz and {self.memory} MB"


WINDOW = 64
"""How many hosts are weighed against each other where there are many."""

_SOMEWHERE = (
    select(Host).join(Cluster, Cluster.id == Host.cluster_id).join(Pod, Pod.id == Host.pod_id)
    .join(Zone, Zone.id == Host.zone_id).where(Host.removed.is_(None))
)


def candidates(session: Session, need: Need, *more: ColumnElement[bool], most: int = 10) -> list[Host]:
    """Hosts that can take the machine, the best first of all or, where there are many, of some taken at random.

    To weigh all of many hosts costs more than it gains, and who places at the same moment would choose the same.

    Args:
        session: any session.
        need: what the machine needs.
        more: further conditions on Host.
        most: how many are wanted.
    """
    some = _some(session, need, more)
    near = _best_of(need, some=True).where(*more).limit(most)
    found = list(session.scalars(near, {"some": some})) if some else []
    if found or len(some) < WINDOW:
        return found
    return list(session.scalars(_best_of(need, some=False).where(*more).limit(most)))


def refusal(session: Session, need: Need) -> NoPlace:
    """Why no host can take the machine, filter by filter."""
    held = used()
    everywhere = _weighed(held).where(Host.zone_id == need.zone_id)
    rules = [*_lasting(need), *_room(need, held)]
    return NoPlace(str(need), "host", explain(session, everywhere, Host.name.expression, rules))


def _some(session: Session, need: Need, more: Sequence[ColumnElement[bool]]) -> list[int]:
    """Ids of hosts that might take the machine: all when they are few, else WINDOW of them and its last."""
    able = _able(need).where(*more, *_near(session, need))
    first = list(session.scalars(able, {"begin": 0}))
    if len(first) < WINDOW:
        return first
    begin = random.randint(first[0], session.scalar(select(func.max(Host.id))) or 0)  # noqa: S311 - a choice, no secret
    near = list(session.scalars(able, {"begin": begin}))
    last = [need.last_host_id] if need.last_host_id is not None else []
    return [*last, *near, *first[:WINDOW - len(near)]]


@lru_cache(512)  # machines of one offering need the same
def _able(need: Need) -> Select[int]:
    """Ids from ``begin`` on of hosts that, as far as their own rows tell, might take the machine.

    No other table is joined: an index gives these rows in this order, and the database stops at the limit.
    """
    hosts = select(Host.id).where(Host.removed.is_(None), Host.zone_id == need.zone_id)
    own = [rule for rule in _lasting(need) if not rule.beyond]
    return passing(hosts, own).where(Host.id >= bindparam("begin")).order_by(Host.id).limit(WINDOW)


def _near(session: Session, need: Need) -> list[ColumnElement[bool]]:
    """Where hosts must be to reach the pools its disks are on."""
    pools = session.scalars(select(StoragePool).where(StoragePool.id.in_(need.pool_ids))) if need.pool_ids else ()
    return [
        Host.id == pool.host_id if pool.host_id is not None else Host.cluster_id == pool.cluster_id
        for pool in pools if pool.host_id is not None or pool.scope != "ZONE"
    ]


@lru_cache(512)
def _best_of(need: Need, *, some: bool) -> Select[Host]:
    """Hosts that can take the machine, best first; ``some``: of those whose ids are given so."""
    ids: BindParameter[int] = bindparam("some", expanding=True)
    held = used(Vm.host_id.in_(ids)) if some else used()
    # Weighers: its last host first (its disks may be cached there), then the largest part of memory free.
    order = [
        case((Host.id == (need.last_host_id or 0), 0), else_=1),
        (cast(_free_mb(held), Float) / HOST_MB).desc(), (cast(_free_mhz(held), Float) / HOST_MHZ).desc(), Host.id,
    ]
    rules = [*_lasting(need), *_room(need, held)]
    fitting = passing(_weighed(held).where(Host.zone_id == need.zone_id), rules).order_by(*order)
    return fitting.where(Host.id.in_(ids)) if some else fitting


def _weighed(held: Subquery) -> Select[Host]:
    return _SOMEWHERE.outerjoin(held, held.c.host_id == Host.id)


def _free_mhz(held: Subquery) -> ColumnElement[Any]:
    return HOST_MHZ - func.coalesce(held.c.mhz, 0)


def _free_mb(held: Subquery) -> ColumnElement[Any]:
    return HOST_MB - func.coalesce(held.c.mb, 0)


def _lasting(need: Need) -> list[Filter]:
    """What does not depend on the machines a host has now."""
    rules = [
        Filter(Host.hypervisor == need.hypervisor, f"do not run {need.hypervisor}"),
        Filter(and_(Zone.allocation_state == "Enabled", Pod.allocation_state == "Enabled",
                    Cluster.allocation_state == "Enabled", Cluster.managed_state == "Managed"),
               "are in a disabled zone, pod or cluster", beyond=True),
        Filter(Host.state == "Up", "are not connected"),
        Filter(Host.resource_state == "Enabled", "are disabled or in maintenance"),
    ]
    if need.host_id is not None:
        rules.append(Filter(Host.id == need.host_id, "are not the host asked for"))
    if need.pod_ids:
        rules.append(Filter(Host.pod_id.in_(need.pod_ids), "are in another pod than its addresses"))
    rules += [Filter(has_word(Host.tags, tag), f"lack the tag '{tag}'") for tag in need.host_tags]
    for pool_id in need.pool_ids:
        rules.append(Filter(reaches(pool_id), "do not reach the storage its disks are on", beyond=True))
        rules.append(Filter(_serves(pool_id), "cannot use the storage its disks are on, which is in maintenance",
                            beyond=True))
    rules += [
        Filter(Host.cpus >= need.cpus, f"have fewer than {need.cpus} CPUs", Host.cpus.expression, "CPUs"),
        Filter(Host.cpu_mhz >= need.speed, f"have CPUs slower than {need.speed} MHz", Host.cpu_mhz.expression, "MHz"),
    ]
    return rules


def _room(need: Need, held: Subquery) -> list[Filter]:
    """What does."""
    cpu, free_cpu, free_memory = need.cpus * need.speed, _free_mhz(held), _free_mb(held)
    return [
        Filter(free_cpu >= cpu, f"have less than {cpu} MHz of CPU free", free_cpu, "MHz"),
        Filter(free_memory >= need.memory, f"have less than {need.memory} MB of memory free", free_memory, "MB"),
        Filter(func.coalesce(held.c.machines, 0) < _most_guests(need),
               f"have as many machines as a {need.hypervisor} host may (updateHypervisorCapabilities)"),
    ]


def _most_guests(need: Need) -> ColumnElement[Any]:
    """How many machines a host of the hypervisor takes."""
    kind = HypervisorCapability
    return func.coalesce(select(kind.max_guests).where(kind.hypervisor == need.hypervisor).scalar_subquery(), 2**31)


def _serves(pool_id: int) -> ColumnElement[bool]:
    return select(StoragePool.id).where(StoragePool.id == pool_id, StoragePool.state != "Maintenance").exists()


def reaches(pool_id: int) -> ColumnElement[bool]:
    """Hosts that can use the pool: its own one, those of its cluster, or of its zone."""
    return (
        select(StoragePool.id)
        .where(
            StoragePool.id == pool_id,
            or_(
                StoragePool.host_id == Host.id,
                and_(StoragePool.host_id.is_(None),
                     or_(StoragePool.scope == "ZONE", StoragePool.cluster_id == Host.cluster_id)),
            ),
        )
        .exists()
    )
