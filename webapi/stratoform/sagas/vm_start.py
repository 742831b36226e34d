"""Start a virtual machine: place it, make what is missing of it, power it on."""

from __future__ import annotations

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Saga, db, planned
from stratoform.model.compute import Vm

from . import steps_vm as vm_steps
from .services import Services
from .steps_network import plan_routers, teach_routers, unteach_routers

STEPS = (
    db("claim", "Choosing a host and storage", vm_steps.claim_host, vm_steps.unclaim_host),
    planned("bridges", "Preparing the host's bridges", vm_steps.plan_bridges, vm_steps.make_bridges),
    planned("templates", "Preparing the template on primary storage", vm_steps.plan_templates,
            vm_steps.copy_templates, early=True),
    planned("volumes", "Making the disks", vm_steps.plan_volumes, vm_steps.make_volumes,
            record=vm_steps.record_volumes, undo=vm_steps.unmake_volumes, early=True),
    # Before the guest: it asks for its address in its first second and must be known by then.
    planned("routers", "Telling the network's router", plan_routers, teach_routers, undo=unteach_routers),
    planned("power", "Powering on", vm_steps.plan_power, vm_steps.power_on, undo=vm_steps.erase_domain,
            early=True),
    db("running", "Recording that it runs", vm_steps.mark_running),
)

SAGA: Saga[Services] = Saga("vm_start", STEPS)


def order(vm: Vm, host_id: int | None = None) -> Order:
    """The job that starts a stopped machine."""
    return Order(SAGA.name, {"vm_id": vm.id, "host_id": host_id}, (Lock(f"vm:{vm.id}"),))
