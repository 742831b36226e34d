"""Zones, pods, clusters, hosts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, literal, select

from stratoform.commands.frame.view import Field, View, col, csv, jobs_of, unset
from stratoform.model.capacity import CPU_FACTOR, MEMORY_FACTOR
from stratoform.model.compute import GuestOsCategory
from stratoform.model.storage import StoragePool
from stratoform.model.tenancy import Domain
from stratoform.model.topology import Cluster, Host, Pod, Zone

from .capacity import of_host
from .common import capacities, tags_of


def _join_domain(query: Select[Any]) -> Select[Any]:
    return query.outerjoin(Domain, Domain.id == Zone.domain_id)


ZONE = View("zone", Zone, (
    col("id", "string", "The zone's id.", Zone.uuid),
    col("name", "string", "The zone's name.", Zone.name),
    col("description", "string", "What the zone is for.", Zone.description),
    col("dns1", "string", "First DNS server of guests.", Zone.dns1),
    col("dns2", "string", "Second DNS server of guests.", Zone.dns2),
    col("ip6dns1", "string", "First IPv6 DNS server of guests.", Zone.ip6dns1),
    col("ip6dns2", "string", "Second IPv6 DNS server of guests.", Zone.ip6dns2),
    col("internaldns1", "string", "First DNS server of hosts and system services.", Zone.internal_dns1, admin=True),
    col("internaldns2", "string", "Second DNS server of hosts and system services.", Zone.internal_dns2, admin=True),
    unset("vlan", "string", "VLAN range of the zone; kept on its physical networks."),
    col("guestcidraddress", "string", "CIDR of guest networks that declare none.", Zone.guest_cidr),
    unset("status", "string", "Not used; see allocationstate."),
    unset("displaytext", "string", "Not used; see description."),
    col("domain", "string", "DNS suffix of the zone's networks.", Zone.domain),
    col("domainid", "string", "The domain a private zone belongs to.", Domain.uuid),
    col("domainname", "string", "Name of that domain.", Domain.name),
    col("networktype", "string", "Basic or Advanced.", Zone.network_type),
    col("securitygroupsenabled", "boolean", "True when security groups filter guest traffic.", Zone.security_groups),
    col("allocationstate", "string", "Enabled or Disabled for new placements.", Zone.allocation_state),
    col("zonetoken", "string", "Token of the zone.", Zone.token),
    col("dhcpprovider", "string", "Who answers DHCP.", Zone.dhcp_provider),
    capacities("zone"),
    col("localstorageenabled", "boolean", "True when guests may use storage local to a host.", Zone.local_storage),
    tags_of(Zone),
    col("resourcedetails", "map", "Free key-value pairs.", Zone.details, make=lambda details: details or None),
    *jobs_of(Zone),
), _join_domain)


def _join_zone(query: Select[Any]) -> Select[Any]:
    return query.join(Zone, Zone.id == Pod.zone_id)


POD = View("pod", Pod, (
    col("id", "string", "The pod's id.", Pod.uuid),
    col("name", "string", "The pod's name.", Pod.name),
    col("zoneid", "string", "Zone of the pod.", Zone.uuid),
    col("zonename", "string", "Name of that zone.", Zone.name),
    col("gateway", "string", "Gateway of the pod's management subnet.", Pod.gateway),
    col("netmask", "string", "Netmask of the pod's management subnet.", Pod.netmask),
    col("startip", "string", "First address reserved for system services.", Pod.start_ip),
    col("endip", "string", "Last address reserved for system services.", Pod.end_ip),
    col("allocationstate", "string", "Enabled or Disabled for new placements.", Pod.allocation_state),
    capacities("pod"),
    *jobs_of(Pod),
), _join_zone)


def _join_pod(query: Select[Any]) -> Select[Any]:
    return query.join(Zone, Zone.id == Cluster.zone_id).join(Pod, Pod.id == Cluster.pod_id)


def _ratio(value: float) -> str:
    return str(float(value))


CLUSTER = View("cluster", Cluster, (
    col("id", "string", "The cluster's id.", Cluster.uuid),
    col("name", "string", "The cluster's name.", Cluster.name),
    col("podid", "string", "Pod of the cluster.", Pod.uuid),
    col("podname", "string", "Name of that pod.", Pod.name),
    col("zoneid", "string", "Zone of the cluster.", Zone.uuid),
    col("zonename", "string", "Name of that zone.", Zone.name),
    col("hypervisortype", "string", "Hypervisor of all its hosts.", Cluster.hypervisor),
    col("clustertype", "string", "CloudManaged: its hosts are managed one by one.", Cluster.type),
    col("allocationstate", "string", "Enabled or Disabled for new placements.", Cluster.allocation_state),
    col("managedstate", "string", "Managed, or Unmanaged: the cloud leaves its hosts alone.", Cluster.managed_state),
    capacities("cluster"),
    col("cpuovercommitratio", "string", "How many times its hosts' CPU may be given to guests.", CPU_FACTOR,
        make=_ratio),
    col("memoryovercommitratio", "string", "How many times its hosts' memory may be given to guests.", MEMORY_FACTOR,
        make=_ratio),
    *jobs_of(Cluster),
), _join_pod)


def _join_place(query: Select[Any]) -> Select[Any]:
    return (
        query.join(Zone, Zone.id == Host.zone_id).join(Pod, Pod.id == Host.pod_id)
        .join(Cluster, Cluster.id == Host.cluster_id)
        .outerjoin(GuestOsCategory, GuestOsCategory.id == Host.os_category_id)
    )


_LOCAL_POOL = (
    select(StoragePool.id)
    .where(StoragePool.host_id == Host.id, StoragePool.state == "Up", StoragePool.removed.is_(None)).exists()
)

HOST = View("host", Host, (
    col("id", "string", "The host's id.", Host.uuid),
    col("name", "string", "The name the host gave itself.", Host.name),
    col("state", "status", "Whether the cloud is connected to it.", Host.state),
    col("disconnected", "date", "Since when it has been disconnected.", Host.disconnected),
    col("type", "type", "Routing: a host that runs guests.", literal("Routing")),
    col("oscategoryid", "string", "Guest OS category it is preferred for.", GuestOsCategory.uuid),
    col("oscategoryname", "string", "Name of that category.", GuestOsCategory.name),
    col("ipaddress", "string", "Address the cloud reaches it at.", Host.address),
    col("zoneid", "string", "Zone of the host.", Zone.uuid),
    col("zonename", "string", "Name of that zone.", Zone.name),
    col("podid", "string", "Pod of the host.", Pod.uuid),
    col("podname", "string", "Name of that pod.", Pod.name),
    col("version", "string", "Version of what manages the host.", Host.version),
    col("hypervisor", "hypervisortype", "Hypervisor of the host.", Host.hypervisor),
    col("cpusockets", "integer", "CPU sockets.", Host.cpu_sockets),
    col("cpunumber", "integer", "CPUs.", Host.cpus),
    col("cpuspeed", "long", "Speed of a CPU in MHz.", Host.cpu_mhz),
    Field("cpuallocated", "string", "Part of its CPU, with over-commitment, that guests hold.",
          load=of_host("cpuallocated")),
    unset("cpuused", "string", "Part of its CPU in use now."),
    Field("cpuwithoverprovisioning", "string", "MHz that may be given to guests.",
          load=of_host("cpuwithoverprovisioning")),
    unset("averageload", "long", "Load average of the host."),
    unset("networkkbsread", "long", "KiB it received."),
    unset("networkkbswrite", "long", "KiB it sent."),
    col("memorytotal", "long", "Bytes of memory.", Host.memory),
    Field("memoryallocated", "long", "Bytes of memory guests hold.", load=of_host("memoryallocated")),
    unset("memoryused", "long", "Bytes of memory in use now."),
    unset("disksizetotal", "long", "Bytes of its own disks; pools have their own figures."),
    unset("disksizeallocated", "long", "Bytes of its own disks guests hold."),
    col("capabilities", "string", "What its hypervisor can do.", Host.capabilities),
    col("lastpinged", "date", "When it last answered.", Host.last_pinged),
    unset("managementserverid", "long", "Management server that watches it."),
    col("clusterid", "string", "Cluster of the host.", Cluster.uuid),
    col("clustername", "string", "Name of that cluster.", Cluster.name),
    col("clustertype", "string", "Type of that cluster.", Cluster.type),
    col("islocalstorageactive", "boolean", "True when it has a pool of its own.", _LOCAL_POOL, make=bool),
    col("created", "date", "When it was added.", Host.created),
    col("removed", "date", "When it was removed.", Host.removed),
    unset("events", "string", "Events that can be sent to it."),
    col("hosttags", "string", "Its tags, separated by commas.", Host.tags, make=csv),
    unset("hasenoughcapacity", "boolean", "With virtualmachineid: it has room for the machine."),
    unset("suitableformigration", "boolean", "With virtualmachineid: the machine can be moved there."),
    col("resourcestate", "string", "Enabled or Disabled for new placements.", Host.resource_state),
    col("hypervisorversion", "string", "Version of its hypervisor.", Host.hypervisor_version),
    col("hahost", "boolean", "True when it is kept for restarted guests.", literal(0), make=bool),
    *jobs_of(Host),
), _join_place)
