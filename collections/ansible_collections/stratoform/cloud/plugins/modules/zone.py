#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a zone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: zone
short_description: Declare a zone
version_added: 0.1.0
description:
  - Creates, changes, enables, disables and deletes zones, the largest units of a cloud.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the zone.
    type: str
    required: true
  network_type:
    description: How guests are networked. Needed to create the zone; cannot be changed.
    type: str
    choices: [Advanced, Basic]
  dns1:
    description: First DNS server that guests use. Needed to create the zone.
    type: str
  dns2:
    description: Second DNS server that guests use.
    type: str
  ip6_dns1:
    description: First DNS server with an IPv6 address that guests use.
    type: str
  ip6_dns2:
    description: Second DNS server with an IPv6 address that guests use.
    type: str
  internal_dns1:
    description: First DNS server that the cloud's own services use. Needed to create the zone.
    type: str
  internal_dns2:
    description: Second DNS server that the cloud's own services use.
    type: str
  guest_cidr_address:
    description: Address range that isolated guest networks are cut from, for instance V(10.1.1.0/24).
    type: str
  network_domain:
    description: DNS domain of guests.
    type: str
  domain:
    description: Domain (name, path or id) to which the zone is dedicated. Cannot be changed.
    type: str
  security_group_enabled:
    description: Whether guests are isolated by security groups. Cannot be changed.
    type: bool
  local_storage_enabled:
    description: Whether volumes may live on storage local to a host.
    type: bool
  is_public:
    description: Whether everybody may use the zone.
    type: bool
  dhcp_provider:
    description: Network service provider that answers DHCP in the zone.
    type: str
  dns_search_order:
    description: DNS domains that guests search. Set when the zone is created; the API does not show it.
    type: list
    elements: str
  details:
    description: Free details of the zone. Only the given ones are compared.
    type: dict
  state:
    description:
      - With V(present) the zone is there; whether it takes new work is left as it is.
      - With V(enabled) or V(disabled) it is there and takes, or does not take, new work.
    type: str
    choices: [present, enabled, disabled, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare an advanced zone
  stratoform.cloud.zone:
    name: paris
    network_type: Advanced
    dns1: 9.9.9.9
    internal_dns1: 10.0.0.53
    state: enabled

- name: Take no new work there
  stratoform.cloud.zone:
    name: paris
    state: disabled
"""

RETURN = r"""
zone:
  description: The zone as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The zone's id.
      type: str
      sample: 3f4bb6f1-6d02-4a25-b3a1-8a4e1a2ad3a5
    name:
      description: Its name.
      type: str
      sample: paris
    networktype:
      description: Basic or Advanced.
      type: str
      sample: Advanced
    allocationstate:
      description: Enabled or Disabled.
      type: str
      sample: Enabled
    dns1:
      description: First DNS server of guests.
      type: str
      sample: 9.9.9.9
    internaldns1:
      description: First DNS server of the cloud's services.
      type: str
      sample: 10.0.0.53
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.planner import Named
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import ABSENT, Resource, run


class Zone(Resource):
    """A zone. Its ``domain`` in answers is the guests' DNS domain; the owning one is ``domainname``."""

    noun = "zone"
    lists, creates, updates, deletes = "listZones", "createZone", "updateZone", "deleteZone"
    states = {
        "present": {},
        "enabled": {"allocation_state": "Enabled"},
        "disabled": {"allocation_state": "Disabled"},
        "absent": ABSENT,
    }
    fields = (
        Field("name", key=True, narrows="name", required=True),
        Field("network_type", choices=("Advanced", "Basic"), immutable=True, on=CREATE),
        Field("dns1"),
        Field("dns2"),
        Field("ip6_dns1"),
        Field("ip6_dns2"),
        Field("internal_dns1"),
        Field("internal_dns2"),
        Field("guest_cidr_address"),
        Field("network_domain", api="domain", shown="domain"),
        Field(
            "domain",
            reference="domain",
            shown=lambda item: Named(item.get("domainname", ""), item["domainid"]) if item.get("domainid") else None,
            immutable=True,
            on=CREATE,
        ),
        Field("security_group_enabled", shown="securitygroupsenabled", type="bool", immutable=True, on=CREATE),
        Field("local_storage_enabled", type="bool"),
        Field("is_public", shown=lambda item: not item.get("domainid"), type="bool", on=UPDATE),
        Field("dhcp_provider", on=UPDATE),
        Field("dns_search_order", shown=None, type="list", elements="str", on=UPDATE),
        Field("details", shown="resourcedetails", type="dict", on=UPDATE),
        Field("allocation_state", option=False),
    )


def main() -> None:
    """Entry point."""
    run(Zone)


if __name__ == "__main__":
    main()
