"""Zones."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, select, update

from stratoform.model.base import now
from stratoform.model.compute import Vm
from stratoform.model.network import IpRange, Network, PhysicalNetwork, TrafficType
from stratoform.model.storage import ImageStore, StoragePool, Volume
from stratoform.model.tenancy import Domain
from stratoform.model.topology import Cluster, Host, Pod, Zone

from .frame.base import EVERYONE, ROOT_ONLY, Command
from .frame.params import Bool, Choice, Cidr, Details, DomainName, Ip4, Ip6, ListOf, Ref, Text, refuse
from .frame.scope import visible
from .frame.tags import TagFilter
from .rules.capacities import CapacityList
from .rules.places import ALLOCATION, asked, demand_free_name, not_yet
from .rules.providers import remove_providers
from .views.topology import ZONE


class CreateZone(Command, roles=ROOT_ONLY, event="ZONE.CREATE", view=ZONE):
    """Creates a zone: a data centre with its own networks and secondary storage."""

    name_ = Text("Name of the zone; unique in the cloud.").required
    networktype = Choice("How guests are networked.", ("Basic", "Advanced")).required
    dns1 = Ip4("First DNS server of guests.").required
    dns2 = Ip4("Second DNS server of guests.")
    ip6dns1 = Ip6("First IPv6 DNS server of guests.")
    ip6dns2 = Ip6("Second IPv6 DNS server of guests.")
    internaldns1 = Ip4("First DNS server of hosts and system services.").required
    internaldns2 = Ip4("Second DNS server of hosts and system services.")
    guestcidraddress = Cidr("CIDR of guest networks that declare none; advanced zones only.")
    domain = DomainName("DNS suffix of the zone's guest networks.")
    domainid = Ref(Domain, "Makes the zone private to this domain.")
    allocationstate = Choice("Whether guests may be placed in the zone (default Enabled).", ALLOCATION)
    securitygroupenabled = Bool("Security groups filter guest traffic.")
    localstorageenabled = Bool("Guests may use storage local to a host.")

    def check(self) -> None:
        """See Command.check."""
        demand_free_name(self.session, "name", self.name_, Zone)
        if self.networktype == "Basic" and self.guestcidraddress is not None:
            raise refuse("guestcidraddress", "a basic zone has none")

    def run(self) -> Zone:
        """See Command.run."""
        zone = Zone(
            name=self.name_, network_type=self.networktype, dns1=self.dns1, dns2=self.dns2, ip6dns1=self.ip6dns1,
            ip6dns2=self.ip6dns2, internal_dns1=self.internaldns1, internal_dns2=self.internaldns2,
            guest_cidr=self.guestcidraddress or ("10.1.1.0/24" if self.networktype == "Advanced" else None),
            domain=self.domain, domain_id=self.domainid.id if self.domainid else None,
            allocation_state=self.allocationstate or "Enabled",
            security_groups=self.networktype == "Basic" or bool(self.securitygroupenabled),
            local_storage=bool(self.localstorageenabled),
        )
        self.session.add(zone)
        return zone


class ListZones(CapacityList, roles=EVERYONE, view=ZONE):
    """Lists zones."""

    place = Zone
    keyword_columns = (Zone.name,)

    id = Ref(Zone, "Only this zone.")
    name_ = Text("Only the zone of this name.")
    networktype = Choice("Only zones of this network type.", ("Basic", "Advanced"))
    available = Bool("False: only zones with machines of the caller; true or left out: all the caller may use.")
    domainid = Ref(Domain, "Only zones private to this domain.")
    tags = TagFilter("Only zones with these tags.", since="4.3")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [Zone.removed.is_(None), *visible(Zone, self.caller), *asked(
            (self.id, Zone.id), (self.name_, Zone.name), (self.networktype, Zone.network_type),
            (self.domainid, Zone.domain_id),
        )]
        if self.available is False:
            wanted.append(select(Vm.id).where(
                Vm.zone_id == Zone.id, Vm.account_id == self.caller.account_id, Vm.removed.is_(None)).exists())
        return wanted


class UpdateZone(Command, roles=ROOT_ONLY, event="ZONE.EDIT", view=ZONE):
    """Changes a zone."""

    id = Ref(Zone, "The zone.").required
    name_ = Text("New name.")
    dns1 = Ip4("First DNS server of guests.")
    dns2 = Ip4("Second DNS server of guests.")
    ip6dns1 = Ip6("First IPv6 DNS server of guests.")
    ip6dns2 = Ip6("Second IPv6 DNS server of guests.")
    internaldns1 = Ip4("First DNS server of hosts and system services.")
    internaldns2 = Ip4("Second DNS server of hosts and system services.")
    guestcidraddress = Cidr("CIDR of guest networks that declare none.")
    domain = DomainName("DNS suffix of the zone's guest networks.")
    dnssearchorder = ListOf(DomainName("DNS search list of guests."))
    allocationstate = Choice("Whether guests may be placed in the zone.", ALLOCATION)
    localstorageenabled = Bool("Guests may use storage local to a host.")
    ispublic = Bool("True makes a private zone public; the reverse is not possible.")
    dhcpprovider = Choice("Who answers DHCP.", ("VirtualRouter", "DhcpServer", "ExternalDhcpServer"))
    details = Details("Free key-value pairs; they replace the zone's.")
    networktype = Choice("Its network type; clients repeat it, it cannot be changed.", ("Basic", "Advanced"))

    _COLUMNS = {  # noqa: RUF012 - parameter to column
        "name": "name", "dns1": "dns1", "dns2": "dns2", "ip6dns1": "ip6dns1", "ip6dns2": "ip6dns2",
        "internaldns1": "internal_dns1", "internaldns2": "internal_dns2", "guestcidraddress": "guest_cidr",
        "domain": "domain", "allocationstate": "allocation_state", "localstorageenabled": "local_storage",
        "dhcpprovider": "dhcp_provider", "details": "details",
    }

    def check(self) -> None:
        """See Command.check."""
        if self.name_ is not None:
            demand_free_name(self.session, "name", self.name_, Zone, Zone.id != self.id.id)
        if self.networktype not in {None, self.id.network_type}:
            raise refuse("networktype", f"zone '{self.id.name}' is {self.id.network_type}, which cannot be changed")
        if self.id.network_type == "Basic" and self.guestcidraddress is not None:
            raise refuse("guestcidraddress", "a basic zone has none")
        if self.ispublic is False and self.id.domain_id is None:
            raise refuse("ispublic", "a public zone cannot be made private; private zones are made with domainid")

        if self.dnssearchorder:
            raise refuse("dnssearchorder", not_yet("a DNS search list"))
        if self.dhcpprovider not in {None, "VirtualRouter"}:
            raise refuse("dhcpprovider", not_yet(f"DHCP by {self.dhcpprovider}"))

    def run(self) -> Zone:
        """See Command.run."""
        self.assign(self.id, self._COLUMNS)
        if self.ispublic:
            self.id.domain_id = None
        if {"name", "dns1", "dns2", "domain"} & set(self.values):  # routers tell their guests of these
            self.session.execute(
                update(Network).where(Network.zone_id == self.id.id).values(generation=Network.generation + 1)
                .execution_options(synchronize_session=False))
        return self.id


class DeleteZone(Command, roles=ROOT_ONLY, event="ZONE.DELETE"):
    """Deletes a zone in which nothing is left; its physical networks and public addresses go with it."""

    id = Ref(Zone, "The zone.").required

    def check(self) -> None:
        """See Command.check."""
        self.refuse_while_used(
            self.id, (Host, Host.zone_id), (Cluster, Cluster.zone_id), (Pod, Pod.zone_id),
            (ImageStore, ImageStore.zone_id), (StoragePool, StoragePool.zone_id), (Network, Network.zone_id),
            (Vm, Vm.zone_id), (Volume, Volume.zone_id),
        )

    def run(self) -> None:
        """See Command.run."""
        for wire in self.context.all(PhysicalNetwork, PhysicalNetwork.zone_id == self.id.id):
            self.session.execute(delete(TrafficType).where(TrafficType.physical_network_id == wire.id))
            remove_providers(self.session, wire)
            wire.removed = now()
        for addresses in self.context.all(IpRange, IpRange.zone_id == self.id.id):
            addresses.removed = now()
        self.id.removed = now()
