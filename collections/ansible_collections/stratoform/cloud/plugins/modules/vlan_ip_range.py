#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a range of addresses."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vlan_ip_range
short_description: Declare a range of addresses
version_added: 0.1.0
description:
  - Adds ranges of public addresses, of a shared network's addresses or of a basic zone's guest addresses,
    and deletes them.
  - A range is known by its first address. The API of release 4.3 cannot change one.
author: Stratoform contributors (@stratoform)
options:
  start_ip:
    description: First address.
    type: str
  end_ip:
    description: Last address; the first when not given.
    type: str
  gateway:
    description: Gateway of the subnet.
    type: str
  netmask:
    description: Netmask of the subnet.
    type: str
  start_ipv6:
    description: First IPv6 address.
    type: str
  end_ipv6:
    description: Last IPv6 address.
    type: str
  ip6_gateway:
    description: IPv6 gateway of the subnet.
    type: str
  ip6_cidr:
    description: IPv6 subnet, at least /64.
    type: str
  zone:
    description: Zone the addresses are in.
    type: str
    required: true
  pod:
    description: Pod the addresses are in (basic zones).
    type: str
  physical_network:
    description: Physical network that carries them.
    type: str
  network:
    description: Shared network to which they belong.
    type: str
  vlan:
    description: VLAN id, or V(untagged).
    type: str
  for_virtual_network:
    description: Whether the addresses are public ones. V(false) for addresses of a guest network.
    type: bool
  domain:
    description: Domain (name, path or id) to which the range is dedicated.
    type: str
  account:
    description: Account of O(domain) to which the range is dedicated.
    type: str
  project:
    description: Project to which the range is dedicated.
    type: str
  state:
    description: Whether there is such a range.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare public addresses
  stratoform.cloud.vlan_ip_range:
    zone: paris
    vlan: 500
    gateway: 198.51.100.1
    netmask: 255.255.255.0
    start_ip: 198.51.100.10
    end_ip: 198.51.100.99
    for_virtual_network: true
"""

RETURN = r"""
vlan_ip_range:
  description: The range as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: Its id.
      type: str
      sample: 6c8bd0a8-7f27-4ee5-8c28-1a9d0a30a1f5
    startip:
      description: First address.
      type: str
      sample: 198.51.100.10
    endip:
      description: Last address.
      type: str
      sample: 198.51.100.99
    vlan:
      description: VLAN id or untagged.
      type: str
      sample: "500"
    forvirtualnetwork:
      description: Whether the addresses are public.
      type: bool
      sample: true
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.field import Field, bare_vlan
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Resource, run


class VlanIpRange(Resource):
    """A range of addresses, known by its first one."""

    noun = "vlan_ip_range"
    lists, creates, deletes = "listVlanIpRanges", "createVlanIpRange", "deleteVlanIpRange"
    fields = (
        Field("start_ip", key=True),
        Field("end_ip"),
        Field("gateway"),
        Field("netmask"),
        Field("start_ipv6", key=True),
        Field("end_ipv6"),
        Field("ip6_gateway"),
        Field("ip6_cidr"),
        Field("zone", reference="zone", narrows="zoneid", required=True),
        Field("pod", reference="pod", narrows="podid"),
        Field("physical_network", reference="physical_network", narrows="physicalnetworkid"),
        Field("network", reference="network", narrows="networkid"),
        Field("vlan", clean=bare_vlan),
        Field("for_virtual_network", type="bool", narrows="forvirtualnetwork"),
        Field("domain", reference="domain", narrows="domainid"),
        Field("account", narrows="account"),
        Field("project", reference="project", narrows="projectid"),
    )
    rules = {"required_one_of": [("start_ip", "start_ipv6")], "required_by": {"account": ("domain",)}}


def main() -> None:
    """Entry point."""
    run(VlanIpRange)


if __name__ == "__main__":
    main()
