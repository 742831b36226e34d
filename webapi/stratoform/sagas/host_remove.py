"""Remove a host: take its routers and storage pools off it, forget it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError
from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.base import now
from stratoform.model.compute import VM_STATES, Vm
from stratoform.model.network import Router
from stratoform.model.storage import StoragePool
from stratoform.model.topology import HOST_STATES, Host
from stratoform.nodes.port import NodeError

from .pool_hosts import pools_of
from .services import Ctx, Services, act_on, target_of
from .steps_network import absent
from .steps_vm import domain_args
from .storage import pool_args


def _power_off(ctx: Ctx) -> Output:
    """Switches off the machines on the host. No force goes past this: a machine not proven off might run twice."""
    with ctx.services.db.read() as session:
        host = session.get_one(Host, ctx.args["host_id"])
        todo = [domain_args(session, vm, {}, "absent") for vm in _on(session, host)]
    for args in todo:
        ctx.progress(f"Switching off {args['name']}")
        act_on(ctx, target_of(host, ctx.services.vault), "domain", {**args, "force": True})
    return None


def _on(session: Session, host: Host) -> list[Vm]:
    return list(session.scalars(select(Vm).where(Vm.host_id == host.id, Vm.state == "Running")))


def _leave(ctx: Ctx) -> Output:
    """Takes our things off the host. A forced removal does not wait for a host that does not answer."""
    with ctx.services.db.read() as session:
        host = session.get_one(Host, ctx.args["host_id"])
        routers = session.scalars(select(Router).where(Router.host_id == host.id, Router.removed.is_(None))).all()
        todo = [("router", absent(r)) for r in routers]
        todo += [("pool", pool_args(p, "absent")) for p in pools_of(session, host)]
    target = target_of(host, ctx.services.vault)
    for operation, args in todo:
        try:
            act_on(ctx, target, operation, args)
        except (ApiError, NodeError):
            if not ctx.args["forced"]:
                raise
            ctx.progress(f"{operation} could not be taken off the host; going on, as forced")
    return None


def _forget(ctx: Ctx, session: Session) -> Output:
    host = session.get_one(Host, ctx.args["host_id"])
    for vm in _on(session, host):
        VM_STATES.move(session, vm, "halt", host_id=None, last_host_id=None)
    for pool in session.scalars(select(StoragePool).where(StoragePool.host_id == host.id)):
        pool.removed = pool.removed or now()
    HOST_STATES.move(session, host, "remove", removed=now())
    return None


SAGA: Saga[Services] = Saga("host_remove", (
    act("power off", "Switching off the machines on it", _power_off),
    act("leave", "Taking routers and storage off the host", _leave),
    db("forget", "Forgetting the host", _forget),
))


def order(host: Host, *, forced: bool) -> Order:
    """The job that removes a host; forced: even when it does not answer, or machines run on it."""
    return Order(SAGA.name, {"host_id": host.id, "forced": forced}, (Lock(f"host:{host.id}"),))
