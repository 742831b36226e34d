"""Network interfaces of virtual machines."""

from __future__ import annotations

from stratoform.model.compute import Vm
from stratoform.model.network import Network

from .frame.answer import Body
from .frame.base import EVERYONE
from .frame.params import Ref, Text
from .frame.plain import PlainList
from .views.compute import nics
from .views.network import NIC


class Uuid(Text):
    """The id of something that is no object of its own to commands."""

    wire_type = "uuid"


class ListNics(PlainList, roles=EVERYONE, view=NIC):
    """Lists the network interfaces of a virtual machine, the default one first."""

    virtualmachineid = Ref(Vm, "The virtual machine.", noun="virtual machine").required
    nicid = Uuid("Only the interface of this id.")
    networkid = Ref(Network, "Only interfaces on this network.", since="4.4")

    def items(self) -> list[Body]:
        """See PlainList.items."""
        found = nics(self.session, self.caller, [self.virtualmachineid.id]).get(self.virtualmachineid.id, [])
        network = self.networkid.uuid if self.networkid is not None else None
        return [nic for nic in found if self.nicid in {None, nic["id"]} and network in {None, nic["networkid"]}]
