"""Which host: what a machine needs against what hosts have left, derived from the machines placed there now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from stratoform.db.types import has_word
from stratoform.model.capacity import HOST_MB, HOST_MHZ, USED
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


_EVERYWHERE = (
    select(Host).join(Cluster, Cluster.id == Host.cluster_id).join(Pod, Pod.id == Host.pod_id)
    .join(Zone, Zone.id == Host.zone_id).outerjoin(USED, USED.c.host_id == Host.id).where(Host.removed.is_(None))
)


def candidates(session: Session, need: Need, *more: ColumnElement[bool], most: int = 10) -> list[Host]:
    """The hosts that can take the machine, best first.

    Args:
        session: any session.
        need: what the machine needs.
        more: further conditions on Host.
        most: how many are wanted.
    """
    rules, order = _rules(need)
    fitting = passing(_EVERYWHERE.where(Host.zone_id == need.zone_id, *more), rules)
    return list(session.scalars(fitting.order_by(*order).limit(most)))


def refusal(session: Session, need: Need) -> NoPlace:
    """Why no host can take the machine, filter by filter."""
    everywhere = _EVERYWHERE.where(Host.zone_id == need.zone_id)
    return NoPlace(str(need), "host", explain(session, everywhere, Host.name.expression, _rules(need)[0]))


def _rules(need: Need) -> tuple[Sequence[Filter], Sequence[Any]]:
    cpu = need.cpus * need.speed
    free_cpu = HOST_MHZ - func.coalesce(USED.c.mhz, 0)
    free_memory = HOST_MB - func.coalesce(USED.c.mb, 0)
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
    rules += [
        Filter(Host.cpus >= need.cpus, f"have fewer than {need.cpus} CPUs", Host.cpus.expression, "CPUs"),
        Filter(Host.cpu_mhz >= need.speed, f"have CPUs slower than {need.speed} MHz", Host.cpu_mhz.expression, "MHz"),
        Filter(free_cpu >= cpu, f"have less than {cpu} MHz of CPU free", free_cpu, "MHz"),
        Filter(free_memory >= need.memory, f"have less than {need.memory} MB of memory free", free_memory, "MB"),
    ]
    # Weighers: its last host first (its disks may be cached there), then the largest part of memory free.
    order = [
        case((Host.id == (need.last_host_id or 0), 0), else_=1),
        (cast(free_memory, Float) / HOST_MB).desc(), (cast(free_cpu, Float) / HOST_MHZ).desc(), Host.id,
    ]
    return rules, order


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
