#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a network offering."""

from __future__ import annotations

DOCUMENTATION = r"""
module: network_offering
short_description: Declare a network offering
version_added: 0.1.0
description:
  - Creates network offerings, the kinds in which guest networks come, changes their text, enables, disables
    and deletes them.
  - What an offering promises cannot be changed; declare another one.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the offering.
    type: str
    required: true
  display_text:
    description: Text that people see. Needed to create the offering.
    type: str
  traffic_type:
    description: Traffic of its networks.
    type: str
    default: GUEST
  guest_ip_type:
    description: Whether networks are shared by accounts or isolated. Needed to create the offering.
    type: str
    choices: [Shared, Isolated]
  supported_services:
    description: Services of its networks, for instance V(Dhcp), V(Dns), V(UserData). Needed to create the offering.
    type: list
    elements: str
  service_providers:
    description: Provider of each service, a mapping such as V(Dhcp) to V(VirtualRouter).
    type: dict
  service_capabilities:
    description: What a service is able to do.
    type: list
    elements: dict
    suboptions:
      service:
        description: The service.
        type: str
        required: true
      capabilitytype:
        description: The capability.
        type: str
        required: true
      capabilityvalue:
        description: Its value.
        type: str
        required: true
  specify_vlan:
    description: Whether the VLAN is given when a network is created.
    type: bool
  specify_ip_ranges:
    description: Whether address ranges are given when a network is created.
    type: bool
  conserve_mode:
    description: Whether one public address may serve several purposes.
    type: bool
  is_persistent:
    description: Whether networks exist before their first instance.
    type: bool
  availability:
    description: Whether networks may be made from it.
    type: str
    choices: [Optional, Required, Unavailable]
  network_rate:
    description: Network rate in Mbit/s.
    type: int
  service_offering:
    description: Service offering of the networks' routers.
    type: str
  tags:
    description: Tag of the physical networks that may carry its networks.
    type: str
  egress_default_policy:
    description: Whether traffic out of the network is allowed unless a rule denies it.
    type: bool
  keep_alive_enabled:
    description: Whether load balancers keep connections open. Set when the offering is created, never compared.
    type: bool
  max_connections:
    description: Connections a load balancer accepts.
    type: int
  details:
    description: Details of the offering. Only the given ones are compared.
    type: dict
  sort_key:
    description: Place in lists. Set when the offering is created; the API does not show it.
    type: int
  state:
    description:
      - With V(present) the offering is there; whether it is enabled is left as it is (a new one is disabled).
      - With V(enabled) or V(disabled) it is there and networks may, or may not, be made from it.
    type: str
    choices: [present, enabled, disabled, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare shared networks with addresses, names and user data
  stratoform.cloud.network_offering:
    name: shared
    display_text: Shared networks
    guest_ip_type: Shared
    supported_services: [Dhcp, Dns, UserData]
    service_providers:
      Dhcp: VirtualRouter
      Dns: VirtualRouter
      UserData: VirtualRouter
    specify_vlan: true
    specify_ip_ranges: true
    state: enabled
"""

RETURN = r"""
network_offering:
  description: The offering as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The offering's id.
      type: str
      sample: 5e1fbd97-5c4b-4c79-9ba1-7ed6aacd2a1c
    name:
      description: Its name.
      type: str
      sample: shared
    guestiptype:
      description: Shared or Isolated.
      type: str
      sample: Shared
    state:
      description: Enabled or Disabled.
      type: str
      sample: Enabled
    service:
      description: Its services with their providers and capabilities.
      type: list
      elements: dict
      sample: [{name: Dhcp}]
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import ABSENT, Resource, run

CAPABILITY = {name: {"type": "str", "required": True} for name in ("service", "capabilitytype", "capabilityvalue")}


def services(offering: Mapping[str, Any]) -> list[str]:
    """The services of an offering as the API shows it."""
    return [service["name"] for service in offering.get("service") or []]


def providers(offering: Mapping[str, Any]) -> dict[str, str]:
    """The first provider of each of its services."""
    rows = [(service["name"], service.get("provider") or []) for service in offering.get("service") or []]
    return {name: provided[0].get("name", "") for name, provided in rows if provided}


class NetworkOffering(Resource):
    """A kind in which guest networks come."""

    noun = "network_offering"
    lists, creates = "listNetworkOfferings", "createNetworkOffering"
    updates, deletes = "updateNetworkOffering", "deleteNetworkOffering"
    states = {
        "present": {},
        "enabled": {"usable": "Enabled"},
        "disabled": {"usable": "Disabled"},
        "absent": ABSENT,
    }
    fields = (
        Field("name", key=True, narrows="name", on=CREATE, required=True),
        Field("display_text"),
        Field("traffic_type", clean=str.upper, immutable=True, on=CREATE, default="GUEST"),
        Field("guest_ip_type", choices=("Shared", "Isolated"), immutable=True, on=CREATE),
        Field("supported_services", shown=services, type="list", elements="str", immutable=True, on=CREATE),
        Field("service_providers", api="serviceproviderlist", shown=providers, type="dict", immutable=True, on=CREATE),
        Field(
            "service_capabilities",
            api="servicecapabilitylist",
            shown=None,
            type="list",
            elements="dict",
            options=CAPABILITY,
            on=CREATE,
        ),
        Field("specify_vlan", type="bool", immutable=True, on=CREATE),
        Field("specify_ip_ranges", type="bool", immutable=True, on=CREATE),
        Field("conserve_mode", type="bool", immutable=True, on=CREATE),
        Field("is_persistent", type="bool", immutable=True, on=CREATE),
        Field("availability", choices=("Optional", "Required", "Unavailable")),
        Field("network_rate", type="int", immutable=True, on=CREATE),
        Field("service_offering", reference="service_offering", immutable=True, on=CREATE),
        Field("tags", immutable=True, on=CREATE),
        Field("egress_default_policy", type="bool", immutable=True, on=CREATE),
        Field("keep_alive_enabled", api="keepaliveenabled", shown=None, type="bool"),
        Field("max_connections", type="int"),
        Field("details", type="dict", immutable=True, on=CREATE),
        Field("sort_key", shown=None, type="int", on=UPDATE, no_log=False),
        Field("usable", api="state", shown="state", option=False, on=UPDATE),
    )

    def value(self, field: Field) -> Any:
        """Providers go to the API as rows."""
        raw = super().value(field)
        if field.name == "service_providers" and raw:
            return [{"service": service, "provider": provider} for service, provider in raw.items()]
        return raw


def main() -> None:
    """Entry point."""
    run(NetworkOffering)


if __name__ == "__main__":
    main()
