"""Restore a machine: a fresh root disk takes the place of its old one, which is kept until the machine runs again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, Step, db
from stratoform.model.base import new_uuid
from stratoform.model.compute import Vm
from stratoform.model.storage import Template, Volume

from .services import Ctx, Services
from .steps_vm import volumes_of
from .steps_volume import give_up, release, vanish
from .vm_start import STEPS
from .vm_stop import STOP_STEPS


def _look(ctx: Ctx, session: Session) -> Output:
    """What the machine had before, for the way back."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    old = next(v for v in volumes_of(session, vm.id) if v.type == "ROOT")
    return {"old_id": old.id, "template_id": vm.template_id, "guest_os_id": vm.guest_os_id}


def _swap(ctx: Ctx, session: Session) -> Output:
    """Sets the old root disk aside and records a new one."""
    vm, old = session.get_one(Vm, ctx.args["vm_id"]), session.get_one(Volume, ctx.out["look"]["old_id"])
    template = session.get_one(Template, ctx.args["template_id"])
    if _fresh(ctx, session) is None:
        release(session, old)
        session.add(Volume(
            uuid=ctx.args["uuid"], name=old.name, type="ROOT", account_id=vm.account_id, domain_id=vm.domain_id,
            zone_id=vm.zone_id, vm_id=vm.id, template_id=template.id, service_offering_id=vm.service_offering_id,
            device_id=0, size=max(template.size, old.size), display_volume=old.display_volume,
        ))
        vm.template_id, vm.guest_os_id = template.id, template.guest_os_id
        session.flush()
    return None


def _unswap(ctx: Ctx, session: Session) -> None:
    fresh = _fresh(ctx, session)
    if fresh is None:
        return
    before, vm = ctx.out["look"], session.get_one(Vm, ctx.args["vm_id"])
    vanish(session, fresh)
    release(session, fresh)
    old = session.get_one(Volume, before["old_id"])
    old.vm_id, old.device_id = vm.id, 0
    vm.template_id, vm.guest_os_id = before["template_id"], before["guest_os_id"]
    session.flush()


def _fresh(ctx: Ctx, session: Session) -> Volume | None:
    return session.scalar(select(Volume).where(Volume.uuid == ctx.args["uuid"]))


def _discard(ctx: Ctx, session: Session) -> Output:
    """From here on there is no way back."""
    give_up(session, session.get_one(Volume, ctx.out["look"]["old_id"]))
    return None


def _if_it_ran(step: Step[Services]) -> Step[Services]:
    """The step for a machine that ran when it was to be restored; one that was off stays off."""
    decides = step.do if step.in_transaction else step.plan
    assert decides is not None  # noqa: S101 - the steps of a start are such

    def decide(ctx: Ctx, session: Session) -> Any:
        return decides(ctx, session) if ctx.out["stop"]["was_on"] else None

    def undo(ctx: Ctx, *session: Session) -> None:
        if step.undo is not None and ctx.out.get("stop", {}).get("was_on"):
            step.undo(ctx, *session)

    taking_back = undo if step.undo is not None else None
    return replace(step, do=decide, undo=taking_back) if step.in_transaction else \
        replace(step, plan=decide, undo=taking_back)


SAGA: Saga[Services] = Saga("vm_restore", (
    *STOP_STEPS,
    db("look", "Looking at the machine's root disk", _look),
    db("swap", "Recording a fresh root disk", _swap, _unswap),
    *(_if_it_ran(step) for step in STEPS),
    db("discard", "Giving up the old root disk", _discard),
))


def order(vm: Vm, template: Template) -> Order:
    """The job that gives a machine a fresh root disk from the template."""
    args = {"vm_id": vm.id, "template_id": template.id, "uuid": new_uuid(), "forced": True, "host_id": None}
    return Order(SAGA.name, args, (Lock(f"vm:{vm.id}"), Lock(f"template:{template.id}", exclusive=False)))
