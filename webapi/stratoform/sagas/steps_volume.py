"""The steps and rules of disks that come and go: what may be attached where, and which host works on a disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.model.base import now
from stratoform.model.compute import Vm
from stratoform.model.storage import VOLUME_STATES, StoragePool, Volume
from stratoform.model.topology import Host
from stratoform.nodes.port import Target
from stratoform.scheduler import hosts

from .pool_hosts import one_host
from .services import Ctx, Services, target_of
from .steps_vm import disk_args, volumes_of

DEVICES: Final = tuple(device for device in range(1, 16) if device != 3)  # noqa: PLR2004 - 3 is the CD-ROM's
"""Places of data disks; 0 is the root disk's (CloudStack API, attachVolume)."""
STEADY: Final = ("Running", "Stopped")
"""States of a machine in which disks come and go."""
LETTING_GO_SECONDS: Final = 30
"""How long a running guest has to let go of a disk."""


def unable(verb: str, volume: Volume, why: str) -> ApiError:
    """The refusal of something that cannot be done to a disk."""
    return ApiError(Fault.BAD_PARAMETER, f"Unable to {verb} volume {volume.name}: {why}", [("volume", volume.uuid)])


def demand_attachable(session: Session, volume: Volume, vm: Vm, device: int | None) -> int:
    """The device number the disk gets: the one asked for, else the lowest free.

    Being attached to that machine already is success, for steps are repeated.

    Raises:
        ApiError: BAD_PARAMETER or RESOURCE_UNAVAILABLE, saying what is in the way.
    """
    if volume.type != "DATADISK":
        raise unable("attach", volume, "it is a root disk, which belongs to its machine")
    if volume.removed is not None or volume.state not in {"Allocated", "Ready", "Creating"}:
        raise unable("attach", volume, f"it is {volume.state}")
    if vm.removed is not None or vm.state not in STEADY:
        raise unable("attach", volume, f"virtual machine {vm.display_name} is {vm.state}; it must be "
                                       f"{' or '.join(STEADY)}")
    if volume.vm_id not in {None, vm.id}:
        raise unable("attach", volume, "it is attached to another virtual machine; detach it first")
    if volume.vm_id == vm.id:
        return volume.device_id or 0
    if volume.zone_id != vm.zone_id:
        raise unable("attach", volume, f"virtual machine {vm.display_name} is in another zone")
    if volume.account_id != vm.account_id:
        raise unable("attach", volume, f"virtual machine {vm.display_name} belongs to another account")
    _demand_reach(session, volume, vm)
    return _device(session, volume, vm, device)


def _device(session: Session, volume: Volume, vm: Vm, device: int | None) -> int:
    taken = {v.device_id for v in volumes_of(session, vm.id)}
    free = [d for d in DEVICES if d not in taken]
    if not free:
        raise unable("attach", volume, f"virtual machine {vm.display_name} has {len(DEVICES)} data disks, the most "
                                       "there can be")
    if device is None:
        return free[0]
    if device not in free:
        raise unable("attach", volume, f"deviceid {device} of virtual machine {vm.display_name} is taken")
    return device


def _demand_reach(session: Session, volume: Volume, vm: Vm) -> None:
    """A disk that is on a pool must be within reach of the machine, and of a host that reaches its other disks."""
    pool = session.get(StoragePool, volume.pool_id) if volume.pool_id is not None else None
    if pool is None:
        return
    if pool.hypervisor != vm.hypervisor:
        raise unable("attach", volume, f"it is a disk of {pool.hypervisor}; virtual machine {vm.display_name} runs on "
                                       f"{vm.hypervisor}")
    if host_for(session, vm, [pool.id], connected=False) is None:
        raise unable("attach", volume, "it is on storage that no host reaches which can run virtual machine "
                                       f"{vm.display_name} with the disks it has")


def host_for(session: Session, vm: Vm, pool_ids: Sequence[int] = (), *, connected: bool = True) -> Host | None:
    """The host a machine runs on, or of a stopped one its last one or any that reaches all its disks.

    Args:
        session: any session.
        vm: the machine.
        pool_ids: further pools the host must reach.
        connected: False: a host that is not connected now will do.
    """
    wanted = {v.pool_id for v in volumes_of(session, vm.id) if v.pool_id is not None} | set(pool_ids)
    query = select(Host).where(
        Host.removed.is_(None), Host.zone_id == vm.zone_id, Host.hypervisor == vm.hypervisor,
        *(hosts.reaches(pool_id) for pool_id in sorted(wanted)),
    )
    if vm.host_id is not None:
        query = query.where(Host.id == vm.host_id)
    if connected:
        query = query.where(Host.state == "Up")
    found: Host | None = session.scalars(
        query.order_by(case((Host.id == (vm.last_host_id or 0), 0), else_=1), Host.id).limit(1)).first()
    return found


def demand_detachable(volume: Volume, vm: Vm | None) -> Vm:
    """The machine a disk is attached to and may be taken from.

    Raises:
        ApiError: BAD_PARAMETER, saying what is in the way.
    """
    if volume.type != "DATADISK":
        raise unable("detach", volume, "it is a root disk, which belongs to its machine")
    if vm is None or volume.vm_id != vm.id:
        raise unable("detach", volume, "it is not attached to a virtual machine")
    if vm.state not in {*STEADY, "Destroyed"}:
        raise unable("detach", volume, f"virtual machine {vm.display_name} is {vm.state}; it must be "
                                       f"{', '.join(STEADY)} or Destroyed")
    return vm


def release(session: Session, volume: Volume) -> None:
    """Records that a disk is no machine's any more."""
    volume.vm_id, volume.device_id, volume.attached = None, None, None
    session.flush()


def reach(session: Session, services: Services, volume: Volume) -> Target | None:
    """A connected host that reaches the disk's pool; None when the pool or its only host left the cloud.

    Raises:
        ApiError: the pool is there, but no host that reaches it is connected now.
    """
    pool = session.get(StoragePool, volume.pool_id or 0)
    if pool is None or pool.removed is not None:
        return None
    host = one_host(session, pool)
    return target_of(host, services.vault)


def guest_disk_args(
    session: Session, vm: Vm, volume: Volume, state: str = "present", size: int | None = None,
) -> dict[str, Any]:
    """Arguments of the operation ``guest_disk``."""
    return {
        "name": vm.instance_name, "uuid": vm.uuid, **disk_args(session, volume), "size_bytes": size, "state": state,
        "timeout_s": LETTING_GO_SECONDS,
    }


def running_on(session: Session, services: Services, vm: Vm) -> Target | None:
    """The host of a running machine; None when it does not run."""
    if vm.state != "Running" or vm.host_id is None:
        return None
    return target_of(session.get_one(Host, vm.host_id), services.vault)


def vanish(session: Session, volume: Volume) -> None:
    """Records that nothing of a disk is left."""
    if volume.state != "Expunged":
        VOLUME_STATES.move(session, volume, "expunge")
        VOLUME_STATES.move(session, volume, "vanish", removed=now(), pool_id=None)


def give_up(session: Session, volume: Volume) -> None:
    """Takes a disk from its machine for good: what is on a pool of it, cleaning deletes."""
    release(session, volume)
    if volume.pool_id is None:
        vanish(session, volume)
    else:
        VOLUME_STATES.move(session, volume, "destroy")


def volume_and_vm(ctx: Ctx, session: Session) -> tuple[Volume, Vm]:
    """The rows a job about a disk and a machine is about."""
    return session.get_one(Volume, ctx.args["volume_id"]), session.get_one(Vm, ctx.args["vm_id"])
