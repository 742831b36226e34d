"""Zones."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from stratoform.errors import ApiError, Fault
from stratoform.model.base import now
from stratoform.model.network import PhysicalNetwork
from stratoform.model.storage import ImageStore
from stratoform.model.tenancy import Domain
from stratoform.model.topology import Pod, Zone

from .base import EVERYONE, ROOT_ONLY, Command, ListCommand
from .params import Bool, Choice, Cidr, Details, DomainName, Ip4, Ip6, ListOf, Ref, Text
from .scope import visible
from .views.topology import ZONE

ALLOCATION = ("Enabled", "Disabled")


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
        if self.context.live(Zone, Zone.name == self.name_) is not None:
            raise ApiError(Fault.BAD_PARAMETER, f"Invalid parameter name: a zone named '{self.name_}' exists already")
        if self.networktype == "Basic" and self.guestcidraddress is not None:
            raise ApiError(Fault.BAD_PARAMETER, "Invalid parameter guestcidraddress: a basic zone has none")

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


class ListZones(ListCommand, roles=EVERYONE, view=ZONE):
    """Lists zones."""

    keyword_columns = (Zone.name,)

    id = Ref(Zone, "Only this zone.")
    name_ = Text("Only the zone of this name.")
    networktype = Choice("Only zones of this network type.", ("Basic", "Advanced"))
    available = Bool("True: every zone in which the caller may deploy; false: only those with guests of the caller.")
    domainid = Ref(Domain, "Only zones private to this domain.")
    showcapacities = Bool("Shows the capacities of each zone.")
    tags = Details("Only zones with these tags.", since="4.3")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted: list[Any] = [Zone.removed.is_(None), *visible(Zone, self.caller)]
        if self.id is not None:
            wanted.append(Zone.id == self.id.id)
        if self.name_ is not None:
            wanted.append(Zone.name == self.name_)
        if self.networktype is not None:
            wanted.append(Zone.network_type == self.networktype)
        if self.domainid is not None:
            wanted.append(Zone.domain_id == self.domainid.id)
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
    dhcpprovider = Text("Who answers DHCP.")
    details = Details("Free key-value pairs; they replace the zone's.")

    _COLUMNS = {  # noqa: RUF012 - parameter to column
        "name": "name", "dns1": "dns1", "dns2": "dns2", "ip6dns1": "ip6dns1", "ip6dns2": "ip6dns2",
        "internaldns1": "internal_dns1", "internaldns2": "internal_dns2", "guestcidraddress": "guest_cidr",
        "domain": "domain", "allocationstate": "allocation_state", "localstorageenabled": "local_storage",
        "dhcpprovider": "dhcp_provider", "details": "details",
    }

    def check(self) -> None:
        """See Command.check."""
        if self.name_ and self.context.live(Zone, Zone.name == self.name_, Zone.id != self.id.id) is not None:
            raise ApiError(Fault.BAD_PARAMETER, f"Invalid parameter name: a zone named '{self.name_}' exists already")

    def run(self) -> Zone:
        """See Command.run."""
        self.assign(self.id, self._COLUMNS)
        if self.ispublic:
            self.id.domain_id = None
        if self.dnssearchorder is not None:
            self.id.details = {**self.id.details, "dnssearchorder": ",".join(self.dnssearchorder)}
        return self.id


class DeleteZone(Command, roles=ROOT_ONLY, event="ZONE.DELETE"):
    """Deletes an empty zone."""

    id = Ref(Zone, "The zone.").required

    def check(self) -> None:
        """See Command.check."""
        self.refuse_while_used(self.id, (Pod, Pod.zone_id), (ImageStore, ImageStore.zone_id))

    def run(self) -> None:
        """See Command.run."""
        for network in self.context.all(PhysicalNetwork, PhysicalNetwork.zone_id == self.id.id):
            network.removed = now()
        self.id.removed = now()
