#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare which traffic a physical network carries."""

from __future__ import annotations

DOCUMENTATION = r"""
module: traffic_type
short_description: Declare which traffic a physical network carries
version_added: 0.1.0
description:
  - Adds traffic types to a physical network, changes their labels, and removes them.
  - A label says by which bridge, network or switch a host of that hypervisor carries the traffic.
author: Stratoform contributors (@stratoform)
options:
  traffic_type:
    description: The kind of traffic, for instance V(Guest), V(Management), V(Public) or V(Storage).
    type: str
    required: true
  physical_network:
    description: Physical network that carries it.
    type: str
    required: true
  zone:
    description: Zone of the physical network.
    type: str
    required: true
  kvm_network_label:
    description: Bridge on KVM hosts.
    type: str
  xen_network_label:
    description: Name label of the network on Xen hosts.
    type: str
  vmware_network_label:
    description: Virtual switch on vSphere hosts.
    type: str
  hyperv_network_label:
    description: Virtual switch on Hyper-V hosts.
    type: str
  vlan:
    description: VLAN id of the traffic. Used on creation only.
    type: str
  isolation_method:
    description: Isolation method when the physical network has several. Used on creation only.
    type: str
  state:
    description: Whether the network carries this traffic.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Carry guest traffic over a bridge
  stratoform.cloud.traffic_type:
    traffic_type: Guest
    physical_network: guests
    zone: paris
    kvm_network_label: cloudbr0
"""

RETURN = r"""
traffic_type:
  description: The traffic type as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: Its id.
      type: str
      sample: 24c1a9f5-7b89-47cc-80a6-6a2d53d93b3c
    traffictype:
      description: The kind of traffic.
      type: str
      sample: Guest
    physicalnetworkid:
      description: The physical network that carries it.
      type: str
      sample: 9f2b6a53-60c1-4a0e-9a93-28b04c6e4b8b
    kvmnetworklabel:
      description: Bridge on KVM hosts.
      type: str
      sample: cloudbr0
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Resource, run


class TrafficType(Resource):
    """One kind of traffic on one physical network."""

    noun = "traffic_type"
    lists, creates, updates, deletes = "listTrafficTypes", "addTrafficType", "updateTrafficType", "deleteTrafficType"
    fields = (
        Field("traffic_type", key=True, on=CREATE, required=True),
        Field(
            "physical_network",
            reference="physical_network",
            narrows="physicalnetworkid",
            immutable=True,
            on=CREATE,
            required=True,
        ),
        Field("zone", reference="zone", api=None, shown=None, required=True),
        Field("kvm_network_label"),
        Field("xen_network_label"),
        Field("vmware_network_label"),
        Field("hyperv_network_label"),
        Field("vlan", shown=None, on=CREATE),
        Field("isolation_method", shown=None, on=CREATE),
    )


def main() -> None:
    """Entry point."""
    run(TrafficType)


if __name__ == "__main__":
    main()
