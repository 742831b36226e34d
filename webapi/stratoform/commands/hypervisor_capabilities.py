"""Hypervisor capabilities: what each kind of hypervisor can do, and how many machines its hosts take."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from stratoform.model.hypervisors import HypervisorCapability

from .frame.base import ROOT_ONLY, Command, ListCommand
from .frame.params import Bool, Choice, Long, Ref, refuse
from .storage_pools import HYPERVISORS
from .views.hypervisors import HYPERVISOR_CAPABILITIES

NOUN = "hypervisor"


class ListHypervisorCapabilities(ListCommand, roles=ROOT_ONLY, view=HYPERVISOR_CAPABILITIES):
    """Lists what each kind of hypervisor can do."""

    keyword_columns = (HypervisorCapability.hypervisor,)

    id = Ref(HypervisorCapability, "Only this entry.", noun=NOUN)
    hypervisor = Choice("Only this hypervisor.", HYPERVISORS)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return self.matching({"id": HypervisorCapability.id, "hypervisor": HypervisorCapability.hypervisor})


class UpdateHypervisorCapabilities(Command, roles=ROOT_ONLY, event="HYPERVISOR.CAPABILITIES.UPDATE",
                                   view=HYPERVISOR_CAPABILITIES):
    """Changes how many machines a host of a hypervisor takes; those that run stay."""

    id = Ref(HypervisorCapability, "The entry of the hypervisor; or give hypervisor.", noun=NOUN)
    hypervisor = Choice("The hypervisor.", HYPERVISORS, since="4.19.1")
    hypervisorversion = Choice("Its version; there is one entry for all.", ("default",), since="4.19.1")
    maxguestslimit = Long("Most machines on one host.", least=1, most=2**31 - 1)
    securitygroupenabled = Bool("Whether security groups filter its guests; false is all there is today.")

    def check(self) -> None:
        """See Command.check."""
        row = self._row()
        if self.securitygroupenabled:
            raise refuse("securitygroupenabled", f"{row.hypervisor} hosts have no security groups yet")

    def run(self) -> HypervisorCapability:
        """See Command.run."""
        row = self._row()
        self.assign(row, {"maxguestslimit": "max_guests"})
        return row

    def _row(self) -> HypervisorCapability:
        """The entry meant, by id or by its hypervisor."""
        named = self.context.live(HypervisorCapability, HypervisorCapability.hypervisor == self.hypervisor)
        row = self.id or named
        if row is None or named not in {None, row}:
            raise refuse("id", "give the id of an entry of listHypervisorCapabilities, or its hypervisor")
        return row
