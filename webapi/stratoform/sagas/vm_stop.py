"""Stop and reboot a virtual machine."""

from __future__ import annotations

from sqlalchemy.orm import Session

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db, planned
from stratoform.model.compute import VM_STATES, Vm

from . import steps_vm as vm_steps
from .services import Ctx, Services
from .steps_network import plan_routers, teach_routers


def begin_stop(ctx: Ctx, session: Session) -> Output:
    """From Running to Stopping; a machine that is off already stays so."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    if vm.state == "Running":
        VM_STATES.move(session, vm, "stop")
    return {"was_on": vm.state == "Stopping"}


def unbegin_stop(ctx: Ctx, session: Session) -> None:
    """Back to Running; if the guest died after all, the watcher says so."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    if vm.state == "Stopping":
        VM_STATES.move(session, vm, "fail to stop")


def switch_off(ctx: Ctx) -> Output:
    """Powers off what was on."""
    return vm_steps.power_off(ctx) if ctx.out["stop"]["was_on"] else None


def end_stop(ctx: Ctx, session: Session) -> Output:
    """Records that it is off."""
    return vm_steps.mark_stopped(ctx, session) if ctx.out["stop"]["was_on"] else None


STOP_STEPS = (
    db("stop", "Beginning to stop", begin_stop, unbegin_stop),
    act("power off", "Shutting the guest down", switch_off),
    db("stopped", "Recording that it is off", end_stop),
)

SAGA: Saga[Services] = Saga("vm_stop", STOP_STEPS)


def _off(ctx: Ctx) -> Output:
    return vm_steps.power_off(ctx)


# A reboot is stop and start on the same host; the claim stays, so no other machine takes its place meanwhile.
REBOOT: Saga[Services] = Saga("vm_reboot", (
    planned("bridges", "Checking the host's bridges", vm_steps.plan_bridges, vm_steps.make_bridges),
    act("power off", "Shutting the guest down", _off),
    planned("routers", "Telling the network's router", plan_routers, teach_routers),
    planned("power", "Powering on", vm_steps.plan_power, vm_steps.power_on),
))


def order(vm: Vm, *, forced: bool) -> Order:
    """The job that stops a machine."""
    return Order(SAGA.name, {"vm_id": vm.id, "forced": forced}, (Lock(f"vm:{vm.id}"),))


def reboot_order(vm: Vm) -> Order:
    """The job that reboots a running machine."""
    return Order(REBOOT.name, {"vm_id": vm.id}, (Lock(f"vm:{vm.id}"),))
