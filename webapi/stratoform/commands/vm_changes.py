"""Changes of virtual machines: names, data and keys; the size of stopped ones."""

from __future__ import annotations

from sqlalchemy import select

from stratoform.jobs.queue import Order, unfinished
from stratoform.model.compute import GuestOs, ServiceOffering, Vm
from stratoform.model.limits import Resource
from stratoform.model.network import Network
from stratoform.model.storage import StoragePool, Template, Volume
from stratoform.model.tenancy import Account
from stratoform.sagas import vm_restore
from stratoform.sagas.steps_vm import name_taken, nics_of
from stratoform.sagas.steps_volume import STEADY

from .frame.answer import Answer, One
from .frame.base import EVERYONE, AsyncCommand, Command
from .frame.owned import Owner
from .frame.params import Bool, Details, HostName, Raw, Ref, Text, refuse
from .rules.limits import demand
from .rules.machines import SIZES, USER_DATA_BYTES, group_of, key_of, sizes, tell_routers, user_data
from .rules.places import not_yet
from .views.compute import USER_DATA, VM


class UpdateVirtualMachine(Command, roles=EVERYONE, event="VM.UPDATE", view=VM):
    """Changes names, data and details of a virtual machine; what its guest reads, it gets when it asks again."""

    displayname = Text("Its name for people.")
    group = Text("The group it is put in; made when there is none of that name.")
    haenable = Bool("True: it is restarted elsewhere when its host fails.")
    id = Ref(Vm, "The virtual machine.", noun="virtual machine").required
    ostypeid = Ref(GuestOs, "Its guest operating system.")
    userdata = Raw("Data its guest can ask for: base64, at most 32 KiB decoded.", length=2 * USER_DATA_BYTES)
    displayvm = Bool("False: hidden from its owner; administrators only.", admin=True)
    isdynamicallyscalable = Bool("True: it can be scaled while it runs.")
    details = Details("Free key-value pairs, instead of those it has.")
    name_ = HostName("Its host name; the guest itself learns of it when it starts next.", since="4.4")

    def check(self) -> None:
        """See Command.check."""
        if self.haenable:
            raise refuse("haenable", not_yet("Restarting machines elsewhere when their host dies"))
        template = self.session.get_one(Template, self.id.template_id)
        if self.isdynamicallyscalable is not None and self.isdynamicallyscalable != template.dynamically_scalable:
            raise refuse("isdynamicallyscalable", f"it is what template {template.name} says: "
                                                  f"{str(template.dynamically_scalable).lower()}")
        user_data(self.userdata)
        fixed = [key for key in SIZES if key in (self.details or {})]
        if fixed:
            raise refuse("details", f"{', '.join(fixed)} changes with scaleVirtualMachine")

    def run(self) -> Vm:
        """See Command.run."""
        vm = self.id
        if self.name_ is not None and self.name_ != vm.name:
            self._rename(vm, self.name_)
        if self.userdata is not None:
            vm.user_data = user_data(self.userdata)
            tell_routers(self.session, vm)
        self.assign(vm, {"displayname": "display_name", "displayvm": "display_vm"})
        if self.ostypeid is not None:
            vm.guest_os_id = self.ostypeid.id
        if self.group is not None:
            vm.group_id = group_of(self.context, self.session.get_one(Account, vm.account_id), self.group)
        if self.details is not None:
            vm.details = {**{key: value for key, value in vm.details.items() if key in SIZES}, **self.details}
        return vm

    def _rename(self, vm: Vm, name: str) -> None:
        """Two machines of one network cannot have one host name; networks are locked while that is looked at."""
        networks = sorted({nic.network_id for nic in nics_of(self.session, vm.id)})
        for network_id in networks:
            self.session.get_one(Network, network_id, with_for_update=True)
        if name.lower() != vm.name.lower() and name_taken(self.session, name, networks):
            raise refuse("name", f"a virtual machine named '{name}' is on that network already")
        vm.name = name
        tell_routers(self.session, vm)


class _Scaling(Command):
    """What the two commands for another service offering share."""

    id = Ref(Vm, "The virtual machine.", noun="virtual machine").required
    serviceofferingid = Ref(ServiceOffering, "Its new service offering.").required
    details = Details("cpuNumber, cpuSpeed and memory for custom offerings.")

    def demand_fitting(self) -> None:
        """Refuses what the machine cannot become."""
        vm, new = self.id, self.serviceofferingid
        if vm.state != "Stopped":
            raise refuse("id", f"virtual machine {vm.display_name} is {vm.state}; it must be Stopped to get another "
                               f"service offering ({not_yet('scaling a running one')})")
        if new.is_system:
            raise refuse("serviceofferingid", f"'{new.name}' is for the cloud's own machines")
        old = self.session.get_one(ServiceOffering, vm.service_offering_id)
        if old.storage_type != new.storage_type:
            raise refuse("serviceofferingid", f"'{new.name}' is for {new.storage_type} storage; the machine's disk is "
                                              f"on {old.storage_type} storage")
        pool = self.session.scalar(
            select(StoragePool).join(Volume, Volume.pool_id == StoragePool.id)
            .where(Volume.vm_id == vm.id, Volume.type == "ROOT", Volume.removed.is_(None)))
        lacking = [tag for tag in new.tags if pool is not None and tag not in pool.tags]
        if lacking:
            raise refuse("serviceofferingid", f"the storage the machine's disk is on lacks {', '.join(lacking)}, which "
                                              f"'{new.name}' demands")
        sizes(new, self.details or {})

    def become(self) -> Vm:
        """Gives the machine its new size, within the limits of its owner; no start can come between."""
        vm, new = self.id, self.serviceofferingid
        self.session.refresh(vm, with_for_update=True)
        self.demand_fitting()
        size = sizes(new, self.details or {})
        demand(self.context, self.session.get_one(Account, vm.account_id), {
            Resource.CPU: size["cpus"] - vm.cpus, Resource.MEMORY: size["memory"] - vm.memory})
        vm.cpus, vm.speed, vm.memory = size["cpus"], size["speed"], size["memory"]
        vm.service_offering_id = new.id
        vm.details = {**{key: value for key, value in vm.details.items() if key not in SIZES}, **(self.details or {})}
        for root in self.context.all(Volume, Volume.vm_id == vm.id, Volume.type == "ROOT"):
            root.service_offering_id = new.id
        tell_routers(self.session, vm)
        return vm


class ChangeServiceForVirtualMachine(_Scaling, roles=EVERYONE, event="VM.UPGRADE", view=VM):
    """Gives a stopped virtual machine another service offering."""

    shrinkok = Bool("Whether a disk may shrink; no disk changes with the service offering.", since="4.17")

    def check(self) -> None:
        """See Command.check."""
        self.demand_fitting()
        if unfinished(self.session, [f"vm:{self.id.id}"]):
            raise refuse("id", f"a job is changing virtual machine {self.id.display_name}; try again when it ended")

    def run(self) -> Vm:
        """See Command.run."""
        return self.become()


class ScaleVirtualMachine(_Scaling, AsyncCommand, roles=EVERYONE, event="VM.UPGRADE", view=VM):
    """Gives a stopped virtual machine another service offering, as a job."""

    shrinkok = Bool("Whether a disk may shrink; no disk changes with the service offering.", since="4.17")

    def check(self) -> None:
        """A machine some job is changing is judged when that job is done."""
        if not unfinished(self.session, [f"vm:{self.id.id}"]):
            self.demand_fitting()

    def prepare(self) -> Vm:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self.become()


class ResetSSHKeyForVirtualMachine(Owner, AsyncCommand, roles=EVERYONE, event="VM.RESETSSHKEY", view=VM):
    """Gives a stopped virtual machine another ssh key; its guest takes it when it starts."""

    id = Ref(Vm, "The virtual machine.", noun="virtual machine").required
    keypair = Text("Name of the ssh key pair.").required

    def check(self) -> None:
        """A machine some job is changing is judged when that job is done."""
        key_of(self.context, self.owner_of_key(), self.keypair)
        if not unfinished(self.session, [f"vm:{self.id.id}"]):
            self._demand_stopped()

    def owner_of_key(self) -> Account:
        """Whose key it is: the machine's owner's unless said otherwise."""
        if {"account", "domainid", "projectid"} & set(self.values):
            return self.owner()
        return self.session.get_one(Account, self.id.account_id)

    def _demand_stopped(self) -> None:
        if self.id.state != "Stopped":
            raise refuse("id", f"virtual machine {self.id.display_name} is {self.id.state}; it must be Stopped, for "
                               "its guest looks for the key when it starts")

    def prepare(self) -> Vm:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self._demand_stopped()
        key = key_of(self.context, self.owner_of_key(), self.keypair)
        self.id.keypair, self.id.public_key = key.name, key.public_key
        tell_routers(self.session, self.id)


class RestoreVirtualMachine(AsyncCommand, roles=EVERYONE, event="VM.RESTORE", view=VM):
    """Gives a virtual machine a fresh root disk; one that runs is restarted. Its data disks stay."""

    virtualmachineid = Ref(Vm, "The virtual machine.", noun="virtual machine").required
    templateid = Ref(Template, "The template of the fresh root disk; the machine's own unless given.")

    def check(self) -> None:
        """A machine some job is changing is judged when that job is done."""
        vm, template = self.virtualmachineid, self.template()
        if not unfinished(self.session, [f"vm:{vm.id}"]) and vm.state not in STEADY:
            raise refuse("virtualmachineid", f"virtual machine {vm.display_name} is {vm.state}; it must be "
                                             f"{' or '.join(STEADY)}")
        if template.state != "Ready" or template.removed is not None:
            raise refuse("templateid", f"template {template.name} is not ready: {template.status or template.state}")
        if template.zone_id not in {None, vm.zone_id} or template.hypervisor != vm.hypervisor:
            raise refuse("templateid", f"template {template.name} is not for virtual machines on {vm.hypervisor} in "
                                       "that zone")

    def template(self) -> Template:
        """The template asked for, or the machine's own."""
        return self.templateid or self.session.get_one(Template, self.virtualmachineid.template_id)

    def prepare(self) -> Vm:
        """See AsyncCommand.prepare."""
        vm = self.virtualmachineid
        root = self.context.live(Volume, Volume.vm_id == vm.id, Volume.type == "ROOT")
        more = self.template().size - root.size if root is not None else 0
        if more > 0:
            demand(self.context, self.session.get_one(Account, vm.account_id), {Resource.PRIMARY_STORAGE: more})
        return vm

    def order(self, subject: Vm) -> Order:
        """See AsyncCommand.order."""
        return vm_restore.order(subject, self.template())


class GetVirtualMachineUserData(Command, roles=EVERYONE, view=USER_DATA, since="4.4"):
    """Shows the user data of a virtual machine."""

    virtualmachineid = Ref(Vm, "The virtual machine.", noun="virtual machine").required

    def run(self) -> Answer:
        """See Command.run."""
        vm = self.virtualmachineid
        return One(USER_DATA.key, {"virtualmachineid": vm.uuid, "userdata": vm.user_data})
