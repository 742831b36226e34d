"""Start a virtual machine: place it, make what is missing of it, power it on."""

from __future__ import annotations

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Saga, act, db
from stratoform.model.compute import Vm

from . import steps_vm as vm_steps
from .services import Services
from .steps_network import teach_routers, unteach_routers

STEPS = (
    db("claim", "Choosing a host and storage", vm_steps.claim_host, vm_steps.unclaim_host),
    act("bridges", "Preparing the host's bridges", vm_steps.make_bridges),
    act("templates", "Preparing the template on primary storage", vm_steps.copy_templates),
    act("volumes", "Making the disks", vm_steps.make_volumes, vm_steps.unmake_volumes),
    # Before the guest: it asks for its address in its first second and must be known by then.
    act("routers", "Telling the network's router", teach_routers, unteach_routers),
    act("power", "Powering on", vm_steps.power_on, vm_steps.erase_domain),
    db("running", "Recording that it runs", vm_steps.mark_running),
)

SAGA: Saga[Services] = Saga("vm_start", STEPS)


def order(vm: Vm, host_id: int | None = None) -> Order:
    """The job that starts a stopped machine."""
    return Order(SAGA.name, {"vm_id": vm.id, "host_id": host_id}, (Lock(f"vm:{vm.id}"),))
