"""Delete a network: its router goes, its ranges and record with it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.base import now
from stratoform.model.network import NETWORK_STATES, IpRange, Network, Nic

from .services import Ctx, Services
from .steps_network import remove_routers


def _check(ctx: Ctx, session: Session) -> Output:
    """Again under the lock: a machine may have been deployed since the request."""
    guests = session.scalar(select(Nic.id).where(
        Nic.network_id == ctx.args["network_id"], Nic.vm_id.is_not(None)).limit(1))
    if guests is not None:
        raise ApiError(Fault.IN_USE, "The network still has virtual machines; expunge them first")
    return None


def _forget(ctx: Ctx, session: Session) -> Output:
    network = session.get_one(Network, ctx.args["network_id"])
    for span in session.scalars(select(IpRange).where(IpRange.network_id == network.id, IpRange.removed.is_(None))):
        span.removed = now()
    NETWORK_STATES.move(session, network, "delete", removed=network.removed or now())
    return None


SAGA: Saga[Services] = Saga("network_remove", (
    db("check", "Checking that nothing is on it", _check),
    act("routers", "Removing its router", remove_routers),
    db("forget", "Forgetting the network", _forget),
))


def order(network: Network) -> Order:
    """The job that deletes a network."""
    return Order(SAGA.name, {"network_id": network.id}, (Lock(f"network:{network.id}"),))
