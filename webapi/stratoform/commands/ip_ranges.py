"""Ranges of addresses: of guests on shared networks, and public ones of zones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from stratoform.model.base import now
from stratoform.model.network import IpRange, Network, Nic, PhysicalNetwork, TrafficType
from stratoform.model.projects import Project
from stratoform.model.tenancy import Account, Domain
from stratoform.model.topology import Pod, Zone

from .frame.base import ROOT_ONLY, Command, ListCommand
from .frame.owned import Owner, account_of
from .frame.params import Bool, Ip4, Ip6, Netmask, Ref, Text, refuse
from .pods import demand_unreserved
from .rules.addressing import UNTAGGED, Span, Vlan, holding, span, subnet
from .rules.basic_zones import network_of, subnet_of
from .rules.places import asked, demand_in_zone, in_use, not_yet, take_turn
from .views.network import VLAN_IP_RANGE

IPV6 = ("startipv6", "endipv6", "ip6gateway", "ip6cidr")


def refuse_ipv6(command: Command) -> None:
    """Refuses the IPv6 parameters of a command.

    Raises:
        ApiError: naming the first that was given.
    """
    for name in IPV6:
        if name in command.values:
            raise refuse(name, not_yet("IPv6"))


def demand_free_span(command: Command, wanted: Span, *scope: Any) -> None:
    """Refuses addresses that overlap a live range of the scope.

    Raises:
        ApiError: naming both ranges.
    """
    for other in command.context.all(IpRange, IpRange.start <= wanted.end, IpRange.end >= wanted.start, *scope):
        raise refuse("startip", f"the range {wanted} overlaps the IP range {Span(other.start, other.end)}")


CREATED = replace(VLAN_IP_RANGE, key="vlan")
"""A new range stands under another key than a listed one (reference)."""


class CreateVlanIpRange(Owner, roles=ROOT_ONLY, event="VLAN.IP.RANGE.CREATE", view=CREATED):
    """Adds a range of addresses: to a shared network (networkid), to a pod's guests, or to a zone's public ones."""

    forvirtualnetwork = Bool("True (default without networkid): public addresses; false: addresses of guests.")
    networkid = Ref(Network, "Shared network whose guests get the addresses.")
    zoneid = Ref(Zone, "Zone of the public addresses.")
    physicalnetworkid = Ref(PhysicalNetwork, "Physical network that carries the public addresses.")
    podid = Ref(Pod, "Pod of a basic zone whose guests get the addresses.")
    vlan = Vlan("VLAN id of the public addresses, or untagged (default).")
    gateway = Ip4("Gateway of the addresses; demanded of public ones.")
    netmask = Netmask("Netmask of the addresses; demanded of public ones.")
    startip = Ip4("First address.")
    endip = Ip4("Last address (default: startip alone).")
    startipv6 = Ip6("First IPv6 address.")
    endipv6 = Ip6("Last IPv6 address.")
    ip6gateway = Ip6("IPv6 gateway.")
    ip6cidr = Text("IPv6 subnet.")
    forsystemvms = Bool("True: only for the cloud's own machines.", since="4.11.0")

    planned: IpRange

    def check(self) -> None:
        """See Command.check."""
        refuse_ipv6(self)
        if self.forsystemvms:
            raise refuse("forsystemvms", not_yet("a range for the cloud's own machines alone"))
        if self.podid is not None and self._place().network_type != "Basic":
            raise refuse("podid", "only the guests of a basic zone have addresses of their pod")
        if self.startip is None:
            raise refuse("startip", "the first address is missing")
        if self.public and self.networkid is not None:
            raise refuse("forvirtualnetwork", "public addresses belong to no guest network; leave networkid out")
        network = self.networkid
        if not self.public and network is None and self.podid is not None:
            network = network_of(self.context, self._place())
        if not self.public and network is None:
            raise refuse("networkid", "say which shared network the addresses are for")
        self.planned = self._guests(network) if network is not None else self._public()

    def _place(self) -> Zone:
        """The zone of the pod, or of the network."""
        for row in (self.podid, self.networkid):
            if row is not None:
                return self.session.get_one(Zone, row.zone_id)
        raise refuse("zoneid", "say which zone the addresses are for")

    @property
    def public(self) -> bool:
        """True for public addresses."""
        guests = self.networkid is not None or self.podid is not None
        return not guests if self.forvirtualnetwork is None else self.forvirtualnetwork

    def run(self) -> IpRange:
        """See Command.run."""
        self.session.add(self.planned)
        if self.planned.pod_id is not None:  # the guest network of a basic zone has its subnet from its first range
            network = self.session.get_one(Network, self.planned.network_id)
            network.gateway, network.netmask = self.planned.gateway, self.planned.netmask
            network.cidr = str(subnet(self.planned.gateway, self.planned.netmask))
        return self.planned

    def _guests(self, network: Network) -> IpRange:
        """Further addresses of a shared network, in the subnet it has."""
        zone = self.session.get_one(Zone, network.zone_id)
        gateway, netmask = network.gateway, network.netmask
        if zone.network_type == "Basic":
            take_turn(self.session, zone.id)
            gateway, netmask = subnet_of(self.context, network, self.podid, (self.gateway, self.netmask))
        if network.guest_type != "Shared" or gateway is None or netmask is None:
            raise refuse("networkid", f"network '{network.name}' is not Shared; its addresses are not given by range")
        if self.zoneid is not None:
            demand_in_zone("zoneid", network, self.zoneid)
        for name in ("account", "domainid", "projectid"):
            if name in self.values:
                raise refuse(name, "only public addresses are reserved for an account")
        if self.physicalnetworkid is not None and self.physicalnetworkid.id != network.physical_network_id:
            raise refuse("physicalnetworkid", f"network '{network.name}' is on another physical network")
        vlan = network.vlan or UNTAGGED
        for name, value, own in (("vlan", self.vlan, vlan), ("gateway", self.gateway, gateway),
                                 ("netmask", self.netmask, netmask)):
            if value is not None and value != own:
                raise refuse(name, f"network '{network.name}' has {own}; {not_yet('a second subnet of a network')}")
        take_turn(self.session, zone.id)
        wanted = span(subnet(gateway, netmask), gateway, str(self.startip), self.endip)
        demand_free_span(self, wanted, IpRange.network_id == network.id)
        if vlan == UNTAGGED:
            demand_unreserved(self, zone, wanted)
        return IpRange(
            zone_id=network.zone_id, network_id=network.id, physical_network_id=network.physical_network_id,
            for_virtual_network=False, vlan=vlan, gateway=gateway, netmask=netmask, start=wanted.start, end=wanted.end,
            pod_id=self.podid.id if self.podid is not None else None,
        )

    def _public(self) -> IpRange:
        """Public addresses of an advanced zone."""
        if self.zoneid is None:
            raise refuse("zoneid", "say which zone the public addresses are for")
        if self.zoneid.network_type == "Basic":
            raise refuse("zoneid", not_yet("public addresses in a basic zone"))
        if self.gateway is None or self.netmask is None:
            raise refuse("gateway" if self.gateway is None else "netmask", "public addresses need it")
        take_turn(self.session, self.zoneid.id)
        wire, vlan = self._carrier(self.zoneid), self.vlan or UNTAGGED
        clash = holding(wire.vlan, vlan)
        if clash is not None:
            raise refuse("vlan", f"VLAN {vlan} is in the range {clash[0]}-{clash[1]} that isolated guest networks of "
                                 f"physical network '{wire.name}' take theirs from")
        wanted = span(subnet(self.gateway, self.netmask), self.gateway, str(self.startip), self.endip)
        # Public addresses of different zones never overlap, whatever their VLAN (administration guide).
        demand_free_span(self, wanted, IpRange.for_virtual_network)
        demand_free_span(self, wanted, IpRange.zone_id == self.zoneid.id, IpRange.vlan == vlan)
        if vlan == UNTAGGED:
            demand_unreserved(self, self.zoneid, wanted)
        owner = self.owner() if self.account is not None or self.projectid is not None else None
        domain_id = owner.domain_id if owner is not None else self.domainid.id if self.domainid is not None else None
        return IpRange(
            zone_id=self.zoneid.id, physical_network_id=wire.id, for_virtual_network=True, vlan=vlan,
            gateway=self.gateway, netmask=self.netmask, start=wanted.start, end=wanted.end,
            account_id=owner.id if owner is not None else None, domain_id=domain_id,
        )

    def _carrier(self, zone: Zone) -> PhysicalNetwork:
        """The zone's physical network with public traffic."""
        if self.physicalnetworkid is not None:
            demand_in_zone("physicalnetworkid", self.physicalnetworkid, zone)
        found = self.context.live(PhysicalNetwork, PhysicalNetwork.zone_id == zone.id, exists().where(
            TrafficType.physical_network_id == PhysicalNetwork.id, TrafficType.type == "Public"))
        if found is None:
            raise refuse("physicalnetworkid", f"no physical network of zone '{zone.name}' carries Public traffic; "
                                              "add it with addTrafficType")
        if self.physicalnetworkid is not None and self.physicalnetworkid.id != found.id:
            raise refuse("physicalnetworkid", f"public traffic of the zone is on physical network '{found.name}'")
        return found


class ListVlanIpRanges(ListCommand, roles=ROOT_ONLY, view=VLAN_IP_RANGE):
    """Lists ranges of addresses."""

    keyword_columns = (IpRange.vlan,)

    id = Ref(IpRange, "Only this range.", noun="IP range")
    zoneid = Ref(Zone, "Only ranges of this zone.")
    networkid = Ref(Network, "Only ranges of this network.")
    physicalnetworkid = Ref(PhysicalNetwork, "Only ranges on this physical network.")
    podid = Ref(Pod, "Only ranges of this pod.")
    vlan = Vlan("Only ranges on this VLAN.")
    forvirtualnetwork = Bool("True: only public addresses; false: only addresses of guests.")
    account = Text("Only ranges reserved for this account; goes with domainid.")
    domainid = Ref(Domain, "Only ranges reserved for this domain.")
    projectid = Ref(Project, "Only ranges reserved for this project.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        owner: Account | None = account_of(self, self.account, self.domainid) if self.account is not None else None
        if self.projectid is not None:
            owner = self.session.get_one(Account, self.projectid.account_id)
        return [IpRange.removed.is_(None), *asked(
            (self.id, IpRange.id), (self.zoneid, IpRange.zone_id), (self.networkid, IpRange.network_id),
            (self.physicalnetworkid, IpRange.physical_network_id), (self.podid, IpRange.pod_id),
            (self.vlan, IpRange.vlan), (self.forvirtualnetwork, IpRange.for_virtual_network),
            (owner, IpRange.account_id), (self.domainid, IpRange.domain_id),
        )]


class DeleteVlanIpRange(Command, roles=ROOT_ONLY, event="VLAN.IP.RANGE.DELETE"):
    """Deletes a range none of whose addresses is held."""

    id = Ref(IpRange, "The range.", noun="IP range").required

    def check(self) -> None:
        """See Command.check."""
        held = self.session.scalar(select(func.count(Nic.id)).where(
            Nic.network_id == self.id.network_id, Nic.ip >= self.id.start, Nic.ip <= self.id.end))
        if held:
            raise in_use(self.name, self.id, f"{held} interface(s) that hold addresses of it")

    def run(self) -> None:
        """See Command.run."""
        self.id.removed = now()
