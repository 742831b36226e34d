"""Physical networks, traffic types, address ranges, network offerings, networks, NICs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, type_coerce
from sqlalchemy.orm import aliased

from stratoform.commands.frame.view import Field, View, col, csv, jobs_of, unset
from stratoform.model.addresses import text
from stratoform.model.base import LongText
from stratoform.model.compute import ServiceOffering
from stratoform.model.network import (
    IpRange,
    Network,
    NetworkOffering,
    Nic,
    PhysicalNetwork,
    TrafficType,
)
from stratoform.model.tenancy import Domain
from stratoform.model.topology import Pod, Zone

from .common import OWNER, tags_of, with_owner


def _join_zone_of_wire(query: Select[Any]) -> Select[Any]:
    return (query.join(Zone, Zone.id == PhysicalNetwork.zone_id)
            .outerjoin(Domain, Domain.id == PhysicalNetwork.domain_id))


PHYSICAL_NETWORK = View("physicalnetwork", PhysicalNetwork, (
    col("id", "string", "The physical network's id.", PhysicalNetwork.uuid),
    col("name", "string", "Its name.", PhysicalNetwork.name),
    col("broadcastdomainrange", "string", "How far a broadcast reaches: POD or ZONE.",
        PhysicalNetwork.broadcast_domain_range),
    col("zoneid", "string", "Zone it is in.", Zone.uuid),
    col("state", "string", "Enabled, or Disabled: no new guest networks on it.", PhysicalNetwork.state),
    col("vlan", "string", "VLANs isolated guest networks take theirs from.", PhysicalNetwork.vlan),
    col("domainid", "string", "Domain it belongs to.", Domain.uuid),
    col("tags", "string", "Its tags, separated by commas.", PhysicalNetwork.tags, make=csv),
    col("isolationmethods", "string", "How guest networks on it are kept apart.", PhysicalNetwork.isolation_methods,
        make=csv),
    col("networkspeed", "string", "Its speed.", PhysicalNetwork.speed),
    *jobs_of(PhysicalNetwork),
), _join_zone_of_wire)


def _join_wire(query: Select[Any]) -> Select[Any]:
    return query.join(PhysicalNetwork, PhysicalNetwork.id == TrafficType.physical_network_id)


TRAFFIC_TYPE = View("traffictype", TrafficType, (
    col("id", "string", "The traffic type's id.", TrafficType.uuid),
    col("traffictype", "string", "Guest, Management, Public or Storage.", TrafficType.type),
    col("physicalnetworkid", "string", "Physical network that carries it.", PhysicalNetwork.uuid),
    col("xennetworklabel", "string", "Name of its network on XenServer hosts.", TrafficType.xen_label),
    col("kvmnetworklabel", "string", "Name of its bridge on KVM hosts.", TrafficType.kvm_label),
    col("vmwarenetworklabel", "string", "Name of its switch on VMware hosts.", TrafficType.vmware_label),
    col("hypervnetworklabel", "string", "Name of its switch on Hyper-V hosts.", TrafficType.hyperv_label),
    *jobs_of(TrafficType),
), _join_wire)


def _join_range(query: Select[Any]) -> Select[Any]:
    return (
        with_owner(query, IpRange, outer=True).join(Zone, Zone.id == IpRange.zone_id)
        .outerjoin(Network, Network.id == IpRange.network_id)
        .outerjoin(PhysicalNetwork, PhysicalNetwork.id == IpRange.physical_network_id)
        .outerjoin(Pod, Pod.id == IpRange.pod_id)
    )


VLAN_IP_RANGE = View("vlaniprange", IpRange, (
    col("id", "string", "The range's id.", IpRange.uuid),
    col("forvirtualnetwork", "boolean", "True: public addresses; false: addresses of guests.",
        IpRange.for_virtual_network),
    col("zoneid", "string", "Zone of the range.", Zone.uuid),
    col("vlan", "string", "VLAN id, or untagged.", IpRange.vlan),
    *OWNER,
    col("podid", "string", "Pod whose guests use it.", Pod.uuid),
    col("podname", "string", "Name of that pod.", Pod.name),
    col("gateway", "string", "Gateway of the addresses.", IpRange.gateway),
    col("netmask", "string", "Netmask of the addresses.", IpRange.netmask),
    col("description", "string", "The range as text.", IpRange.start, IpRange.end,
        make=lambda start, end: f"{text(start)}-{text(end)}"),
    col("startip", "string", "First address.", IpRange.start, make=text),
    col("endip", "string", "Last address.", IpRange.end, make=text),
    col("networkid", "string", "Network whose guests use it.", Network.uuid),
    col("physicalnetworkid", "string", "Physical network that carries it.", PhysicalNetwork.uuid),
    unset("startipv6", "string", "First IPv6 address."),
    unset("endipv6", "string", "Last IPv6 address."),
    unset("ip6gateway", "string", "IPv6 gateway."),
    unset("ip6cidr", "string", "IPv6 subnet."),
    *jobs_of(IpRange),
), _join_range)

PROVIDER = View("networkserviceprovider", None, (
    unset("name", "string", "Name of the provider."),
    unset("physicalnetworkid", "string", "Physical network it serves."),
    unset("destinationphysicalnetworkid", "string", "Physical network it bridges to."),
    unset("state", "string", "Enabled or Disabled."),
    unset("id", "string", "The provider's id."),
    unset("servicelist", "list", "Services it gives."),
    unset("canenableindividualservice", "boolean", "True when its services can be enabled one by one."),
))

CAPABILITY = View("capability", None, (
    unset("name", "string", "What can be chosen or promised."),
    unset("value", "string", "What was chosen or promised."),
    unset("canchooseservicecapability", "boolean", "True when an offering may choose the value."),
))

SERVICE = View("service", None, (
    unset("name", "string", "Name of the service."),
    Field("provider", "list", "Who gives it.", nested=PROVIDER),
    Field("capability", "list", "What it can do.", nested=CAPABILITY),
))


def services(declared: Mapping[str, Any], *, providers: bool = True) -> list[dict[str, Any]]:
    """An offering's services as answers show them."""
    shown = []
    for name, service in declared.items():
        body: dict[str, Any] = {"name": name}
        if providers:
            body["provider"] = [{"name": provider} for provider in service.get("providers", ())]
        if service.get("capabilities"):
            body["capability"] = [{"name": key, "value": value, "canchooseservicecapability": False}
                                  for key, value in service["capabilities"].items()]
        shown.append(body)
    return shown


def _join_sizing(query: Select[Any]) -> Select[Any]:
    return query.outerjoin(ServiceOffering, ServiceOffering.id == NetworkOffering.service_offering_id)


_sizing = aliased(ServiceOffering)
_ROUTER_SIZE = (
    select(_sizing.uuid).where(_sizing.default_use, _sizing.system_vm_type == "domainrouter", _sizing.removed.is_(None))
    .order_by(_sizing.id).limit(1).scalar_subquery()
)
"""What virtual routers are sized by when their offering does not say; clients look for one without asking."""

NETWORK_OFFERING = View("networkoffering", NetworkOffering, (
    col("id", "string", "The offering's id.", NetworkOffering.uuid),
    col("name", "string", "Its name.", NetworkOffering.name),
    col("displaytext", "string", "What users read.", NetworkOffering.display_text),
    col("tags", "string", "Tag its physical network must have.", NetworkOffering.tags),
    col("created", "date", "When it was made.", NetworkOffering.created),
    col("traffictype", "string", "Traffic of its networks.", NetworkOffering.traffic_type),
    col("isdefault", "boolean", "True when it came with the cloud.", NetworkOffering.is_default),
    col("specifyvlan", "boolean", "True when the VLAN of a network is given by its maker.",
        NetworkOffering.specify_vlan),
    col("conservemode", "boolean", "True when services may share a public address.", NetworkOffering.conserve_mode),
    col("specifyipranges", "boolean", "True when the addresses of a network are given by its maker.",
        NetworkOffering.specify_ip_ranges),
    col("availability", "string", "Optional, Required or Unavailable.", NetworkOffering.availability),
    col("networkrate", "integer", "Largest rate in Mbit/s.", NetworkOffering.network_rate),
    col("state", "string", "Enabled, or Disabled: no new networks of it.", NetworkOffering.state),
    col("guestiptype", "string", "Shared or Isolated.", NetworkOffering.guest_type),
    col("serviceofferingid", "string", "Size of its virtual routers.",
        func.coalesce(ServiceOffering.uuid, _ROUTER_SIZE)),
    Field("service", "list", "Its services.", (NetworkOffering.services,), make=services, nested=SERVICE),
    col("forvpc", "boolean", "True when only VPCs may use it.", NetworkOffering.for_vpc),
    col("ispersistent", "boolean", "True when its networks are up without guests.", NetworkOffering.persistent),
    col("details", "map", "Further choices.", NetworkOffering.details, make=lambda details: details or None,
        since="4.2.0"),
    col("egressdefaultpolicy", "boolean", "True when guests may send anything unless rules forbid it.",
        NetworkOffering.egress_default),
    col("maxconnections", "integer", "Largest number of connections of its load balancer.",
        NetworkOffering.max_connections),
    *jobs_of(NetworkOffering),
), _join_sizing)

_TOTAL = (
    select(func.coalesce(func.sum(IpRange.end - IpRange.start + 1), 0))
    .where(IpRange.network_id == Network.id, IpRange.removed.is_(None)).correlate(Network).scalar_subquery()
)
_HELD = select(func.count(Nic.id)).where(Nic.network_id == Network.id).correlate(Network).scalar_subquery()
USABLE: ColumnElement[bool] = _TOTAL > _HELD
"""A network takes further guests: some address of it is free."""


@lru_cache(maxsize=256)
def _services_of(declared: str) -> list[dict[str, Any]]:
    """The services as networks show them: thousands of networks share a few offerings."""
    return services(json.loads(declared), providers=False)


def _join_network(query: Select[Any]) -> Select[Any]:
    return (
        with_owner(query, Network, outer=True).join(Zone, Zone.id == Network.zone_id)
        .join(NetworkOffering, NetworkOffering.id == Network.offering_id)
        .outerjoin(PhysicalNetwork, PhysicalNetwork.id == Network.physical_network_id)
    )


NETWORK = View("network", Network, (
    col("id", "string", "The network's id.", Network.uuid),
    col("name", "string", "Its name.", Network.name),
    col("displaytext", "string", "What users read.", Network.display_text),
    col("broadcastdomaintype", "string", "How it is kept apart from others.", literal("Vlan")),
    col("traffictype", "string", "Guest.", Network.traffic_type),
    col("gateway", "string", "Its gateway.", Network.gateway),
    col("netmask", "string", "Its netmask.", Network.netmask),
    col("cidr", "string", "Its subnet.", Network.cidr),
    unset("networkcidr", "string", "The whole subnet, when a part of it is reserved."),
    unset("reservediprange", "string", "The part of the subnet that is reserved."),
    col("zoneid", "string", "Zone it is in.", Zone.uuid),
    col("zonename", "string", "Name of that zone.", Zone.name),
    col("networkofferingid", "string", "Offering it was made from.", NetworkOffering.uuid),
    col("networkofferingname", "string", "Name of that offering.", NetworkOffering.name),
    col("networkofferingdisplaytext", "string", "What users read of that offering.", NetworkOffering.display_text),
    col("networkofferingconservemode", "boolean", "Whether services may share a public address.",
        NetworkOffering.conserve_mode),
    col("networkofferingavailability", "string", "Availability of that offering.", NetworkOffering.availability),
    col("issystem", "boolean", "True for networks of the cloud itself.", literal(0), make=bool),
    col("state", "string", "Its state; Setup: usable at once.", Network.state),
    col("related", "string", "The network it came from.", Network.uuid),
    col("broadcasturi", "string", "Its VLAN as a URI.", Network.vlan, make=lambda vlan: vlan and f"vlan://{vlan}",
        admin=True),
    col("dns1", "string", "First DNS server of its zone.", Zone.dns1),
    col("dns2", "string", "Second DNS server of its zone.", Zone.dns2),
    col("type", "string", "Shared or Isolated.", Network.guest_type),
    col("vlan", "string", "VLAN id, or untagged.", Network.vlan, admin=True),
    col("acltype", "string", "Whom it serves: an Account or a Domain.", Network.acl_type),
    col("subdomainaccess", "boolean", "True when domains below its own may use it.", Network.subdomain_access,
        Network.acl_type, make=lambda access, acl: access if acl == "Domain" else None),
    *OWNER,
    unset("isdefault", "boolean", "Not used; a guest's default network is its NIC's matter."),
    Field("service", "list", "Its services.", (type_coerce(NetworkOffering.services, LongText),),
          make=_services_of, nested=SERVICE),
    col("networkdomain", "string", "DNS suffix of its guests.", Network.network_domain),
    col("physicalnetworkid", "string", "Physical network that carries it.", PhysicalNetwork.uuid),
    col("restartrequired", "boolean", "True when changes wait for a restart.", Network.restart_required),
    col("specifyipranges", "boolean", "True when its addresses were given by its maker.",
        NetworkOffering.specify_ip_ranges),
    unset("vpcid", "string", "VPC it is a tier of."),
    col("canusefordeploy", "boolean", "True when it takes further guests.", USABLE, make=bool),
    col("ispersistent", "boolean", "True when it is up without guests.", NetworkOffering.persistent),
    tags_of(Network, "list"),  # elsewhere the reference calls it a set
    unset("ip6gateway", "string", "IPv6 gateway."),
    unset("ip6cidr", "string", "IPv6 subnet."),
    col("displaynetwork", "boolean", "True when users see it.", Network.display_network),
    unset("aclid", "string", "ACL list of a VPC's tier."),
    *jobs_of(Network),
), _join_network)

NIC = View("nic", None, (
    unset("id", "string", "The NIC's id."),
    unset("networkid", "string", "Network it is on."),
    unset("networkname", "string", "Name of that network."),
    unset("netmask", "string", "Its netmask."),
    unset("gateway", "string", "Its gateway."),
    unset("ipaddress", "string", "Its address."),
    unset("isolationuri", "string", "VLAN of its network as a URI.", admin=True),
    unset("broadcasturi", "string", "VLAN of its network as a URI.", admin=True),
    unset("traffictype", "string", "Guest."),
    unset("type", "string", "Shared or Isolated."),
    unset("isdefault", "boolean", "True for the NIC with the guest's default route."),
    unset("macaddress", "string", "Its MAC address."),
    unset("ip6gateway", "string", "IPv6 gateway."),
    unset("ip6cidr", "string", "IPv6 subnet."),
    unset("ip6address", "string", "IPv6 address."),
    unset("secondaryip", "list", "Further addresses."),
))
