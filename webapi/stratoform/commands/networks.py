"""Guest networks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Order
from stratoform.model.limits import Resource
from stratoform.model.network import (
    NETWORK_STATES,
    IpRange,
    Network,
    NetworkOffering,
    Nic,
    PhysicalNetwork,
    TrafficType,
)
from stratoform.model.tenancy import Account, Domain
from stratoform.model.topology import Zone
from stratoform.sagas import network_remove

from .frame.base import EVERYONE, AsyncCommand, Command
from .frame.caller import RoleType
from .frame.owned import ALL_PROJECTS, OwnedList, Owner, account_of
from .frame.params import Bool, Choice, Cidr, DomainName, Ip4, Ip6, ListOf, Netmask, NoneYet, Ref, Text, refuse
from .frame.scope import at_or_above, not_of_projects, subtree, visible
from .frame.tags import TagFilter
from .ip_ranges import refuse_ipv6
from .network_offerings import GUEST_TYPES, SERVICES, TRAFFIC, has_service
from .pods import demand_unreserved
from .rules.addressing import UNTAGGED, Span, Vlan, holding, span, subnet
from .rules.basic_zones import demand_first_network
from .rules.limits import demand
from .rules.network_domains import suffix_for
from .rules.places import asked, demand_in_zone, not_yet, take_turn
from .rules.providers import demand_provided
from .views.network import NETWORK, USABLE

ACL_TYPES = ("Account", "Domain")
GIVEN = frozenset({"Dhcp", "Dns", "UserData"})
"""Services this installation gives to guests of a network."""


def demand_deliverable(offering: NetworkOffering) -> None:
    """Refuses an offering that promises more than this installation gives.

    Raises:
        ApiError: naming what is missing.
    """
    def missing() -> Iterable[str]:
        if offering.guest_type != "Shared":
            yield f"guest type {offering.guest_type}"
        for name, service in offering.services.items():
            if name not in GIVEN:
                yield f"service {name}"
            elif service["providers"] != ["VirtualRouter"]:
                yield f"service {name} by {', '.join(service['providers'])}"
        if offering.network_rate:
            yield "a network rate"

    for what in missing():
        raise refuse("networkofferingid", not_yet(what) + f"; offering '{offering.name}' asks for it")


class CreateNetwork(Owner, roles=EVERYONE, event="NETWORK.CREATE", view=NETWORK):
    """Creates a guest network. Shared ones, whose VLAN and addresses are given, are made by root administrators."""

    name_ = Text("Name of the network.").required
    displaytext = Text("What users read.").required
    networkofferingid = Ref(NetworkOffering, "Offering it is made from.").required
    zoneid = Ref(Zone, "Zone of the network.").required
    physicalnetworkid = Ref(PhysicalNetwork, "Physical network that carries it; needed when several could.")
    gateway = Ip4("Its gateway; demanded of shared networks.")
    netmask = Netmask("Its netmask; demanded of shared networks.")
    startip = Ip4("First address for guests; demanded of shared networks.")
    endip = Ip4("Last address for guests (default: startip alone).")
    vlan = Vlan("VLAN id, or untagged; demanded when the offering says specifyvlan.")
    isolatedpvlan = Text("Isolated private VLAN.")
    networkdomain = DomainName("DNS suffix of its guests (default: that of the account, domain or zone).")
    acltype = Choice("Whom it serves: Account, or Domain (default of shared networks).", ACL_TYPES)
    subdomainaccess = Bool("With acltype Domain: domains below may use it too (default true).")
    displaynetwork = Bool("Users see it (default true).", admin=True)
    vpcid = NoneYet("VPC", "VPC it is a tier of.")
    aclid = NoneYet("network ACL list", "ACL list of the tier.")
    startipv6 = Ip6("First IPv6 address for guests.")
    endipv6 = Ip6("Last IPv6 address for guests.")
    ip6gateway = Ip6("IPv6 gateway.")
    ip6cidr = Text("IPv6 subnet, at least /64.")

    def check(self) -> None:
        """See Command.check."""
        offering = self.networkofferingid
        if offering.state != "Enabled":
            raise refuse("networkofferingid", f"offering '{offering.name}' is {offering.state}; enable it first")
        demand_deliverable(offering)
        if not self.caller.is_root:
            raise ApiError(Fault.NOT_PERMITTED, "Shared networks are made by root administrators only")
        refuse_ipv6(self)
        if self.isolatedpvlan is not None:
            raise refuse("isolatedpvlan", not_yet("a private VLAN"))
        if self.basic:
            demand_first_network(self.context, self.zoneid, self.values)
        elif self.zoneid.security_groups:
            raise refuse("zoneid", f"zone '{self.zoneid.name}' has security groups, of which "
                         + not_yet("filtering in shared networks"))
        if self.networkdomain is not None and "Dns" not in offering.services:
            raise refuse("networkdomain", f"offering '{offering.name}' has no service Dns that could serve it")
        take_turn(self.session, self.zoneid.id)
        self._check_audience()
        demand_provided(self.session, self._wire(), offering)
        if not self.basic:
            self._check_place()

    @property
    def basic(self) -> bool:
        """True in a basic zone."""
        return self.zoneid.network_type == "Basic"

    def run(self) -> Network:
        """See Command.run."""
        account, domain = self._audience()
        if account is not None:
            demand(self.context, account, {Resource.NETWORK: 1})
        gateway, netmask, addresses = (None, None, None) if self.basic else self._addresses()
        vlan = self.vlan or UNTAGGED
        network = Network(
            name=self.name_, display_text=self.displaytext, offering_id=self.networkofferingid.id,
            physical_network_id=self._wire().id, zone_id=self.zoneid.id,
            account_id=account.id if account is not None else None, domain_id=domain.id,
            acl_type="Account" if account is not None else "Domain", subdomain_access=self.subdomainaccess is not False,
            guest_type="Shared", state="Setup", gateway=gateway, netmask=netmask,
            cidr=str(subnet(gateway, netmask)) if gateway and netmask else None, vlan=vlan,
            display_network=self.displaynetwork is not False,
            network_domain=self.networkdomain or suffix_for(self.context, self.zoneid, domain, account),
        )
        self.session.add(network)
        self.session.flush()
        if addresses is not None:
            self.session.add(IpRange(
                zone_id=network.zone_id, network_id=network.id, physical_network_id=network.physical_network_id,
                for_virtual_network=False, vlan=vlan, gateway=gateway, netmask=netmask,
                start=addresses.start, end=addresses.end,
            ))
        return network

    def _audience(self) -> tuple[Account | None, Domain]:
        """The account it is for, or None: everybody of the domain."""
        if self.acltype == "Account" or self.projectid is not None:
            account = self.owner()
            return account, self.session.get_one(Domain, account.domain_id)
        return None, self.domainid or self.session.scalars(select(Domain).where(Domain.path == "/")).one()

    def _check_audience(self) -> None:
        if self.acltype == "Domain" and self.projectid is not None:
            raise refuse("acltype", "a network of a project serves that project alone; leave it out, or say Account")
        if self.acltype != "Account" and self.account is not None:
            raise refuse("account", "it goes with acltype Account; a network of acltype Domain serves all accounts")
        if self.acltype == "Account" and self.subdomainaccess is not None:
            raise refuse("subdomainaccess", "it goes with acltype Domain")
        account, domain = self._audience()
        if self.zoneid.domain_id is not None:
            above = self.session.get_one(Domain, self.zoneid.domain_id)
            if not domain.path.startswith(above.path):
                raise refuse("domainid", f"zone '{self.zoneid.name}' is private to domain '{above.name}'; give that "
                                         "domain or one below it")
        twin = self.context.live(Network, Network.zone_id == self.zoneid.id, Network.name == self.name_,
                                 Network.domain_id == domain.id,
                                 Network.account_id == (account.id if account is not None else None))
        if twin is not None:
            raise refuse("name", f"a network named '{self.name_}' exists already in zone '{self.zoneid.name}'")

    def _addresses(self) -> tuple[str, str, Span]:
        """Gateway, netmask and the guests' addresses."""
        for name in ("gateway", "netmask", "startip"):
            if name not in self.values:
                raise refuse(name, "a shared network needs gateway, netmask and startip")
        gateway, netmask = str(self.gateway), str(self.netmask)
        return gateway, netmask, span(subnet(gateway, netmask), gateway, str(self.startip), self.endip)

    def _wire(self) -> PhysicalNetwork:
        """The enabled physical network of the zone that carries guest traffic and has the offering's tag."""
        zone, tag = self.zoneid, self.networkofferingid.tags
        guest = exists().where(TrafficType.physical_network_id == PhysicalNetwork.id, TrafficType.type == "Guest")
        fit = [
            wire for wire in self.context.all(PhysicalNetwork, PhysicalNetwork.zone_id == zone.id, guest,
                                              PhysicalNetwork.state == "Enabled")
            if tag is None or tag in {*wire.tags, wire.name}
        ]
        if self.physicalnetworkid is not None:
            demand_in_zone("physicalnetworkid", self.physicalnetworkid, zone)
            fit = [wire for wire in fit if wire.id == self.physicalnetworkid.id]
        if len(fit) == 1:
            return fit[0]
        tagged = f" and has the tag '{tag}'" if tag else ""
        if not fit:
            which = (f"'{self.physicalnetworkid.name}' is not one that" if self.physicalnetworkid is not None
                     else f"zone '{zone.name}' has none that")
            raise refuse("physicalnetworkid", f"{which} is Enabled, carries Guest traffic{tagged}")
        raise refuse("physicalnetworkid", f"several could carry it: {', '.join(wire.name for wire in fit)}; give one")

    def _check_place(self) -> None:
        """VLAN and addresses collide with nothing on the same wire."""
        wire, vlan = self._wire(), self.vlan or UNTAGGED
        if self.networkofferingid.specify_vlan and self.vlan is None:
            raise refuse("vlan", f"offering '{self.networkofferingid.name}' demands it; give a VLAN id or untagged")
        clash = holding(wire.vlan, vlan)
        if clash is not None:
            raise refuse("vlan", f"VLAN {vlan} is in the range {clash[0]}-{clash[1]} that isolated networks of "
                                 f"physical network '{wire.name}' take theirs from; give one outside")
        gateway, netmask, addresses = self._addresses()
        wanted = subnet(gateway, netmask)
        for other in self.context.all(Network, Network.physical_network_id == wire.id, Network.vlan == vlan):
            if other.gateway and other.netmask and wanted.overlaps(subnet(other.gateway, other.netmask)):
                raise refuse("gateway", f"the subnet {wanted} overlaps {other.cidr} of network '{other.name}' on VLAN "
                                        f"{vlan}; add addresses to that one with createVlanIpRange, or take another")
        public = self.context.live(IpRange, IpRange.for_virtual_network, IpRange.physical_network_id == wire.id,
                                   IpRange.vlan == vlan, IpRange.start <= addresses.end, IpRange.end >= addresses.start)
        if public is not None:
            raise refuse("startip", f"the range {addresses} overlaps the public IP range "
                                    f"{Span(public.start, public.end)}")
        if vlan == UNTAGGED:
            demand_unreserved(self, self.zoneid, addresses)


class ListNetworks(OwnedList, roles=EVERYONE, view=NETWORK):
    """Lists networks: the caller's own and those shared with it."""

    keyword_columns = (Network.name, Network.display_text)

    id = Ref(Network, "Only this network.")
    zoneid = Ref(Zone, "Only networks of this zone.")
    type = Choice("Only networks of this guest type.", GUEST_TYPES)
    issystem = Bool("True: only networks of the cloud itself; false: only others.")
    acltype = Choice("Only networks that serve an Account, or a Domain.", ACL_TYPES)
    traffictype = Choice("Only networks of this traffic.", TRAFFIC)
    physicalnetworkid = Ref(PhysicalNetwork, "Only networks on this physical network.")
    supportedservices = ListOf(Choice("Only networks with all these services.", SERVICES))
    restartrequired = Bool("True: only networks with changes that wait for a restart; false: only others.")
    specifyipranges = Bool("Only networks whose addresses were given by their makers, or were not.")
    canusefordeploy = Bool("True: only networks that take further guests; false: only others.")
    vpcid = NoneYet("VPC", "Only tiers of this VPC.")
    forvpc = Bool("True: only tiers of VPCs; false: only others.")
    tags = TagFilter("Only networks with these tags.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted: list[ColumnElement[bool]] = [Network.removed.is_(None), *self._whose(), *asked(
            (self.id, Network.id), (self.zoneid, Network.zone_id), (self.type, Network.guest_type),
            (self.acltype, Network.acl_type), (self.traffictype, Network.traffic_type),
            (self.physicalnetworkid, Network.physical_network_id), (self.restartrequired, Network.restart_required),
            (self.specifyipranges, NetworkOffering.specify_ip_ranges), (self.forvpc, NetworkOffering.for_vpc),
        )]
        wanted += [has_service(service) for service in self.supportedservices or ()]
        if self.canusefordeploy is not None:
            wanted.append(USABLE if self.canusefordeploy else ~USABLE)
        if self.issystem:
            wanted.append(false())  # guest networks only
        if not self.caller.is_root:
            wanted.append(Network.display_network.is_(True))
        return wanted

    def _whose(self) -> list[ColumnElement[bool]]:
        """Networks of an account, or a project, are its own and those shared with its domain."""
        if "projectid" in self.values:
            return self._of_project(self.values["projectid"])
        if self.account is not None:
            account = account_of(self, self.account, self.domainid)
            domain = self.session.get_one(Domain, account.domain_id)
            return [or_(Network.account_id == account.id, self._serving(domain)), *visible(Network, self.caller)]
        if self.domainid is not None:
            return [*self.owned_conditions(Network), *visible(Network, self.caller)]
        if self.id is not None:
            return list(visible(Network, self.caller))
        if self.listall:
            return [*visible(Network, self.caller), not_of_projects(Network)]
        own = self.session.get_one(Domain, self.caller.domain_id)
        return [or_(Network.account_id == self.caller.account_id, self._serving(own))]

    def _of_project(self, project: Any) -> list[ColumnElement[bool]]:
        owned = self.owned_conditions(Network)
        if project == ALL_PROJECTS:
            return owned
        return [or_(and_(true(), *owned), self._serving(self.session.get_one(Domain, project.domain_id)))]

    def _serving(self, domain: Domain) -> ColumnElement[bool]:
        """Networks of acltype Domain that the domain's accounts may use."""
        above = select(Domain.id).where(at_or_above(domain.path))
        return (Network.acl_type == "Domain") & or_(
            Network.domain_id == domain.id, Network.subdomain_access & Network.domain_id.in_(above))


def demand_authority(command: Command, network: Network) -> None:
    """Refuses to let users change what is only shared with them.

    Raises:
        ApiError: NOT_PERMITTED.
    """
    caller = command.caller
    owns = network.account_id is not None and network.account_id in caller.accounts
    rules = command.session.scalar(select(Domain.id).where(Domain.id == network.domain_id, subtree(caller.domain_path)))
    if not (caller.is_root or owns or (caller.role is RoleType.DOMAIN_ADMIN and rules is not None)):
        raise ApiError(Fault.NOT_PERMITTED, f"Network '{network.name}' is shared with this account, not its own",
                       [("network", network.uuid)])


class UpdateNetwork(AsyncCommand, roles=EVERYONE, event="NETWORK.UPDATE", view=NETWORK):
    """Changes a network."""

    id = Ref(Network, "The network.").required
    name_ = Text("New name.")
    displaytext = Text("What users read.")
    networkdomain = DomainName("DNS suffix of its guests; they learn of it when they renew their lease.")
    networkofferingid = Ref(NetworkOffering, "Another offering.")
    changecidr = Bool("With networkofferingid: the subnet may change.")
    guestvmcidr = Cidr("Part of the subnet guests get their addresses from.")
    displaynetwork = Bool("Users see it.", admin=True)

    _COLUMNS = {  # noqa: RUF012 - parameter to column
        "name": "name", "displaytext": "display_text", "networkdomain": "network_domain",
        "displaynetwork": "display_network",
    }

    def check(self) -> None:
        """See Command.check."""
        demand_authority(self, self.id)
        if self.networkofferingid is not None and self.networkofferingid.id != self.id.offering_id:
            raise refuse("networkofferingid", not_yet("another offering for an existing network"))
        if self.guestvmcidr is not None:
            raise refuse("guestvmcidr", "a shared network's addresses are given by createVlanIpRange")
        if self.networkdomain is not None:
            offering = self.session.get_one(NetworkOffering, self.id.offering_id)
            if "Dns" not in offering.services:
                raise refuse("networkdomain", f"offering '{offering.name}' has no service Dns that could serve it")

    def prepare(self) -> Network:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        if self.networkdomain not in {None, self.id.network_domain}:
            self.id.generation += 1  # its router must learn it
        self.assign(self.id, self._COLUMNS)


class DeleteNetwork(AsyncCommand, roles=EVERYONE, event="NETWORK.DELETE"):
    """Deletes a network on which no machine has an interface."""

    id = Ref(Network, "The network.").required
    forced = Bool("True: even when its router's host does not answer.")

    def check(self) -> None:
        """See Command.check."""
        network = self.id
        demand_authority(self, network)
        NETWORK_STATES.require(network, "delete")
        if self.forced:
            raise refuse("forced", not_yet("deletion without the router's host") + "; delete the host first")
        guests = self.session.scalar(select(func.count(Nic.id)).where(
            Nic.network_id == network.id, Nic.vm_id.is_not(None)))
        if guests:
            raise ApiError(Fault.IN_USE, f"Unable to execute {self.name}: network '{network.name}' still has {guests} "
                                         "interface(s) of virtual machines; expunge the machines first",
                           [("network", network.uuid)])

    def prepare(self) -> Network:
        """See AsyncCommand.prepare."""
        return self.id

    def order(self, subject: Any) -> Order:
        """See AsyncCommand.order."""
        return network_remove.order(subject)
