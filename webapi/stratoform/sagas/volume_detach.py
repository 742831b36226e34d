"""Detach a disk: a running guest lets go of it first, so that everything it wrote is there."""

from __future__ import annotations

from sqlalchemy.orm import Session

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.compute import Vm
from stratoform.model.storage import Volume

from .services import Ctx, Services
from .steps_volume import demand_detachable, release, volume_and_vm
from .volume_attach import plug


def _check(ctx: Ctx, session: Session) -> Output:
    volume, vm = volume_and_vm(ctx, session)
    demand_detachable(volume, vm)
    return None


def _unplug(ctx: Ctx) -> Output:
    plug(ctx, "absent")
    return None


def _plug(ctx: Ctx) -> None:
    plug(ctx, "present")


def _detached(ctx: Ctx, session: Session) -> Output:
    release(session, session.get_one(Volume, ctx.args["volume_id"]))
    return None


SAGA: Saga[Services] = Saga("volume_detach", (
    db("check", "Checking that the disk is attached", _check),
    act("unplug", "Waiting for the guest to let go of the disk", _unplug, _plug),
    db("detached", "Recording that it is detached", _detached),
))


def order(volume: Volume, vm: Vm) -> Order:
    """The job that detaches a disk from its machine."""
    return Order(SAGA.name, {"volume_id": volume.id, "vm_id": vm.id},
                 (Lock(f"volume:{volume.id}"), Lock(f"vm:{vm.id}")))
