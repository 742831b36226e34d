"""Service offerings: how much machine there is to have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement

from stratoform.errors import ApiError, Fault
from stratoform.model.base import now
from stratoform.model.compute import ServiceOffering, Vm
from stratoform.model.tenancy import Domain

from .disk_offerings import RATES
from .frame.base import EVERYONE, ROOT_ONLY, Command, ListCommand
from .frame.params import Bool, Choice, Details, Int, Long, Ref, Text, refuse
from .frame.scope import visible
from .rules.places import demand_free_name, not_yet
from .rules.tags import Tags
from .views.offerings import SERVICE_OFFERING

SYSTEM_KINDS: Final = ("domainrouter", "consoleproxy", "secondarystoragevm")
STORAGE_KINDS: Final = ("shared", "local")
PLANNER: Final = "FirstFitPlanner"
SMALLEST_MEMORY: Final = 32
"""MB; the reference's limit."""

_PROMISES: Final[Mapping[str, str]] = {
    "offerha": "Restarting machines elsewhere when their host dies",
    "limitcpuuse": "Withholding spare CPU",
    "isvolatile": "A fresh root disk at every reboot",
    "networkrate": "Limiting network traffic",
}
"""What an offering may promise in the reference and nothing here keeps yet: refused, never silently broken."""


class CreateServiceOffering(Command, roles=ROOT_ONLY, event="SERVICE.OFFERING.CREATE", view=SERVICE_OFFERING):
    """Creates a service offering. What it leaves open of CPUs, speed and memory, the deployer chooses."""

    cpunumber = Int("Number of CPUs; left out, the deployer chooses.", least=1)
    cpuspeed = Int("Speed of each CPU in MHz; left out, the deployer chooses.", least=1)
    displaytext = Text("Text for people.", length=4096).required
    memory = Int("Memory in MB, at least 32; left out, the deployer chooses.", least=SMALLEST_MEMORY)
    name_ = Text("Name of the offering.").required
    offerha = Bool("Machines are restarted elsewhere if their host dies.")
    limitcpuuse = Bool("Spare CPU is withheld too.")
    isvolatile = Bool("Every reboot starts from a fresh root disk.")
    storagetype = Choice("Where root disks are placed: shared (default) or local.", STORAGE_KINDS)
    tags = Tags("Storage tags the root disk's pool must have, separated by commas.")
    domainid = Ref(Domain, "The domain it is for; left out, for all.")
    hosttags = Tags("Tags the host must have, separated by commas.")
    issystem = Bool("It is for the cloud's own machines; goes with systemvmtype.")
    systemvmtype = Choice("The kind of system machine it is for.", SYSTEM_KINDS)
    networkrate = Int("Megabits per second a machine may send; 0 is no limit.")
    deploymentplanner = Choice("How its machines are placed.", (PLANNER,))
    serviceofferingdetails = Details("Free key-value pairs.")
    bytesreadrate = Long("Bytes per second the root disk may read; 0 is no limit.")
    byteswriterate = Long("Bytes per second the root disk may write; 0 is no limit.")
    iopsreadrate = Long("Reads per second the root disk may do; 0 is no limit.")
    iopswriterate = Long("Writes per second the root disk may do; 0 is no limit.")

    def check(self) -> None:
        """See Command.check."""
        for name, promise in _PROMISES.items():
            if self.values.get(name):
                raise refuse(name, f"{not_yet(promise)}; leave it out")
        if bool(self.issystem) != (self.systemvmtype is not None):
            missing, given = ("systemvmtype", "issystem") if self.issystem else ("issystem", "systemvmtype")
            raise refuse(missing, f"an offering with {given} needs it")
        if self.issystem and None in (self.cpunumber, self.cpuspeed, self.memory):
            raise refuse("cpunumber", "a system offering says it, cpuspeed and memory: nobody is there to choose")
        same_domain: ColumnElement[bool] = ServiceOffering.domain_id.is_(None)
        if self.domainid is not None:
            same_domain = ServiceOffering.domain_id == self.domainid.id
        demand_free_name(self.session, "name", self.name_, ServiceOffering, same_domain,
                         ServiceOffering.is_system.is_(bool(self.issystem)))

    def run(self) -> ServiceOffering:
        """See Command.run."""
        offering = ServiceOffering(
            name=self.name_, display_text=self.displaytext, cpus=self.cpunumber, speed=self.cpuspeed,
            memory=self.memory, storage_type=self.storagetype or "shared", tags=self.tags or [],
            host_tags=self.hosttags or [], domain_id=self.domainid.id if self.domainid else None,
            is_system=bool(self.issystem), system_vm_type=self.systemvmtype, planner=self.deploymentplanner,
            details=self.serviceofferingdetails or {},
            **{column: self.values.get(name) or None for name, column in RATES.items()},
        )
        self.session.add(offering)
        return offering


class ListServiceOfferings(ListCommand, roles=EVERYONE, view=SERVICE_OFFERING):
    """Lists service offerings."""

    keyword_columns = (ServiceOffering.name, ServiceOffering.display_text)

    id = Ref(ServiceOffering, "Only this offering.")
    name_ = Text("Only the offering of this name.")
    virtualmachineid = Ref(Vm, "Only offerings this machine could change to.", noun="virtual machine")
    domainid = Ref(Domain, "Only offerings made for this domain.")
    issystem = Bool("True: those for the cloud's own machines, instead of those for users; root administrators only.")
    systemvmtype = Choice("Only offerings for this kind of system machine.", SYSTEM_KINDS)

    def check(self) -> None:
        """See Command.check."""
        if self.issystem and not self.caller.is_root:
            raise ApiError(Fault.NOT_PERMITTED, "Only root administrators can list system service offerings")

    def order(self) -> tuple[Any, ...]:
        """See ListCommand.order."""
        return (ServiceOffering.sort_key, ServiceOffering.id)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [
            ServiceOffering.removed.is_(None), *visible(ServiceOffering, self.caller),
            *self.matching({"id": ServiceOffering.id, "name": ServiceOffering.name,
                            "domainid": ServiceOffering.domain_id, "systemvmtype": ServiceOffering.system_vm_type}),
        ]
        if self.id is None:
            wanted.append(ServiceOffering.is_system.is_(bool(self.issystem)))
        if self.virtualmachineid is not None:
            wanted.extend(self._fitting(self.virtualmachineid))
        return wanted

    def _fitting(self, vm: Vm) -> list[ColumnElement[bool]]:
        """Other offerings of the same storage; for a running machine, none that would shrink it."""
        current = self.session.get_one(ServiceOffering, vm.service_offering_id)
        fits: list[ColumnElement[bool]] = [
            ServiceOffering.id != current.id, ServiceOffering.storage_type == current.storage_type,
        ]
        if vm.state == "Running":
            fits += [ServiceOffering.cpus >= vm.cpus, ServiceOffering.speed >= vm.speed,
                     ServiceOffering.memory >= vm.memory]
        return fits


class UpdateServiceOffering(Command, roles=ROOT_ONLY, event="SERVICE.OFFERING.EDIT", view=SERVICE_OFFERING):
    """Changes how a service offering is shown; what it offers is fixed."""

    id = Ref(ServiceOffering, "The offering.").required
    displaytext = Text("New text for people.", length=4096)
    name_ = Text("New name.")
    sortkey = Int("Its place in lists, smallest first.")

    def check(self) -> None:
        """See Command.check."""
        if self.name_ is not None:
            demand_free_name(
                self.session, "name", self.name_, ServiceOffering, ServiceOffering.id != self.id.id,
                ServiceOffering.domain_id.is_not_distinct_from(self.id.domain_id),
                ServiceOffering.is_system.is_(self.id.is_system),
            )

    def run(self) -> ServiceOffering:
        """See Command.run."""
        self.assign(self.id, {"displaytext": "display_text", "name": "name", "sortkey": "sort_key"})
        return self.id


class DeleteServiceOffering(Command, roles=ROOT_ONLY, event="SERVICE.OFFERING.DELETE"):
    """Withdraws a service offering; machines that have it keep it."""

    id = Ref(ServiceOffering, "The offering.").required

    def check(self) -> None:
        """See Command.check."""
        if self.id.default_use:
            raise ApiError(Fault.IN_USE, f"Unable to execute deleteServiceOffering: the cloud's own machines use "
                                         f"'{self.id.name}'", [(self.id.__tablename__, self.id.uuid)])

    def run(self) -> None:
        """See Command.run."""
        self.id.removed = now()
