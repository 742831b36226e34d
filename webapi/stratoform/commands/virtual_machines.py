"""Virtual machines: list, start, stop, reboot, destroy, recover, expunge."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_, select

from stratoform.jobs.queue import Order, unfinished
from stratoform.model.base import Entity
from stratoform.model.compute import VM_STATES, InstanceGroup, Vm
from stratoform.model.limits import Resource
from stratoform.model.network import Network, Nic
from stratoform.model.storage import StoragePool, Template, Volume
from stratoform.model.tenancy import Account
from stratoform.model.topology import Host, Pod, Zone
from stratoform.sagas import vm_destroy, vm_start, vm_stop

from .frame.base import ADMINS, EVERYONE, AsyncCommand, Command
from .frame.owned import OwnedList
from .frame.params import Bool, Choice, ListOf, NoneYet, Ref, Text, refuse
from .frame.tags import TagFilter
from .rules.limits import demand
from .views.compute import VM

DETAIL_SECTIONS = ("all", "group", "nics", "stats", "secgrp", "tmpl", "servoff", "iso", "volume", "min", "affgrp")
STATES = tuple(s for s in VM_STATES.states if s != "Expunged")


class ListVirtualMachines(OwnedList, roles=EVERYONE, view=VM):
    """Lists virtual machines."""

    keyword_columns = (Vm.name, Vm.display_name, Vm.state)

    id = Ref(Vm, "Only this virtual machine.")
    name_ = Text("Only virtual machines of this name or display name.")
    state = Choice("Only virtual machines in this state; Present: all that are not destroyed.", (*STATES, "Present"))
    zoneid = Ref(Zone, "Only virtual machines in this zone.")
    podid = Ref(Pod, "Only virtual machines in this pod.", admin=True)
    hostid = Ref(Host, "Only virtual machines on this host.", admin=True)
    storageid = Ref(StoragePool, "Only virtual machines with a disk on this primary storage.", admin=True)
    groupid = Ref(InstanceGroup, "Only virtual machines of this group.")
    networkid = Ref(Network, "Only virtual machines on this network.")
    forvirtualnetwork = Bool("True: only those on isolated networks; false: only those on shared networks.")
    hypervisor = Text("Only virtual machines on this hypervisor.")
    templateid = Ref(Template, "Only virtual machines made from this template.")
    isoid = NoneYet("ISO", "Only virtual machines with this ISO attached.")
    vpcid = NoneYet("VPC", "Only virtual machines in this VPC.")
    affinitygroupid = NoneYet("affinity group", "Only virtual machines of this affinity group.")
    details = ListOf(Choice("Sections of the answer that are wanted; all are always given.", DETAIL_SECTIONS))
    tags = TagFilter("Only virtual machines with these tags.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted: list[Any] = [Vm.removed.is_(None), *self.owned_conditions(Vm)]
        if not self.caller.is_root:
            wanted.append(Vm.display_vm)
            if self.caller.role.name == "USER":  # users do not see what they destroyed (reference behaviour)
                wanted.append(Vm.state.not_in(("Destroyed", "Expunging")))
        if self.id is not None:
            wanted.append(Vm.id == self.id.id)
        if self.name_ is not None:
            wanted.append(or_(Vm.name == self.name_, Vm.display_name == self.name_))
        if self.state is not None:
            wanted.append(Vm.state.not_in(("Destroyed", "Expunging")) if self.state == "Present"
                          else Vm.state == self.state)
        if self.hypervisor is not None:
            wanted.append(Vm.hypervisor == self.hypervisor)
        return wanted + self._by_relation()

    def _by_relation(self) -> list[ColumnElement[bool]]:
        pairs: list[tuple[Entity | None, Any]] = [
            (self.zoneid, Vm.zone_id), (self.hostid, Vm.host_id), (self.groupid, Vm.group_id),
            (self.templateid, Vm.template_id),
        ]
        wanted: list[ColumnElement[bool]] = [column == row.id for row, column in pairs if row is not None]
        if self.podid is not None:
            wanted.append(Vm.host_id.in_(select(Host.id).where(Host.pod_id == self.podid.id)))
        if self.storageid is not None:
            wanted.append(Vm.id.in_(select(Volume.vm_id).where(Volume.pool_id == self.storageid.id)))
        if self.networkid is not None:
            wanted.append(Vm.id.in_(select(Nic.vm_id).where(Nic.network_id == self.networkid.id)))
        if self.forvirtualnetwork is not None:
            kind = "Isolated" if self.forvirtualnetwork else "Shared"
            on = select(Nic.vm_id).join(Network, Network.id == Nic.network_id).where(Network.guest_type == kind)
            wanted.append(Vm.id.in_(on))
        return wanted


class _VmJob(AsyncCommand):
    """A job about an existing virtual machine."""

    id = Ref(Vm, "The virtual machine.", noun="virtual machine").required

    move = ""
    """The move of VM_STATES that must be possible now, or after the jobs before this one."""

    def check(self) -> None:
        """A machine some job is changing is judged when that job is done; now, its present state counts."""
        if self.move and not unfinished(self.session, [f"vm:{self.id.id}"]):
            VM_STATES.require(self.id, self.move)

    def prepare(self) -> Vm:
        """See AsyncCommand.prepare."""
        return self.id

    def describe(self, subject: Any) -> str:
        """See AsyncCommand.describe."""
        return f"{self.name.removesuffix('VirtualMachine')} of virtual machine {subject.display_name} ({subject.uuid})"


class StartVirtualMachine(_VmJob, roles=EVERYONE, event="VM.START", view=VM):
    """Starts a stopped virtual machine."""

    move = "start"

    hostid = Ref(Host, "The host it shall start on.", since="3.0.1", admin=True)

    def order(self, subject: Vm) -> Order:
        """See AsyncCommand.order."""
        return vm_start.order(subject, self.hostid.id if self.hostid is not None else None)


class StopVirtualMachine(_VmJob, roles=EVERYONE, event="VM.STOP", view=VM):
    """Stops a running virtual machine: its guest shuts down, or is switched off when it does not listen."""

    move = "stop"

    forced = Bool("Switches it off at once.")

    def order(self, subject: Vm) -> Order:
        """See AsyncCommand.order."""
        return vm_stop.order(subject, forced=bool(self.forced))


class RebootVirtualMachine(_VmJob, roles=EVERYONE, event="VM.REBOOT", view=VM):
    """Reboots a running virtual machine: stops it and starts it on the same host."""

    move = "stop"

    def order(self, subject: Vm) -> Order:
        """See AsyncCommand.order."""
        return vm_stop.reboot_order(subject)


class DestroyVirtualMachine(_VmJob, roles=EVERYONE, event="VM.DESTROY", view=VM):
    """Destroys a virtual machine; an administrator can recover it until it is expunged."""

    expunge = Bool("Expunges it at once; administrators only.", since="4.2.1")
    volumeids = ListOf(Ref(Volume, "Its data disks that are deleted too; the others outlive it.", since="4.12"))

    def check(self) -> None:
        """See Command.check."""
        if self.expunge and self.caller.role not in ADMINS:
            raise refuse("expunge", "only administrators may expunge at once")
        if self.id.state == "Expunging":
            VM_STATES.require(self.id, "destroy")
        for volume in self.volumeids or ():
            if volume.vm_id != self.id.id or volume.type == "ROOT":
                raise refuse("volumeids", f"volume {volume.name} is no data disk of virtual machine "
                                          f"{self.id.display_name}")

    def order(self, subject: Vm) -> Order:
        """See AsyncCommand.order."""
        return vm_destroy.order(subject, expunge=bool(self.expunge), volumes=self.volumeids or ())


class ExpungeVirtualMachine(_VmJob, roles=ADMINS, event="VM.EXPUNGE"):
    """Expunges a destroyed virtual machine: its disks are deleted and its addresses given back."""

    move = "expunge"

    def check(self) -> None:
        """A stopped machine must be destroyed first, though the engine could expunge it."""
        super().check()
        if self.id.state == "Stopped" and not unfinished(self.session, [f"vm:{self.id.id}"]):
            VM_STATES.require(self.id, "recover")

    def order(self, subject: Vm) -> Order:
        """See AsyncCommand.order."""
        return vm_destroy.expunge_order(subject)


class RecoverVirtualMachine(Command, roles=ADMINS, view=VM):
    """Recovers a destroyed virtual machine: it is Stopped again."""

    id = Ref(Vm, "The virtual machine.", noun="virtual machine").required

    def check(self) -> None:
        """See Command.check."""
        VM_STATES.require(self.id, "recover")

    def run(self) -> Vm:
        """See Command.run."""
        vm = self.id
        demand(self.context, self.session.get_one(Account, vm.account_id), {
            Resource.USER_VM: 1, Resource.CPU: vm.cpus, Resource.MEMORY: vm.memory})
        VM_STATES.move(self.session, vm, "recover", destroyed=None)
        return self.id
