"""Deploy a virtual machine: give it addresses, then start it. When it fails, nothing of it stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, db
from stratoform.model.compute import Vm
from stratoform.model.network import Network
from stratoform.model.storage import Template

from . import steps_vm as vm_steps
from . import vm_start
from .services import Ctx, Services
from .steps_network import withdraw_addresses


def _recorded(ctx: Ctx, session: Session) -> Output:
    """The records were made with the request; this step exists to take them back."""
    session.get_one(Vm, ctx.args["vm_id"])
    return None


_CREATE = (
    db("record", "Recording the virtual machine", _recorded, vm_steps.forget),
    db("addresses", "Taking network addresses", vm_steps.take_addresses, undo_act=withdraw_addresses),
)

SAGA: Saga[Services] = Saga("vm_deploy", (*_CREATE, *vm_start.STEPS))
CREATE_ONLY: Saga[Services] = Saga("vm_create", _CREATE)


def order(
    vm: Vm, template: Template, networks: Sequence[tuple[Network, str | None]], host_id: int | None, *, start: bool,
) -> Order:
    """The job that deploys a recorded machine.

    Args:
        vm: the record, with its root disk's.
        template: shared lock, so that it is not deleted meanwhile.
        networks: each with the address asked for, default network first; shared locks.
        host_id: the host an administrator demands.
        start: False: only addresses are taken.
    """
    args: Mapping[str, Any] = {
        "vm_id": vm.id, "host_id": host_id, "networks": [{"network_id": n.id, "ip": ip} for n, ip in networks],
    }
    shared = [Lock(f"template:{template.id}", exclusive=False)]
    shared += [Lock(f"network:{n.id}", exclusive=False) for n, _ in networks]
    return Order((SAGA if start else CREATE_ONLY).name, args, (Lock(f"vm:{vm.id}"), *shared))
