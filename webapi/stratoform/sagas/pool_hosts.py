"""Which hosts reach a pool."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.model.storage import ATTACHED, StoragePool
from stratoform.model.topology import Host


def _reaching(pool: StoragePool) -> Select[Host]:
    query = select(Host).where(Host.removed.is_(None), Host.zone_id == pool.zone_id, Host.hypervisor == pool.hypervisor)
    if pool.host_id is not None:
        return query.where(Host.id == pool.host_id)
    if pool.scope == "CLUSTER":
        return query.where(Host.cluster_id == pool.cluster_id)
    return query


def connected(session: Session, pool: StoragePool) -> list[Host]:
    """The connected hosts that reach the pool."""
    return list(session.scalars(_reaching(pool).where(Host.state == "Up").order_by(Host.id)))


def one_host(session: Session, pool: StoragePool) -> Host:
    """Any connected host that reaches the pool.

    Raises:
        ApiError: RESOURCE_UNAVAILABLE, when there is none now.
    """
    host = session.scalar(_reaching(pool).where(Host.state == "Up").order_by(Host.id).limit(1))
    if host is None:
        raise ApiError(Fault.RESOURCE_UNAVAILABLE,
                       f"No connected host reaches primary storage {pool.name}; try again when one is back")
    return host


def pools_of(session: Session, host: Host) -> list[StoragePool]:
    """The pools a host reaches."""
    query = select(StoragePool).where(
        StoragePool.removed.is_(None), StoragePool.state.in_(ATTACHED), StoragePool.zone_id == host.zone_id,
        StoragePool.hypervisor == host.hypervisor,
    )
    return [
        p for p in session.scalars(query)
        if p.host_id in {None, host.id} and (p.scope != "CLUSTER" or p.cluster_id == host.cluster_id)
    ]
