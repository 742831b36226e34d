"""Attach a disk: place and make it when it is the first time, plug it in when the guest runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.base import now
from stratoform.model.compute import Vm
from stratoform.model.storage import VOLUME_STATES, Volume
from stratoform.model.topology import Host
from stratoform.scheduler.claim import claim_pool

from .services import Ctx, Services, act_on, target_of
from .steps_vm import volume_args, volumes_of
from .steps_volume import (
    demand_attachable,
    guest_disk_args,
    host_for,
    release,
    running_on,
    volume_and_vm,
)


def _claim(ctx: Ctx, session: Session) -> Output:
    """Gives the disk its device and, the first time, its pool.

    The output says on which host it is to be made: None when it is made already, or when the machine was never
    placed, for then the machine's start places both.
    """
    volume, vm = volume_and_vm(ctx, session)
    device = demand_attachable(session, volume, vm, ctx.args["device_id"])
    host = None
    if volume.state != "Ready" and (vm.host_id is not None or _is_placed(session, vm)):
        host = host_for(session, vm)
        if host is None:
            raise ApiError(Fault.RESOURCE_UNAVAILABLE,
                           f"Unable to attach volume {volume.name}: no connected host reaches the disks of virtual "
                           f"machine {vm.display_name}; try again when one is back")
        if volume.state == "Allocated":
            claim_pool(session, volume, host)
    volume.vm_id, volume.device_id = vm.id, device
    session.flush()
    return {"make_on": host.id if host is not None else None}


def _is_placed(session: Session, vm: Vm) -> bool:
    return any(v.type == "ROOT" and v.pool_id is not None for v in volumes_of(session, vm.id))


def _unclaim(ctx: Ctx, session: Session) -> None:
    volume = session.get_one(Volume, ctx.args["volume_id"])
    if "claim" not in ctx.out or volume.vm_id != ctx.args["vm_id"]:
        return
    release(session, volume)
    if ctx.out["claim"]["make_on"] is not None and volume.state in {"Creating", "Ready"}:
        VOLUME_STATES.move(session, volume, "unplace", pool_id=None, path=None)


def _make(ctx: Ctx) -> Output:
    facts = _on_pool(ctx, "present")
    if facts is not None:
        ctx.services.db.write(lambda s: VOLUME_STATES.move(
            s, s.get_one(Volume, ctx.args["volume_id"]), "become ready", path=facts.get("path")))
    return None


def _unmake(ctx: Ctx) -> None:
    _on_pool(ctx, "absent")


def _on_pool(ctx: Ctx, state: str) -> Any:
    """Makes or deletes the disk's file, if this job placed it; None when it did not."""
    host_id = ctx.out.get("claim", {}).get("make_on")
    with ctx.services.db.read() as session:
        volume = session.get_one(Volume, ctx.args["volume_id"])
        if host_id is None or volume.pool_id is None:
            return None
        args = volume_args(session, volume, state)
        target = target_of(session.get_one(Host, host_id), ctx.services.vault)
    return act_on(ctx, target, "volume", args)


def _plug(ctx: Ctx) -> Output:
    plug(ctx, "present")
    return None


def _unplug(ctx: Ctx) -> None:
    plug(ctx, "absent")


def plug(ctx: Ctx, state: str) -> None:
    """Plugs the disk into the guest or unplugs it; a machine that does not run learns of it when it starts."""
    with ctx.services.db.read() as session:
        volume, vm = volume_and_vm(ctx, session)
        target = running_on(session, ctx.services, vm)
        if target is None or volume.vm_id != vm.id:
            return
        args = guest_disk_args(session, vm, volume, state)
    act_on(ctx, target, "guest_disk", args)


def _attached(ctx: Ctx, session: Session) -> Output:
    session.get_one(Volume, ctx.args["volume_id"]).attached = now()
    return None


SAGA: Saga[Services] = Saga("volume_attach", (
    db("claim", "Choosing storage for the disk", _claim, _unclaim),
    act("make", "Making the disk", _make, _unmake),
    act("plug", "Plugging the disk in", _plug, _unplug),
    db("attached", "Recording that it is attached", _attached),
))


def order(volume: Volume, vm: Vm, device_id: int | None) -> Order:
    """The job that attaches a disk to a machine."""
    return Order(SAGA.name, {"volume_id": volume.id, "vm_id": vm.id, "device_id": device_id},
                 (Lock(f"volume:{volume.id}"), Lock(f"vm:{vm.id}")))
