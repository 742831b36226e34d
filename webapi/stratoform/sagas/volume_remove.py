"""Delete a disk that is no machine's, with its data."""

from __future__ import annotations

from sqlalchemy.orm import Session

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.storage import VOLUME_STATES, Volume

from .services import Ctx, Services, act_on
from .steps_vm import volume_args
from .steps_volume import reach, unable, vanish


def demand_deletable(volume: Volume) -> None:
    """Refuses to delete a machine's disk; a root disk that a machine has given up is destroyed already.

    Raises:
        ApiError: BAD_PARAMETER, saying what it belongs to.
    """
    if volume.type == "ROOT" and (volume.vm_id is not None or volume.state in {"Allocated", "Creating", "Ready"}):
        raise unable("delete", volume, "it is a root disk, which goes with its machine")
    if volume.vm_id is not None:
        raise unable("delete", volume, "it is attached to a virtual machine; detach it first")


def _begin(ctx: Ctx, session: Session) -> Output:
    volume = session.get_one(Volume, ctx.args["volume_id"])
    demand_deletable(volume)
    if volume.state != "Expunged":
        VOLUME_STATES.move(session, volume, "expunge")
    return None


def _unbegin(ctx: Ctx, session: Session) -> None:
    """What was to be deleted is nobody's to use any more: cleaning deletes it later."""
    volume = session.get_one(Volume, ctx.args["volume_id"])
    if volume.state == "Expunging":
        VOLUME_STATES.move(session, volume, "fail to expunge")


def _erase(ctx: Ctx) -> Output:
    with ctx.services.db.read() as session:
        volume = session.get_one(Volume, ctx.args["volume_id"])
        target = reach(session, ctx.services, volume)
        args = volume_args(session, volume, "absent") if target is not None else {}
    if target is not None:
        act_on(ctx, target, "volume", args)
    return None


def _vanish(ctx: Ctx, session: Session) -> Output:
    vanish(session, session.get_one(Volume, ctx.args["volume_id"]))
    return None


SAGA: Saga[Services] = Saga("volume_remove", (
    db("begin", "Beginning to delete the disk", _begin, _unbegin),
    act("erase", "Deleting its data", _erase),
    db("vanish", "Recording that it is gone", _vanish),
))


def order(volume: Volume) -> Order:
    """The job that deletes a disk."""
    return Order(SAGA.name, {"volume_id": volume.id}, (Lock(f"volume:{volume.id}"),))
