"""Zones, pods, clusters, hosts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from stratoform.commands.view import View, col, jobs_of, unset
from stratoform.model.tenancy import Domain
from stratoform.model.topology import Zone

from .common import CAPACITY, NO_TAGS, capacities


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
    NO_TAGS,
    col("resourcedetails", "map", "Free key-value pairs.", Zone.details, make=lambda details: details or None),
    *jobs_of(Zone),
), _join_domain)

__all__ = ["CAPACITY", "ZONE"]
