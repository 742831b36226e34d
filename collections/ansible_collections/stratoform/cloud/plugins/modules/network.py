#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a guest network."""

from __future__ import annotations

DOCUMENTATION = r"""
module: network
short_description: Declare a guest network
version_added: 0.1.0
description:
  - Creates, changes and deletes guest networks.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the network.
    type: str
    required: true
  zone:
    description: Zone it is in.
    type: str
    required: true
  display_text:
    description: Text that people see. The name when not given.
    type: str
  network_offering:
    description: Offering it is made from. Needed to create the network.
    type: str
  physical_network:
    description: Physical network that carries a shared network. Cannot be changed.
    type: str
  gateway:
    description: Gateway of the subnet. Cannot be changed.
    type: str
  netmask:
    description: Netmask of the subnet. Cannot be changed.
    type: str
  start_ip:
    description:
      - First address for instances. Used on creation only.
      - M(stratoform.cloud.vlan_ip_range) declares further ranges.
    type: str
  end_ip:
    description: Last address for instances. Used on creation only.
    type: str
  start_ipv6:
    description: First IPv6 address for instances. Used on creation only.
    type: str
  end_ipv6:
    description: Last IPv6 address for instances. Used on creation only.
    type: str
  ip6_gateway:
    description: IPv6 gateway. Cannot be changed.
    type: str
  ip6_cidr:
    description: IPv6 subnet, at least /64. Cannot be changed.
    type: str
  vlan:
    description: VLAN id or V(untagged). Cannot be changed.
    type: str
  isolated_pvlan:
    description: Isolated private VLAN. Used on creation only.
    type: str
  network_domain:
    description: DNS domain of its instances.
    type: str
  acl_type:
    description: Who may use it. Cannot be changed.
    type: str
    choices: [Account, Domain]
  subdomain_access:
    description: Whether subdomains of O(domain) may use it. Cannot be changed.
    type: bool
  domain:
    description: Domain (name, path or id) that owns it or may use it. Cannot be changed.
    type: str
  account:
    description: Account of O(domain) that owns it. Cannot be changed.
    type: str
  project:
    description: Project that owns it. Cannot be changed.
    type: str
  vpc:
    description: VPC of which it is a tier. Cannot be changed.
    type: str
  network_acl:
    description: ACL list of the tier. Cannot be changed here.
    type: str
  display_network:
    description: Whether users see it.
    type: bool
  change_cidr:
    description: Whether a change of the offering may change the subnet.
    type: bool
  guest_vm_cidr:
    description: Part of the subnet that instances may use. Set when the network is created, never compared.
    type: str
  forced:
    description: With O(state=absent), delete the network although something still uses it.
    type: bool
    default: false
  state:
    description: Whether there is such a network.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a shared network on a bridge without VLANs
  stratoform.cloud.network:
    name: guests
    zone: paris
    network_offering: DefaultSharedNetworkOffering
    physical_network: guests
    vlan: untagged
    gateway: 10.71.0.1
    netmask: 255.255.255.0
    start_ip: 10.71.0.10
    end_ip: 10.71.0.200
"""

RETURN = r"""
network:
  description: The network as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The network's id.
      type: str
      sample: 0f8b7c35-3a6c-4ec1-8f9a-2f0fd93d5b0e
    name:
      description: Its name.
      type: str
      sample: guests
    cidr:
      description: Its subnet.
      type: str
      sample: 10.71.0.0/24
    gateway:
      description: Its gateway.
      type: str
      sample: 10.71.0.1
    state:
      description: Its state.
      type: str
      sample: Setup
    networkofferingname:
      description: The offering it is made from.
      type: str
      sample: DefaultSharedNetworkOffering
"""

from typing import Any

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field, bare_vlan
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Item, Resource, run


class Network(Resource):
    """A guest network."""

    noun = "network"
    lists, creates, updates, deletes = "listNetworks", "createNetwork", "updateNetwork", "deleteNetwork"
    fields = (
        Field("name", key=True, narrows="keyword", on=CREATE, required=True),
        Field("zone", reference="zone", narrows="zoneid", immutable=True, on=CREATE, required=True),
        Field("display_text"),
        Field("network_offering", reference="network_offering"),
        Field("physical_network", reference="physical_network", immutable=True, on=CREATE),
        Field("gateway", immutable=True, on=CREATE),
        Field("netmask", immutable=True, on=CREATE),
        Field("start_ip", shown=None, on=CREATE),
        Field("end_ip", shown=None, on=CREATE),
        Field("start_ipv6", shown=None, on=CREATE),
        Field("end_ipv6", shown=None, on=CREATE),
        Field("ip6_gateway", immutable=True, on=CREATE),
        Field("ip6_cidr", immutable=True, on=CREATE),
        Field("vlan", clean=bare_vlan, immutable=True, on=CREATE),
        Field("isolated_pvlan", shown=None, on=CREATE),
        Field("network_domain"),
        Field("acl_type", choices=("Account", "Domain"), immutable=True, on=CREATE),
        Field("subdomain_access", type="bool", immutable=True, on=CREATE),
        Field("domain", reference="domain", narrows="domainid", immutable=True, on=CREATE),
        Field("account", narrows="account", immutable=True, on=CREATE),
        Field("project", reference="project", narrows="projectid", immutable=True, on=CREATE),
        Field("vpc", reference="vpc", narrows="vpcid", immutable=True, on=CREATE),
        Field("network_acl", reference="network_acl", immutable=True, on=CREATE),
        Field("display_network", type="bool"),
        Field("change_cidr", api=None, shown=None, type="bool"),
        Field("guest_vm_cidr", shown=None, on=UPDATE),
        Field("forced", api=None, shown=None, type="bool", default=False),
    )
    rules = {"required_by": {"account": ("domain",)}}

    def create(self) -> Item:
        """The API wants a text for people; the name is one."""
        arguments = self.arguments(field for field in self.fields if field.on != UPDATE)
        return self.send(self.creates, **{**arguments, "displaytext": arguments["displaytext"] or self.options["name"]})

    def arguments(self, fields: Any) -> dict[str, Any]:
        """A new offering may bring a new subnet, if the task allows it."""
        arguments = super().arguments(fields)
        if self.doing == "change" and "networkofferingid" in arguments:
            arguments["changecidr"] = self.options["change_cidr"]
        return arguments

    def remove(self, item: Item) -> None:
        """Delete the network, with force when the task says so."""
        self.send(self.deletes, id=item["id"], forced=self.options["forced"])


def main() -> None:
    """Entry point."""
    run(Network)


if __name__ == "__main__":
    main()
