"""Volumes: the disks of machines, and those that wait for one."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement

from stratoform.jobs.queue import Order, unfinished
from stratoform.model.compute import ServiceOffering, Vm
from stratoform.model.limits import Resource
from stratoform.model.storage import VOLUME_STATES, DiskOffering, StoragePool, Template, Volume
from stratoform.model.tenancy import Account
from stratoform.model.topology import Cluster, Host, Pod, Zone
from stratoform.sagas import volume_attach, volume_detach, volume_remove, volume_resize
from stratoform.sagas.steps_volume import DEVICES, demand_attachable, demand_detachable

from .frame.base import EVERYONE, ROOT_ONLY, AsyncCommand, WaitingCommand
from .frame.owned import OwnedList, Owner
from .frame.params import Bool, Choice, ListOf, Long, NoneYet, Ref, Text, refuse
from .frame.tags import TagFilter
from .rules.disk_sizes import custom_size, size_of
from .rules.limits import demand
from .views.storage import VOLUME

TYPES: Final = ("ROOT", "DATADISK")
STATES: Final = tuple(state for state in VOLUME_STATES.states if state != "Expunged")


class ListVolumes(OwnedList, roles=EVERYONE, view=VOLUME):
    """Lists disks."""

    keyword_columns = (Volume.name, Volume.type)

    hostid = Ref(Host, "Only disks of machines on this host.", admin=True)
    id = Ref(Volume, "Only this disk.")
    ids = ListOf(Ref(Volume, "Only these disks.", since="4.9"))
    name_ = Text("Only the disk of this name.")
    podid = Ref(Pod, "Only disks on pools of this pod.", admin=True)
    clusterid = Ref(Cluster, "Only disks on pools of this cluster.", admin=True, since="4.4")
    type = Choice("Only disks of this type.", TYPES)
    virtualmachineid = Ref(Vm, "Only disks of this machine.", noun="virtual machine")
    zoneid = Ref(Zone, "Only disks in this zone.")
    storageid = Ref(StoragePool, "Only disks on this pool.", since="4.3", admin=True)
    diskofferingid = Ref(DiskOffering, "Only disks of this disk offering.", since="4.4")
    serviceofferingid = Ref(ServiceOffering, "Only root disks of this service offering.", since="4.19.1")
    displayvolume = Bool("True: only disks their owners see; false: only hidden ones.", since="4.4")
    state = Choice("Only disks in this state.", STATES, since="4.15")
    tags = TagFilter("Only disks with these tags.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [Volume.removed.is_(None), *self.owned_conditions(Volume), *self.matching({
            "hostid": Vm.host_id, "id": Volume.id, "name": Volume.name, "podid": StoragePool.pod_id,
            "clusterid": StoragePool.cluster_id, "type": Volume.type, "virtualmachineid": Volume.vm_id,
            "zoneid": Volume.zone_id, "storageid": Volume.pool_id, "diskofferingid": Volume.disk_offering_id,
            "serviceofferingid": Volume.service_offering_id, "displayvolume": Volume.display_volume,
            "state": Volume.state,
        })]
        if self.ids is not None:
            wanted.append(Volume.id.in_([volume.id for volume in self.ids]))
        if not self.caller.is_root:
            wanted.append(Volume.display_volume.is_(True))
        return wanted


class CreateVolume(Owner, AsyncCommand, roles=EVERYONE, event="VOLUME.CREATE", view=VOLUME):
    """Creates a disk from a disk offering; nothing of it is on any pool until it is attached the first time."""

    creates = True

    diskofferingid = Ref(DiskOffering, "What disk it shall be.", noun="disk offering")
    name_ = Text("Name of the disk.").required
    size = Long("Its size in GB; goes with a disk offering that is customized.", least=1, most=2**20)
    miniops = Long("I/O operations per second it is promised.")
    maxiops = Long("I/O operations per second it may have.")
    snapshotid = NoneYet("snapshot", "The snapshot it is made from, instead of a disk offering.")
    zoneid = Ref(Zone, "The zone it shall be in.")
    displayvolume = Bool("False: hidden from its owner; administrators only.", admin=True)
    virtualmachineid = Ref(Vm, "The machine it shall be attached to; goes with snapshotid.", noun="virtual machine")

    def check(self) -> None:
        """See Command.check."""
        if self.diskofferingid is None:
            raise refuse("diskofferingid", "it is missing: a disk is made from a disk offering (or from a snapshot)")
        if self.zoneid is None:
            raise refuse("zoneid", "it is missing: an empty disk is made in a zone")
        if self.zoneid.allocation_state != "Enabled" and not self.caller.is_root:
            raise refuse("zoneid", f"zone {self.zoneid.name} is disabled")
        if self.virtualmachineid is not None:
            raise refuse("virtualmachineid", "it goes with snapshotid; attach an empty disk with attachVolume")
        for name in ("miniops", "maxiops"):
            if self.values.get(name):
                raise refuse(name, f"the disk offering '{self.diskofferingid.name}' does not let you choose it")
        size_of(self.context, self.diskofferingid, self.size)

    def prepare(self) -> Volume:
        """See AsyncCommand.prepare."""
        owner = self.owner()
        assert self.diskofferingid is not None  # noqa: S101 - see check
        assert self.zoneid is not None  # noqa: S101 - see check
        size = size_of(self.context, self.diskofferingid, self.size)
        demand(self.context, owner, {Resource.VOLUME: 1, Resource.PRIMARY_STORAGE: size})
        volume = Volume(
            name=self.name_, type="DATADISK", account_id=owner.id, domain_id=owner.domain_id, zone_id=self.zoneid.id,
            disk_offering_id=self.diskofferingid.id, size=size, display_volume=self.displayvolume is not False,
        )
        self.session.add(volume)
        return volume

    def run(self) -> None:
        """See Command.run. Its record was made with the request; that is all there is of it."""


class DeleteVolume(WaitingCommand, roles=EVERYONE, event="VOLUME.DELETE"):
    """Deletes a disk that is attached to no machine, with its data."""

    id = Ref(Volume, "The disk.").required

    def check(self) -> None:
        """See Command.check."""
        volume_remove.demand_deletable(self.id)

    def prepare(self) -> Volume:
        """See AsyncCommand.prepare."""
        return self.id

    def order(self, subject: Volume) -> Order:
        """See AsyncCommand.order."""
        return volume_remove.order(subject)


class AttachVolume(AsyncCommand, roles=EVERYONE, event="VOLUME.ATTACH", view=VOLUME):
    """Attaches a disk to a running or stopped machine; a running guest sees it at once."""

    deviceid = Long("Its device number on the machine, from 1 to 15 without 3; the lowest free one unless given.")
    id = Ref(Volume, "The disk.").required
    virtualmachineid = Ref(Vm, "The machine.", noun="virtual machine").required

    def check(self) -> None:
        """A disk or machine some job is changing is judged when that job is done."""
        if self.deviceid is not None and self.deviceid not in DEVICES:
            raise refuse("deviceid", f"{self.deviceid} is no place of a data disk: 0 is the root disk's, 3 the "
                                     f"CD-ROM's, and there are {len(DEVICES)} from 1 to {max(DEVICES)}")
        volume, vm = self.id, self.virtualmachineid
        if not unfinished(self.session, [f"vm:{vm.id}", f"volume:{volume.id}"]):
            if volume.vm_id == vm.id:
                raise refuse("id", f"volume {volume.name} is attached to virtual machine {vm.display_name} already")
            demand_attachable(self.session, volume, vm, self.deviceid)

    def prepare(self) -> Volume:
        """See AsyncCommand.prepare."""
        return self.id

    def order(self, subject: Volume) -> Order:
        """See AsyncCommand.order."""
        return volume_attach.order(subject, self.virtualmachineid, self.deviceid)


class DetachVolume(AsyncCommand, roles=EVERYONE, event="VOLUME.DETACH", view=VOLUME):
    """Detaches a disk from its machine; a running guest lets go of it first."""

    id = Ref(Volume, "The disk; or virtualmachineid and deviceid say which.")
    deviceid = Long("The disk's device number on the machine; goes with virtualmachineid.")
    virtualmachineid = Ref(Vm, "The machine; goes with deviceid.", noun="virtual machine")

    def check(self) -> None:
        """See Command.check."""
        if self.id is not None and (self.deviceid is not None or self.virtualmachineid is not None):
            raise refuse("id", "it cannot be given together with deviceid or virtualmachineid")
        if self.id is None and (self.deviceid is None or self.virtualmachineid is None):
            raise refuse("id", "it is missing: give it, or virtualmachineid and deviceid")
        volume = self.volume()
        self.vm = demand_detachable(volume, self.session.get(Vm, volume.vm_id or 0))

    def volume(self) -> Volume:
        """The disk that is meant.

        Raises:
            ApiError: the machine has none of that device number.
        """
        if self.id is not None:
            return self.id
        vm = self.virtualmachineid
        assert vm is not None  # noqa: S101 - see check
        found = self.context.live(Volume, Volume.vm_id == vm.id, Volume.device_id == self.deviceid)
        if found is None:
            raise refuse("deviceid", f"virtual machine {vm.display_name} has no disk of device {self.deviceid}")
        return found

    def prepare(self) -> Volume:
        """See AsyncCommand.prepare."""
        return self.volume()

    def order(self, subject: Volume) -> Order:
        """See AsyncCommand.order."""
        return volume_detach.order(subject, self.vm)


class ResizeVolume(AsyncCommand, roles=EVERYONE, event="VOLUME.RESIZE", view=VOLUME):
    """Changes the size or the offering of a disk; a running guest sees at once that it grew."""

    diskofferingid = Ref(DiskOffering, "Its new disk offering.", noun="disk offering")
    id = Ref(Volume, "The disk.").required
    shrinkok = Bool("True: it may become smaller, and what is beyond its new end is lost.")
    size = Long("Its new size in GB.", least=1, most=2**20)
    miniops = Long("I/O operations per second it is promised.", since="4.7")
    maxiops = Long("I/O operations per second it may have.", since="4.7")

    def check(self) -> None:
        """See Command.check."""
        for name in ("miniops", "maxiops"):
            if self.values.get(name):
                raise refuse(name, "no disk offering lets you choose it")
        if self.id.state not in {"Allocated", "Ready"}:
            raise refuse("id", f"volume {self.id.name} is {self.id.state}; it must be Allocated or Ready")
        size = self.new_size()
        if size < self.id.size:
            self._check_shrinking(size)
        if self.diskofferingid is not None:
            self._check_offering(self.diskofferingid)

    def new_size(self) -> int:
        """Bytes it shall have."""
        offering = self.diskofferingid
        if offering is not None:
            return size_of(self.context, offering, self.size)
        if self.size is None:
            raise refuse("size", "give it, or a new diskofferingid")
        if self.id.disk_offering_id is not None:
            current = self.session.get_one(DiskOffering, self.id.disk_offering_id)
            if not current.customized:
                raise refuse("size", f"the disk offering '{current.name}' of volume {self.id.name} has a fixed size; "
                                     "give another diskofferingid")
        return custom_size(self.context, self.size)

    def _check_shrinking(self, size: int) -> None:
        volume = self.id
        if not self.shrinkok:
            raise refuse("shrinkok", f"volume {volume.name} would shrink from {volume.size} to {size} bytes and lose "
                                     "what is beyond; say shrinkok=true if that is meant")
        template = self.session.get(Template, volume.template_id or 0)
        if template is not None and size < template.size:
            raise refuse("size", f"volume {volume.name} cannot be smaller than its template, {template.size} bytes")
        vm = self.session.get(Vm, volume.vm_id or 0)
        if vm is not None and vm.state == "Running":
            raise refuse("size", f"no guest bears that a disk shrinks while it runs; stop virtual machine "
                                 f"{vm.display_name} or detach the disk")

    def _check_offering(self, offering: DiskOffering) -> None:
        volume = self.id
        if volume.type == "ROOT":
            raise refuse("diskofferingid", f"volume {volume.name} is a root disk and follows its machine's service "
                                           "offering; give size alone")
        pool = self.session.get(StoragePool, volume.pool_id or 0)
        if pool is None:
            return
        lacking = [tag for tag in offering.tags if tag not in pool.tags]
        kind = "local" if pool.host_id is not None else "shared"
        if lacking or offering.storage_type != kind:
            why = f"it lacks {', '.join(lacking)}" if lacking else f"it is {kind}"
            raise refuse("diskofferingid", f"the storage volume {volume.name} is on does not fit the disk offering "
                                           f"'{offering.name}': {why}")

    def prepare(self) -> Volume:
        """See AsyncCommand.prepare."""
        more = self.new_size() - self.id.size
        if more > 0:
            owner = self.session.get_one(Account, self.id.account_id)
            demand(self.context, owner, {Resource.PRIMARY_STORAGE: more})
        return self.id

    def order(self, subject: Volume) -> Order:
        """See AsyncCommand.order."""
        offering = self.diskofferingid.id if self.diskofferingid is not None else subject.disk_offering_id
        return volume_resize.order(subject, self.new_size(), offering)


class UpdateVolume(AsyncCommand, roles=ROOT_ONLY, event="VOLUME.UPDATE", view=VOLUME):
    """Changes how a disk is shown."""

    id = Ref(Volume, "The disk.").required
    path = Text("Its file on the pool.")
    storageid = Ref(StoragePool, "The pool it is on.", since="4.3", admin=True)
    state = Text("Its state.", since="4.3")
    displayvolume = Bool("False: hidden from its owner; administrators only.", admin=True)
    name_ = Text("New name.", since="4.16")

    def check(self) -> None:
        """See Command.check."""
        for name in ("path", "storageid", "state"):
            if name in self.values:
                raise refuse(name, "where a disk is and in which state is what the storage says, not what is asked for")

    def prepare(self) -> Volume:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self.assign(self.id, {"displayvolume": "display_volume", "name": "name"})


