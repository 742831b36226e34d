"""Which host: what a machine needs against what hosts have left, derived from the machines placed there now."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, Subquery, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from stratoform.db.types import has_word
from stratoform.model.capacity import HOST_MB, HOST_MHZ, used
from stratoform.model.compute import Vm
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
    found = _best(session, need, used(Vm.host_id.in_(some)), (Host.id.in_(some), *more), most) if some else []
    return found if found or len(some) < WINDOW else _best(session, need, used(), more, most)


def refusal(session: Session, need: Need) -> NoPlace:
    """Why no host can take the machine, filter by filter."""
    held = used()
    everywhere = _weighed(held).where(Host.zone_id == need.zone_id)
    rules = [*_lasting(need), *_room(need, held)]
    return NoPlace(str(need), "host", explain(session, everywhere, Host.name.expression, rules))


def _some(session: Session, need: Need, more: Sequence[ColumnElement[bool]]) -> list[int]:
    """Ids of hosts that could take the machine if they had room: all when they are few, else WINDOW and its last."""
    able = passing(_SOMEWHERE.where(Host.zone_id == need.zone_id, *more), _lasting(need)).with_only_columns(Host.id)
    able = able.order_by(Host.id).limit(WINDOW)
    first = list(session.scalars(able))
    if len(first) < WINDOW:
        return first
    begin = random.randint(first[0], session.scalar(select(func.max(Host.id))) or 0)  # noqa: S311 - a choice, no secret
    near = list(session.scalars(able.where(Host.id >= begin)))
    last = [need.last_host_id] if need.last_host_id is not None else []
    return [*last, *near, *first[:WINDOW - len(near)]]


def _best(
    session: Session, need: Need, held: Subquery, conditions: Sequence[ColumnElement[bool]], most: int,
) -> list[Host]:
    # Weighers: its last host first (its disks may be cached there), then the largest part of memory free.
    order = [
        case((Host.id == (need.last_host_id or 0), 0), else_=1),
        (cast(_free_mb(held), Float) / HOST_MB).desc(), (cast(_free_mhz(held), Float) / HOST_MHZ).desc(), Host.id,
    ]
    rules = [*_lasting(need), *_room(need, held)]
    fitting = passing(_weighed(held).where(Host.zone_id == need.zone_id, *conditions), rules)
    return list(session.scalars(fitting.order_by(*order).limit(most)))


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
               "are in a disabled zone, pod or cluster"),
        Filter(Host.state == "Up", "are not connected"),
        Filter(Host.resource_state == "Enabled", "are disabled or in maintenance"),
    ]
    if need.host_id is not None:
        rules.append(Filter(Host.id == need.host_id, "are not the host asked for"))
    if need.pod_ids:
        rules.append(Filter(Host.pod_id.in_(need.pod_ids), "are in another pod than its addresses"))
    rules += [Filter(has_word(Host.tags, tag), f"lack the tag '{tag}'") for tag in need.host_tags]
    for pool_id in need.pool_ids:
        rules.append(Filter(reaches(pool_id), "do not reach the storage its disks are on"))
        rules.append(Filter(_serves(pool_id), "cannot use the storage its disks are on, which is in maintenance"))
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
    ]


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
