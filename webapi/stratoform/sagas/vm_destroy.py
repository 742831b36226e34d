"""Destroy (recoverable) and expunge (final) a virtual machine."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.base import now
from stratoform.model.compute import VM_STATES, Vm
from stratoform.model.storage import Volume
from stratoform.model.topology import Host

from . import steps_vm as vm_steps
from .services import Ctx, Services, act_on
from .steps_network import withdraw_addresses
from .steps_volume import give_up, reach, release, vanish
from .vm_stop import STOP_STEPS


def _destroy(ctx: Ctx, session: Session) -> Output:
    vm = session.get_one(Vm, ctx.args["vm_id"])
    VM_STATES.move(session, vm, "destroy", destroyed=vm.destroyed or now())
    for volume_id in ctx.args.get("volume_ids", ()):
        volume = session.get_one(Volume, volume_id)
        if volume.vm_id == vm.id:  # detached meanwhile, it is not the machine's to destroy any more
            give_up(session, volume)
    return None


def _undestroy(ctx: Ctx, session: Session) -> None:
    vm = session.get_one(Vm, ctx.args["vm_id"])
    if vm.state == "Destroyed":
        VM_STATES.move(session, vm, "recover", destroyed=None)


def _begin(ctx: Ctx, session: Session) -> Output:
    vm = session.get_one(Vm, ctx.args["vm_id"])
    VM_STATES.move(session, vm, "expunge")
    return None


def _unbegin(ctx: Ctx, session: Session) -> None:
    """What is deleted stays deleted: the machine is Destroyed again, and expunging it is tried again later."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    if vm.state == "Expunging":
        VM_STATES.move(session, vm, "fail to expunge", destroyed=vm.destroyed or now())


def _erase_domain(ctx: Ctx) -> Output:
    with ctx.services.db.read() as session:
        placed = session.get_one(Vm, ctx.args["vm_id"]).last_host_id
        host = session.get(Host, placed or 0)
    if host is not None and host.removed is None:
        vm_steps.erase_domain(ctx)
    return None


def _erase_volumes(ctx: Ctx) -> Output:
    db_ = ctx.services.db
    with db_.read() as session:
        todo = [(v.id, vm_steps.volume_args(session, v, "absent"), reach(session, ctx.services, v))
                for v in vm_steps.volumes_of(session, ctx.args["vm_id"])
                if v.pool_id is not None and v.type == "ROOT"]
    for volume_id, args, target in todo:
        if target is not None:
            act_on(ctx, target, "volume", args)

        def gone(session: Session, row_id: int = volume_id) -> None:
            vanish(session, session.get_one(Volume, row_id))

        db_.write(gone)
    return None


def _vanish(ctx: Ctx, session: Session) -> Output:
    vm = session.get_one(Vm, ctx.args["vm_id"])
    for volume in vm_steps.volumes_of(session, vm.id):
        if volume.type == "ROOT":  # it was never made
            vanish(session, volume)
        else:  # data disks outlive their machine
            release(session, volume)
    VM_STATES.move(session, vm, "vanish", removed=now(), host_id=None)
    return None


def _withdraw(ctx: Ctx) -> Output:
    withdraw_addresses(ctx)
    return None


_DESTROY = (*STOP_STEPS, db("destroy", "Recording that it is destroyed", _destroy, _undestroy))
_EXPUNGE = (
    db("expunge", "Beginning to expunge", _begin, _unbegin),
    act("domain", "Removing the guest from its host", _erase_domain),
    act("volumes", "Deleting the root disk", _erase_volumes),
    act("addresses", "Giving the addresses back", _withdraw),
    db("vanish", "Recording that it is gone", _vanish),
)

DESTROY: Saga[Services] = Saga("vm_destroy", _DESTROY)
EXPUNGE: Saga[Services] = Saga("vm_expunge", _EXPUNGE)
# Destroyed stays destroyed when expunging fails: the expunge reconciler tries again.
DESTROY_AND_EXPUNGE: Saga[Services] = Saga("vm_destroy_expunge", (
    *STOP_STEPS, db("destroy", "Recording that it is destroyed", _destroy), *_EXPUNGE,
))


def order(vm: Vm, *, expunge: bool, volumes: Sequence[Volume] = ()) -> Order:
    """The job that destroys a machine with those of its data disks, and expunges it at once when told to."""
    saga = DESTROY_AND_EXPUNGE if expunge else DESTROY
    args = {"vm_id": vm.id, "forced": True, "volume_ids": [volume.id for volume in volumes]}
    return Order(saga.name, args, (Lock(f"vm:{vm.id}"), *(Lock(f"volume:{volume.id}") for volume in volumes)))


def expunge_order(vm: Vm) -> Order:
    """The job that expunges a destroyed machine."""
    return Order(EXPUNGE.name, {"vm_id": vm.id}, (Lock(f"vm:{vm.id}"),))
