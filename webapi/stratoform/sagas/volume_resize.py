"""Change a disk's size or offering: in a running guest, which sees it at once, or on its pool."""

from __future__ import annotations

from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.compute import Vm
from stratoform.model.storage import StoragePool, Volume
from stratoform.scheduler.claim import claim_room

from .services import Ctx, Services, act_on
from .steps_vm import volume_args
from .steps_volume import guest_disk_args, reach, running_on, unable

GIB = 2**30


def _begin(ctx: Ctx, session: Session) -> Output:
    """Takes the room and records size and offering; what was before stands in the job's arguments."""
    args, volume = ctx.args, session.get_one(Volume, ctx.args["volume_id"])
    now_ = [volume.size, volume.disk_offering_id]
    if volume.removed is not None or volume.vm_id != args["vm_id"] or now_ not in (args["before"], args["after"]):
        raise unable("resize", volume, "it was attached, detached or changed meanwhile; look at it and try again")
    vm = session.get(Vm, volume.vm_id or 0)
    more = args["after"][0] - volume.size
    if more < 0 and vm is not None and vm.state == "Running":
        raise unable("resize", volume, "no guest bears that a disk shrinks while it runs; stop it or detach the disk")
    if more > 0 and volume.pool_id is not None:
        pool = session.get_one(StoragePool, volume.pool_id)
        if not claim_room(session, pool, more):
            raise ApiError(Fault.INSUFFICIENT_CAPACITY, f"Unable to resize volume {volume.name}: its primary storage "
                                                        f"cannot promise {more / GIB:.2f} GB more")
    volume.size, volume.disk_offering_id = args["after"]
    session.flush()
    return None


def _unbegin(ctx: Ctx, session: Session) -> None:
    volume = session.get_one(Volume, ctx.args["volume_id"])
    if "begin" in ctx.out:
        volume.size, volume.disk_offering_id = ctx.args["before"]
        session.flush()


def _resize(ctx: Ctx) -> Output:
    _apply(ctx, ctx.args["after"][0])
    return None


def _unresize(ctx: Ctx) -> None:
    """Nothing was written beyond the old end by anybody, except by a guest that runs: there it stays larger."""
    _apply(ctx, ctx.args["before"][0], running=False)


def _apply(ctx: Ctx, size: int, *, running: bool = True) -> None:
    with ctx.services.db.read() as session:
        volume = session.get_one(Volume, ctx.args["volume_id"])
        if volume.pool_id is None:
            return
        vm = session.get(Vm, volume.vm_id or 0)
        guest = running_on(session, ctx.services, vm) if vm is not None else None
        if guest is not None and vm is not None:
            operation, target, args = "guest_disk", guest, guest_disk_args(session, vm, volume, size=size)
        else:
            at_rest = reach(session, ctx.services, volume)
            if at_rest is None:
                raise unable("resize", volume, "its primary storage left the cloud")
            operation, target = "volume", at_rest
            args = {**volume_args(session, volume), "size_bytes": size, "shrink": True}
    if guest is None or running:
        act_on(ctx, target, operation, args)


SAGA: Saga[Services] = Saga("volume_resize", (
    db("begin", "Taking room for the disk", _begin, _unbegin),
    act("resize", "Changing the disk's size", _resize, _unresize),
))


def order(volume: Volume, size: int, offering_id: int | None) -> Order:
    """The job that gives a disk another size (bytes) and offering."""
    locks = [Lock(f"volume:{volume.id}")]
    if volume.vm_id is not None:
        locks.append(Lock(f"vm:{volume.vm_id}"))
    return Order(SAGA.name, {
        "volume_id": volume.id, "vm_id": volume.vm_id, "before": [volume.size, volume.disk_offering_id],
        "after": [size, offering_id],
    }, tuple(locks))
