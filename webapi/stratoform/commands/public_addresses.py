"""Public addresses, and the rules that lead from them to machines.

The addresses are those of the zones' public ranges. None can be acquired in this installation yet, so all of them are
free and no rule uses one; clients ask for these lists with every list of machines.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from sqlalchemy import select

from stratoform.model.addresses import text
from stratoform.model.compute import Vm
from stratoform.model.network import IpRange, Network, PhysicalNetwork
from stratoform.model.topology import Zone

from .frame.answer import Body
from .frame.base import EVERYONE
from .frame.owned import OwnedList, account_of
from .frame.params import Bool, Ip4, NoneYet, Ref, Text, refuse
from .frame.plain import PlainList
from .frame.scope import visible
from .frame.tags import TagFilter
from .nics import Uuid
from .rules.places import asked, not_yet
from .views.public_addresses import FORWARDING_RULE, PUBLIC_ADDRESS


def id_of(addresses: IpRange, number: int) -> str:
    """The id of an address of a range; the same each time, for a free address is no row of its own."""
    return str(uuid.uuid5(uuid.UUID(addresses.uuid), text(number)))


class OwnedPlainList(PlainList, OwnedList):
    """A list that is no table, of things somebody may own."""

    def check(self) -> None:
        """See Command.check."""
        if self.account is not None:
            account_of(self, self.account, self.domainid)


class ListPublicIpAddresses(OwnedPlainList, roles=EVERYONE, view=PUBLIC_ADDRESS):
    """Lists public addresses: by default those somebody acquired, which nobody can in this installation yet."""

    allocatedonly = Bool("True (default): only acquired addresses; false: free ones, too.")
    forvirtualnetwork = Bool("True (default): public addresses.")
    id = Uuid("Only the address of this id.")
    ipaddress = Ip4("Only this address.")
    vlanid = Ref(IpRange, "Only addresses of this range.", noun="IP range", admin=True)
    zoneid = Ref(Zone, "Only addresses of this zone.")
    forloadbalancing = Bool("True: only addresses a load balancer may use.")
    physicalnetworkid = Ref(PhysicalNetwork, "Only addresses on this physical network.", admin=True)
    associatednetworkid = Ref(Network, "Only addresses that serve this network.")
    issourcenat = Bool("True: only addresses guests leave by; false: only others.")
    isstaticnat = Bool("True: only addresses that lead to one machine as a whole; false: only others.")
    vpcid = NoneYet("VPC", "Only addresses of this VPC.")
    tags = TagFilter("Only addresses with these tags.")
    state = Text("Only addresses in this state.", since="4.13.0")

    def check(self) -> None:
        """See Command.check."""
        super().check()
        if self.forvirtualnetwork is False:
            raise refuse("forvirtualnetwork", not_yet("a list of the addresses of shared networks")
                         + "; listNics and listVirtualMachines show them")

    def items(self) -> list[Body]:
        """See PlainList.items."""
        used = self.issourcenat or self.isstaticnat or self.forloadbalancing or self.tags or self.associatednetworkid
        whose = self.account is not None or self.projectid is not None
        if self.allocatedonly is not False or used or whose or self.state not in {None, "Free"}:
            return []
        return list(self._free())

    def _free(self) -> Iterator[Body]:
        wanted = [IpRange.removed.is_(None), IpRange.for_virtual_network, *visible(Zone, self.caller), *asked(
            (self.vlanid, IpRange.id), (self.zoneid, IpRange.zone_id),
            (self.physicalnetworkid, IpRange.physical_network_id))]
        if not self.caller.is_root:  # ranges that are reserved for others are not offered
            wanted.append(IpRange.account_id.is_(None) & IpRange.domain_id.is_(None))
        ranges = self.session.execute(
            select(IpRange, Zone, PhysicalNetwork.uuid).join(Zone, Zone.id == IpRange.zone_id)
            .outerjoin(PhysicalNetwork, PhysicalNetwork.id == IpRange.physical_network_id)
            .where(*wanted).order_by(IpRange.start))
        for addresses, zone, wire in ranges:
            for number in range(addresses.start, addresses.end + 1):
                address, own_id = text(number), id_of(addresses, number)
                if self.ipaddress in {None, address} and self.id in {None, own_id}:
                    yield {
                        "id": own_id, "ipaddress": address, "zoneid": zone.uuid, "zonename": zone.name,
                        "issourcenat": False, "isstaticnat": False, "issystem": False, "forvirtualnetwork": True,
                        "vlanid": addresses.uuid if self.caller.is_root else None,
                        "vlanname": f"vlan://{addresses.vlan}", "state": "Free", "physicalnetworkid": wire,
                        "isportable": False, "tags": [],
                    }


class ListPortForwardingRules(OwnedPlainList, roles=EVERYONE, view=FORWARDING_RULE):
    """Lists the rules that lead from ports of public addresses to machines. There can be none yet."""

    id = NoneYet("port forwarding rule", "Only this rule.")
    ipaddressid = NoneYet("acquired public address", "Only rules of this public address.")
    networkid = Ref(Network, "Only rules of machines on this network.", since="4.3")
    virtualmachineid = Ref(Vm, "Only rules that lead to this machine; clients give it.", noun="virtual machine")
    tags = TagFilter("Only rules with these tags.")

    def items(self) -> list[Body]:
        """See PlainList.items."""
        return []


class ListIpForwardingRules(OwnedPlainList, roles=EVERYONE, view=FORWARDING_RULE):
    """Lists the rules that lead from whole public addresses to machines. There can be none yet."""

    id = NoneYet("IP forwarding rule", "Only this rule.")
    ipaddressid = NoneYet("acquired public address", "Only rules of this public address.")
    virtualmachineid = Ref(Vm, "Only rules that lead to this machine.", noun="virtual machine")

    def items(self) -> list[Body]:
        """See PlainList.items."""
        return []
