#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep a virtual router on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_router
short_description: Keep a virtual router on a host
version_added: 0.1.0
description:
  - Converges a network namespace with links into the host's bridges, dnsmasq (DHCP by reservation, DNS) and a
    service for metadata, user data, keys and passwords.
  - A new guest changes files that are read again. Nothing restarts, nothing is interrupted.
  - A spec of an older generation than the one in force changes nothing, but heals what died.
author: Stratoform contributors (@stratoform)
requirements: [dnsmasq, iproute2, procps]
options:
  uuid:
    description: UUID of the router.
    type: str
    required: true
  name:
    description: Name of the router, and of its namespace.
    type: str
    required: true
  generation:
    description: Counts the changes of the spec.
    type: int
    default: 0
  interfaces:
    description: Its interfaces. Needed to have the router present.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name in the namespace.
        type: str
        required: true
      bridge:
        description: Bridge of the host.
        type: str
        required: true
      mac:
        description: MAC address.
        type: str
        required: true
      address:
        description: IPv4 address with prefix length.
        type: str
        required: true
      role:
        description: What is behind it.
        type: str
        choices: [guest]
        default: guest
  gateway:
    description: Default route of the guests. Another box may hold it.
    type: str
  dns:
    description: Names for the guests.
    type: dict
    suboptions:
      domain:
        description: Domain of the guests' names.
        type: str
      servers_for_guests:
        description: Servers handed to guests; without any, the router itself.
        type: list
        elements: str
      upstream:
        description: Servers the router asks.
        type: list
        elements: str
  dhcp:
    description: Reservations. Whoever has none gets no address.
    type: list
    elements: dict
    suboptions:
      mac:
        description: MAC address of the guest.
        type: str
        required: true
      ip:
        description: Its IPv4 address.
        type: str
        required: true
      hostname:
        description: Its name.
        type: str
        required: true
      lease:
        description: Lease time.
        type: str
        default: infinite
  metadata:
    description:
      - What guests may ask about themselves, by their IPv4 address. Keys are those of the metadata service.
      - C(user-data) is base64. C(password) is handed out until the guest says it saved it.
    type: dict
  state:
    description: Whether the router is there.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: [ansible.builtin.action_common_attributes]
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: linux
"""

EXAMPLES = r"""
- name: Router of a shared network
  stratoform.cloud.node_router:
    uuid: 5f0d3b1e-6a0b-4c3a-9a39-1f6a7b8c9d0e
    name: r-7-VM
    generation: 3
    interfaces:
      - {name: eth0, bridge: cloudbr0, mac: "02:00:4c:5f:00:01", address: 10.1.1.2/24}
    gateway: 10.1.1.1
    dns:
      domain: cs1cloud.internal
      upstream: [192.0.2.53]
    dhcp:
      - {mac: "02:00:4c:5f:00:17", ip: 10.1.1.23, hostname: web1}
    metadata:
      10.1.1.23: {instance-id: i-2-5-VM, local-hostname: web1}
"""

RETURN = r"""
router:
  description: The router.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: r-7-VM
    generation:
      description: Generation in force; null when it is absent.
      type: int
      sample: 3
    changed_parts:
      description: Parts that were touched.
      type: list
      elements: str
      sample: [dnsmasq, metadata]
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.router.operation import RouterOperation

INTERFACE = {
    "name": {"type": "str", "required": True},
    "bridge": {"type": "str", "required": True},
    "mac": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    "role": {"type": "str", "choices": ["guest"], "default": "guest"},
}
DNS = {
    "domain": {"type": "str"},
    "servers_for_guests": {"type": "list", "elements": "str"},
    "upstream": {"type": "list", "elements": "str"},
}
RESERVATION = {
    "mac": {"type": "str", "required": True},
    "ip": {"type": "str", "required": True},
    "hostname": {"type": "str", "required": True},
    "lease": {"type": "str", "default": "infinite"},
}


def main() -> None:
    """Run as an Ansible module."""
    serve(
        RouterOperation,
        {
            "uuid": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "generation": {"type": "int", "default": 0},
            "interfaces": {"type": "list", "elements": "dict", "options": INTERFACE},
            "gateway": {"type": "str"},
            "dns": {"type": "dict", "options": DNS},
            "dhcp": {"type": "list", "elements": "dict", "options": RESERVATION},
            "metadata": {"type": "dict"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("interfaces",))],
    )


if __name__ == "__main__":
    main()
