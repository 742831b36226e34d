"""Network offerings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from stratoform.errors import ApiError, Fault
from stratoform.model.base import now
from stratoform.model.compute import ServiceOffering
from stratoform.model.network import Network, NetworkOffering, PhysicalNetwork
from stratoform.model.topology import Zone

from .frame.base import EVERYONE, ROOT_ONLY, Command, ListCommand
from .frame.params import Bool, Choice, Details, Int, ListOf, Records, Ref, Text, refuse, shown
from .rules.places import asked, demand_free_name
from .views.network import NETWORK_OFFERING

GUEST_TYPES = ("Shared", "Isolated")
TRAFFIC = ("Guest", "Public", "Management", "Control", "Storage", "Vpn")
AVAILABILITY = ("Optional", "Required", "Unavailable")
STATES = ("Enabled", "Disabled")
SERVICES = ("Dhcp", "Dns", "UserData", "Firewall", "Gateway", "Lb", "SourceNat", "StaticNat", "PortForwarding", "Vpn",
            "SecurityGroup", "NetworkACL", "Connectivity")

_BALANCER = frozenset({"Lb", "StaticNat"})
_FIREWALL = frozenset({"Firewall", "Gateway", "SourceNat", "StaticNat", "PortForwarding"})
_VPC = frozenset(SERVICES) - {"Firewall", "SecurityGroup", "Connectivity"}
PROVIDERS: Mapping[str, frozenset[str]] = {
    "VirtualRouter": frozenset(SERVICES) - {"SecurityGroup", "NetworkACL", "Connectivity"},
    "VpcVirtualRouter": _VPC,
    "SecurityGroupProvider": frozenset({"SecurityGroup"}),
    "InternalLbVm": frozenset({"Lb"}),
    "Netscaler": _BALANCER,
    "F5BigIp": frozenset({"Lb"}),
    "JuniperSRX": _FIREWALL,
    "CiscoVnmc": _FIREWALL,
    "Ovs": frozenset({"Connectivity", "Lb", "SourceNat", "StaticNat", "PortForwarding"}),
    "NiciraNvp": frozenset({"Connectivity", "SourceNat", "StaticNat", "PortForwarding"}),
    "MidoNet": frozenset(SERVICES) - {"Lb", "Vpn", "SecurityGroup", "NetworkACL"},
    "BigSwitchVns": frozenset({"Connectivity"}),
    "BaremetalDhcpProvider": frozenset({"Dhcp"}),
    "BaremetalUserdataProvider": frozenset({"UserData"}),
}
"""Which provider gives which services (CloudStack administration guide, "Network service providers")."""

CAPABILITIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "SourceNat": {"SupportedSourceNatTypes": ("peraccount", "perzone"), "RedundantRouter": ("true", "false")},
    "Lb": {"SupportedLbIsolation": ("dedicated", "shared"), "ElasticLb": ("true", "false"),
           "InlineMode": ("true", "false"), "LbSchemes": ("Public", "Internal")},
    "StaticNat": {"ElasticIp": ("true", "false"), "AssociatePublicIP": ("true", "false")},
}
"""What an offering may choose of a service: capability to its values."""
DETAILS = ("InternalLbProvider", "PublicLbProvider", "servicepackageuuid", "servicepackagedescription")


class CreateNetworkOffering(Command, roles=ROOT_ONLY, event="NETWORK.OFFERING.CREATE", view=NETWORK_OFFERING):
    """Creates a network offering: what networks of its kind give their guests. It begins Disabled."""

    name_ = Text("Name of the offering; unique in the cloud.").required
    displaytext = Text("What users read.", length=4096).required
    traffictype = Choice("Traffic of its networks; only Guest networks are made by users.", TRAFFIC).required
    guestiptype = Choice("Shared, or Isolated: for one account.", GUEST_TYPES).required
    supportedservices = ListOf(Choice("Services its networks have.", SERVICES)).required
    serviceproviderlist = Records("Who gives each service: entries of service and provider (default VirtualRouter).",
                                  ("service", "provider"))
    servicecapabilitylist = Records(
        "What is chosen of a service: entries of service, capabilitytype and capabilityvalue.",
        ("service", "capabilitytype", "capabilityvalue"))
    specifyvlan = Bool("True: the VLAN of a network is given by its maker; shared networks demand it.")
    specifyipranges = Bool("True: the addresses of a network are given by its maker; shared networks demand it.")
    conservemode = Bool("Services may share a public address (default true).")
    ispersistent = Bool("Its networks are up without guests (default false).")
    availability = Choice("Optional (default), Required or Unavailable.", AVAILABILITY)
    networkrate = Int("Largest rate of a guest's interface in Mbit/s.")
    serviceofferingid = Ref(ServiceOffering, "Size of its virtual routers.", where=lambda: ServiceOffering.is_system)
    tags = Text("Tag its physical network must have.")
    egressdefaultpolicy = Bool("Guests may send anything unless rules forbid it (default true).")
    keepaliveenabled = Bool("Its load balancer keeps connections of HTTP open.")
    maxconnections = Int("Largest number of connections of its load balancer.", least=1)
    details = Details("Further choices, by name.", since="4.2.0")
    enable = Bool("True: it begins Enabled.", since="4.16.0")
    state = Choice("The same in the words of a client: enabled, or else it begins Disabled.",
                   ("present", "enabled", "disabled"))

    def check(self) -> None:
        """See Command.check."""
        demand_free_name(self.session, "name", self.name_, NetworkOffering)
        if self.traffictype != "Guest":
            raise refuse("traffictype", f"networks of {self.traffictype} traffic are the cloud's own; give Guest")
        if self.guestiptype == "Shared":
            for name, wanted in (("specifyvlan", True), ("specifyipranges", True), ("ispersistent", False)):
                if bool(self.values.get(name)) is not wanted:
                    raise refuse(name, f"it must be {str(wanted).lower()} for offerings of Shared networks")
        elif self.specifyipranges and "SourceNat" in self.supportedservices:
            raise refuse("specifyipranges", "networks with SourceNat take their addresses from a subnet of their own")
        if self.availability == "Required" and (self.guestiptype, "SourceNat" in self.supportedservices) != (
            "Isolated", True):
            raise refuse("availability", "Required is for offerings of Isolated networks with SourceNat")
        for key in self.details or {}:
            if key not in DETAILS:
                raise refuse("details", f"{shown(key)} is not one of {', '.join(DETAILS)}")
        self._services()

    def run(self) -> NetworkOffering:
        """See Command.run."""
        offering = NetworkOffering(
            name=self.name_, display_text=self.displaytext, traffic_type=self.traffictype, guest_type=self.guestiptype,
            services=self._services(), specify_vlan=bool(self.specifyvlan),
            specify_ip_ranges=bool(self.specifyipranges), conserve_mode=self.conservemode is not False,
            persistent=bool(self.ispersistent), availability=self.availability or "Optional",
            network_rate=self.networkrate, tags=self.tags, egress_default=self.egressdefaultpolicy is not False,
            service_offering_id=self.serviceofferingid.id if self.serviceofferingid else None,
            keepalive=bool(self.keepaliveenabled), max_connections=self.maxconnections, details=self.details or {},
            state="Enabled" if self.enable or self.state == "enabled" else "Disabled",
        )
        self.session.add(offering)
        return offering

    def _services(self) -> dict[str, Any]:
        """The services as the model keeps them, in the order of the API's list of them."""
        if not self.supportedservices:
            raise refuse("supportedservices", f"name at least one of {', '.join(SERVICES)}")
        providers = self._providers()
        found: dict[str, Any] = {}
        for service in (s for s in SERVICES if s in self.supportedservices):
            default = next(name for name, gives in PROVIDERS.items() if service in gives)
            found[service] = {"providers": providers.get(service, [default]), "capabilities": {}}
        for entry in self.servicecapabilitylist or ():
            service = self._service("servicecapabilitylist", entry)
            name, value = self._capability(service, entry)
            found[service]["capabilities"][name] = value
        return found

    def _providers(self) -> dict[str, list[str]]:
        """The providers of each service that was given some."""
        found: dict[str, list[str]] = {}
        names = {name.lower(): name for name in PROVIDERS}
        for entry in self.serviceproviderlist or ():
            service = self._service("serviceproviderlist", entry)
            provider = names.get(entry.get("provider", "").lower())
            if provider is None:
                raise refuse("serviceproviderlist", f"{shown(entry.get('provider', ''))} is not one of "
                                                    f"{', '.join(PROVIDERS)}")
            if service not in PROVIDERS[provider]:
                raise refuse("serviceproviderlist", f"{provider} does not give {service}; it gives "
                                                    f"{', '.join(s for s in SERVICES if s in PROVIDERS[provider])}")
            found.setdefault(service, [])
            if provider not in found[service]:
                found[service].append(provider)
        return found

    def _service(self, parameter: str, entry: Mapping[str, str]) -> str:
        given = entry.get("service", "")
        service = next((s for s in self.supportedservices if s.lower() == given.lower()), None)
        if service is None:
            raise refuse(parameter, f"{shown(given)} is not one of the supportedservices")
        return service

    def _capability(self, service: str, entry: Mapping[str, str]) -> tuple[str, str]:
        known = CAPABILITIES.get(service, {})
        given, value = entry.get("capabilitytype", ""), entry.get("capabilityvalue", "")
        name = next((n for n in known if n.lower() == given.lower()), None)
        if name is None:
            raise refuse("servicecapabilitylist", f"{service} has no capability {shown(given)} to choose" +
                         (f"; it has {', '.join(known)}" if known else ""))
        chosen = next((v for v in known[name] if v.lower() == value.lower()), None)
        if chosen is None:
            raise refuse("servicecapabilitylist", f"{name} is one of {', '.join(known[name])}, not {shown(value)}")
        return name, chosen


class ListNetworkOfferings(ListCommand, roles=EVERYONE, view=NETWORK_OFFERING):
    """Lists network offerings."""

    keyword_columns = (NetworkOffering.name, NetworkOffering.display_text)

    id = Ref(NetworkOffering, "Only this offering.")
    name_ = Text("Only the offering of this name.")
    displaytext = Text("Only offerings users read this of.", length=4096)
    traffictype = Choice("Only offerings of this traffic.", TRAFFIC)
    guestiptype = Choice("Only offerings of this guest type.", GUEST_TYPES)
    state = Choice("Only offerings in this state.", (*STATES, "Inactive"))
    availability = Choice("Only offerings of this availability.", AVAILABILITY)
    isdefault = Bool("True: only those that came with the cloud; false: only others.")
    specifyvlan = Bool("Only offerings whose networks' makers give the VLAN, or do not.")
    specifyipranges = Bool("Only offerings whose networks' makers give the addresses, or do not.")
    forvpc = Bool("True: only those of VPCs' tiers; false: only others.")
    supportedservices = ListOf(Choice("Only offerings with all these services.", SERVICES))
    sourcenatsupported = Bool("True: only offerings with SourceNat; false: only others.")
    tags = Text("Only offerings with this tag.")
    istagged = Bool("True: only offerings with a tag; false: only others.")
    zoneid = Ref(Zone, "Only offerings some physical network of this zone can carry.")
    networkid = Ref(Network, "Only offerings this network can change to.")

    def order(self) -> tuple[Any, ...]:
        """See ListCommand.order."""
        return NetworkOffering.sort_key, NetworkOffering.id

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [NetworkOffering.removed.is_(None), NetworkOffering.is_system.is_(False), *asked(
            (self.id, NetworkOffering.id), (self.name_, NetworkOffering.name),
            (self.displaytext, NetworkOffering.display_text), (self.traffictype, NetworkOffering.traffic_type),
            (self.guestiptype, NetworkOffering.guest_type), (self.state, NetworkOffering.state),
            (self.availability, NetworkOffering.availability), (self.isdefault, NetworkOffering.is_default),
            (self.specifyvlan, NetworkOffering.specify_vlan), (self.forvpc, NetworkOffering.for_vpc),
            (self.specifyipranges, NetworkOffering.specify_ip_ranges), (self.tags, NetworkOffering.tags),
        )]
        wanted += [has_service(service) for service in self.supportedservices or ()]
        if self.sourcenatsupported is not None:
            wanted.append(has_service("SourceNat") if self.sourcenatsupported else ~has_service("SourceNat"))
        if self.istagged is not None:
            wanted.append(NetworkOffering.tags.is_not(None) if self.istagged else NetworkOffering.tags.is_(None))
        if self.zoneid is not None:
            wanted += self._carried(self.zoneid)
        if self.networkid is not None:
            wanted += self._successors(self.networkid)
        return wanted

    def _carried(self, zone: Zone) -> list[ColumnElement[bool]]:
        wires = self.session.scalars(select(PhysicalNetwork).where(
            PhysicalNetwork.zone_id == zone.id, PhysicalNetwork.removed.is_(None)))
        tags = {tag for wire in wires for tag in (*wire.tags, wire.name)}
        fitting = [or_(NetworkOffering.tags.is_(None), NetworkOffering.tags.in_(sorted(tags)))]
        if zone.network_type == "Basic":
            fitting.append(NetworkOffering.guest_type == "Shared")
        return fitting

    def _successors(self, network: Network) -> list[ColumnElement[bool]]:
        own = self.session.get_one(NetworkOffering, network.offering_id)
        return [
            NetworkOffering.id != own.id, NetworkOffering.state == "Enabled",
            NetworkOffering.guest_type == own.guest_type, NetworkOffering.traffic_type == own.traffic_type,
            NetworkOffering.for_vpc == own.for_vpc, NetworkOffering.specify_vlan == own.specify_vlan,
            NetworkOffering.specify_ip_ranges == own.specify_ip_ranges,
        ]


def has_service(service: str) -> ColumnElement[bool]:
    """The condition that an offering has a service (JSON_EXTRACT is in SQLite and MariaDB alike)."""
    return func.json_extract(NetworkOffering.services, f'$."{service}"').is_not(None)


class UpdateNetworkOffering(Command, roles=ROOT_ONLY, event="NETWORK.OFFERING.EDIT", view=NETWORK_OFFERING):
    """Changes a network offering; its networks keep what they were made with."""

    id = Ref(NetworkOffering, "The offering.")
    name_ = Text("New name; unique in the cloud.")
    displaytext = Text("What users read.", length=4096)
    availability = Choice("Optional, Required or Unavailable.", AVAILABILITY)
    state = Choice("Enabled, or Disabled: no new networks of it.", STATES)
    sortkey = Int("Where it stands in lists; lowest first.")
    keepaliveenabled = Bool("Its load balancer keeps connections of HTTP open.")
    maxconnections = Int("Largest number of connections of its load balancer.", least=1)

    _COLUMNS = {  # noqa: RUF012 - parameter to column
        "name": "name", "displaytext": "display_text", "availability": "availability", "state": "state",
        "sortkey": "sort_key", "keepaliveenabled": "keepalive", "maxconnections": "max_connections",
    }

    @property
    def offering(self) -> NetworkOffering:
        """The offering; the API declares ``id`` as if it could be left out."""
        if self.id is None:
            raise refuse("id", "say which offering to change")
        return self.id

    def check(self) -> None:
        """See Command.check."""
        offering = self.offering
        if self.name_ is not None:
            demand_free_name(self.session, "name", self.name_, NetworkOffering, NetworkOffering.id != offering.id)
        if self.availability == "Required" and not (
            offering.guest_type == "Isolated" and "SourceNat" in offering.services):
            raise refuse("availability", "Required is for offerings of Isolated networks with SourceNat")

    def run(self) -> NetworkOffering:
        """See Command.run."""
        self.assign(self.offering, self._COLUMNS)
        return self.offering


class DeleteNetworkOffering(Command, roles=ROOT_ONLY, event="NETWORK.OFFERING.DELETE"):
    """Deletes a network offering no network was made from."""

    id = Ref(NetworkOffering, "The offering.").required

    def check(self) -> None:
        """See Command.check."""
        if self.id.is_default:
            raise ApiError(Fault.BAD_PARAMETER, f"Unable to execute {self.name}: '{self.id.name}' came with the cloud "
                                                "and stays; disable it with updateNetworkOffering")
        self.refuse_while_used(self.id, (Network, Network.offering_id))

    def run(self) -> None:
        """See Command.run."""
        self.id.removed = now()
