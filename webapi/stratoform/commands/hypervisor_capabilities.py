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

    id = Ref(HypervisorCapability, "The entry of the hypervisor.", noun=NOUN).required
    maxguestslimit = Long("Most machines on one host.", least=1, most=2**31 - 1)
    securitygroupenabled = Bool("Whether security groups filter its guests; false is all there is today.")

    def check(self) -> None:
        """See Command.check."""
        if self.securitygroupenabled:
            raise refuse("securitygroupenabled", f"{self.id.hypervisor} hosts have no security groups yet")

    def run(self) -> HypervisorCapability:
        """See Command.run."""
        self.assign(self.id, {"maxguestslimit": "max_guests"})
        return self.id
