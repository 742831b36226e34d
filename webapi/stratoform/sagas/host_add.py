"""Add a host: ask it who it is, record that, attach the storage of its cluster."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.base import now
from stratoform.model.topology import HOST_STATES, Host

from .pool_hosts import pools_of
from .services import Ctx, Services, act_on, target_of
from .storage import pool_args


def _recorded(ctx: Ctx, session: Session) -> Output:
    session.get_one(Host, ctx.args["host_id"])
    return None


def _forget(ctx: Ctx, session: Session) -> None:
    host = session.get_one(Host, ctx.args["host_id"])
    HOST_STATES.move(session, host, "remove", removed=now())


def _ask(ctx: Ctx) -> Output:
    with ctx.services.db.read() as session:
        host = session.get_one(Host, ctx.args["host_id"])
    return dict(act_on(ctx, target_of(host, ctx.services.vault), "facts", {}))


def _record_facts(ctx: Ctx, session: Session) -> Output:
    host, facts = session.get_one(Host, ctx.args["host_id"]), ctx.out["ask"]
    twin = session.scalar(select(Host.id).where(
        Host.removed.is_(None), Host.id != host.id, Host.name == facts["name"], Host.cluster_id == host.cluster_id))
    if twin is not None and host.hypervisor != "Simulator":
        raise ApiError(Fault.BAD_PARAMETER,
                       f"Invalid parameter url: a host named {facts['name']} is in the cluster already")
    host.name = facts["name"]
    host.cpus, host.cpu_sockets, host.cpu_mhz = facts["cpus"], facts.get("cpu_sockets"), facts["cpu_mhz"]
    host.memory = facts["memory_bytes"]
    host.hypervisor_version = facts.get("hypervisor_version")
    host.version = facts.get("libvirt_version")
    host.capabilities = facts.get("capabilities")
    host.details = {**host.details, **{k: str(facts[k]) for k in ("os", "kernel", "acceleration") if facts.get(k)}}
    return None


def _attach(ctx: Ctx) -> Output:
    with ctx.services.db.read() as session:
        host = session.get_one(Host, ctx.args["host_id"])
        todo = [pool_args(pool, "present") for pool in pools_of(session, host)]
    for args in todo:
        act_on(ctx, target_of(host, ctx.services.vault), "pool", args)
    return None


def _detach(ctx: Ctx) -> None:
    with ctx.services.db.read() as session:
        host = session.get_one(Host, ctx.args["host_id"])
        todo = [pool_args(pool, "absent") for pool in pools_of(session, host)]
    for args in todo:
        act_on(ctx, target_of(host, ctx.services.vault), "pool", args)


def _up(ctx: Ctx, session: Session) -> Output:
    host = session.get_one(Host, ctx.args["host_id"])
    HOST_STATES.move(session, host, "connect", last_pinged=now(), disconnected=None)
    return None


SAGA: Saga[Services] = Saga("host_add", (
    db("record", "Recording the host", _recorded, _forget),
    act("ask", "Asking the host who it is", _ask),
    db("facts", "Recording what it is", _record_facts),
    act("pools", "Attaching the cluster's storage", _attach, _detach),
    db("up", "Taking the host into service", _up),
))


def order(host: Host) -> Order:
    """The job that takes a recorded host (state Creating) into service."""
    locks = (Lock(f"host:{host.id}"), Lock(f"cluster:{host.cluster_id}", exclusive=False))
    return Order(SAGA.name, {"host_id": host.id}, locks)
