"""Disk offerings: how much disk there is to have, and of what kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement

from stratoform.model.base import now
from stratoform.model.storage import DiskOffering
from stratoform.model.tenancy import Domain

from .frame.base import EVERYONE, ROOT_ONLY, Command, ListCommand
from .frame.params import Bool, Choice, Int, Long, Ref, Text, refuse
from .frame.scope import visible
from .rules.places import demand_free_name
from .rules.tags import Tags
from .views.offerings import DISK_OFFERING

GIB: Final = 2**30
STORAGE_KINDS: Final = ("shared", "local")
RATES: Final[Mapping[str, str]] = {
    "bytesreadrate": "bytes_read_rate", "byteswriterate": "bytes_write_rate",
    "iopsreadrate": "iops_read_rate", "iopswriterate": "iops_write_rate",
}
"""Limits an offering puts on its disks: parameter to column. The hypervisor keeps them."""
_PROMISES: Final = ("customizediops", "miniops", "maxiops")


class CreateDiskOffering(Command, roles=ROOT_ONLY, event="DISK.OFFERING.CREATE", view=DISK_OFFERING):
    """Creates a disk offering."""

    disksize = Long("Size of its disks in GB; goes without customized.", least=1, most=2**20)
    displaytext = Text("Text for people.", length=4096).required
    name_ = Text("Name of the offering.").required
    tags = Tags("Storage tags a disk's pool must have, separated by commas.")
    customized = Bool("True: who makes the disk chooses its size.")
    domainid = Ref(Domain, "The domain it is for; left out, for all.")
    storagetype = Choice("Where its disks are placed: shared (default) or local.", STORAGE_KINDS)
    displayoffering = Bool("False: only root administrators see it.")
    bytesreadrate = Long("Bytes per second a disk may read; 0 is no limit.")
    byteswriterate = Long("Bytes per second a disk may write; 0 is no limit.")
    iopsreadrate = Long("Reads per second a disk may do; 0 is no limit.")
    iopswriterate = Long("Writes per second a disk may do; 0 is no limit.")
    customizediops = Bool("True: who makes the disk chooses its I/O operations per second.")
    miniops = Long("I/O operations per second a disk is promised.")
    maxiops = Long("I/O operations per second a disk may have.")
    hypervisorsnapshotreserve = Int("Room for the hypervisor's snapshots, in percent of the disk.")
    provisioningtype = Choice("thin: room is taken when it is written to.", ("thin",), since="4.4")

    def check(self) -> None:
        """See Command.check."""
        for name in _PROMISES:
            if self.values.get(name):
                raise refuse(name, "I/O operations can be promised by storage of one volume a disk only, and there is "
                                   "none; leave it out, or limit with iopsreadrate and iopswriterate")
        if self.hypervisorsnapshotreserve:
            raise refuse("hypervisorsnapshotreserve", "snapshots of KVM need no room beside the disk; leave it out")
        if self.customized and self.disksize is not None:
            raise refuse("disksize", "an offering with customized=true leaves the size to who makes the disk")
        if not self.customized and self.disksize is None:
            raise refuse("disksize", "it is missing; or say customized=true, and who makes the disk chooses its size")
        _demand_free_name(self, self.name_, self.domainid.id if self.domainid is not None else None)

    def run(self) -> DiskOffering:
        """See Command.run."""
        offering = DiskOffering(
            name=self.name_, display_text=self.displaytext, size=(self.disksize or 0) * GIB,
            customized=bool(self.customized), storage_type=self.storagetype or "shared", tags=self.tags or [],
            domain_id=self.domainid.id if self.domainid is not None else None,
            display_offering=self.displayoffering is not False,
            **{column: self.values.get(name) or None for name, column in RATES.items()},
        )
        self.session.add(offering)
        return offering


class ListDiskOfferings(ListCommand, roles=EVERYONE, view=DISK_OFFERING):
    """Lists disk offerings."""

    keyword_columns = (DiskOffering.name, DiskOffering.display_text)

    id = Ref(DiskOffering, "Only this offering.")
    name_ = Text("Only the offering of this name.")
    domainid = Ref(Domain, "Only offerings made for this domain.")
    storagetype = Choice("Only offerings of this storage: shared or local.", STORAGE_KINDS, since="4.19")

    def order(self) -> tuple[Any, ...]:
        """See ListCommand.order."""
        return (DiskOffering.sort_key, DiskOffering.id)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [
            DiskOffering.removed.is_(None), *visible(DiskOffering, self.caller),
            *self.matching({"id": DiskOffering.id, "name": DiskOffering.name, "domainid": DiskOffering.domain_id,
                            "storagetype": DiskOffering.storage_type}),
        ]


class UpdateDiskOffering(Command, roles=ROOT_ONLY, event="DISK.OFFERING.EDIT", view=DISK_OFFERING):
    """Changes how a disk offering is shown; what it offers is fixed."""

    displaytext = Text("New text for people.", length=4096)
    id = Ref(DiskOffering, "The offering.").required
    name_ = Text("New name.")
    sortkey = Int("Its place in lists, smallest first.")
    displayoffering = Bool("False: only root administrators see it.")

    def check(self) -> None:
        """See Command.check."""
        if self.name_ is not None:
            _demand_free_name(self, self.name_, self.id.domain_id, DiskOffering.id != self.id.id)

    def run(self) -> DiskOffering:
        """See Command.run."""
        self.assign(self.id, {"displaytext": "display_text", "name": "name", "sortkey": "sort_key",
                              "displayoffering": "display_offering"})
        return self.id


class DeleteDiskOffering(Command, roles=ROOT_ONLY, event="DISK.OFFERING.DELETE"):
    """Withdraws a disk offering; disks that have it keep it."""

    id = Ref(DiskOffering, "The offering.").required

    def run(self) -> None:
        """See Command.run."""
        self.id.removed = now()


def _demand_free_name(command: Command, name: str, domain_id: int | None, *more: ColumnElement[bool]) -> None:
    demand_free_name(command.session, "name", name, DiskOffering,
                     DiskOffering.domain_id.is_not_distinct_from(domain_id), *more)
