#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a physical network."""

from __future__ import annotations

DOCUMENTATION = r"""
module: physical_network
short_description: Declare a physical network
version_added: 0.1.0
description:
  - Creates, changes, enables, disables and deletes the physical networks of a zone.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the physical network.
    type: str
    required: true
  zone:
    description: Zone it is in.
    type: str
    required: true
  vlan:
    description: VLAN ids that guest networks may use, for instance V(100-200).
    type: str
  network_speed:
    description: Speed, for instance V(1G).
    type: str
  tags:
    description: Tags that network offerings ask for.
    type: list
    elements: str
  isolation_methods:
    description: How guest networks are kept apart, for instance V(VLAN). Cannot be changed.
    type: list
    elements: str
  broadcast_domain_range:
    description: V(Zone) in advanced zones, V(Pod) in basic ones. Cannot be changed.
    type: str
  domain:
    description: Domain (name, path or id) to which the network is dedicated. Cannot be changed.
    type: str
  state:
    description:
      - With V(present) the network is there; whether it is enabled is left as it is.
      - With V(enabled) or V(disabled) it is there and may, or may not, be used.
    type: str
    choices: [present, enabled, disabled, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a physical network that guests may use
  stratoform.cloud.physical_network:
    name: guests
    zone: paris
    vlan: 100-200
    isolation_methods: [VLAN]
    state: enabled
"""

RETURN = r"""
physical_network:
  description: The physical network as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The network's id.
      type: str
      sample: 9f2b6a53-60c1-4a0e-9a93-28b04c6e4b8b
    name:
      description: Its name.
      type: str
      sample: guests
    state:
      description: Enabled or Disabled.
      type: str
      sample: Enabled
    vlan:
      description: VLAN ids that guest networks may use.
      type: str
      sample: 100-200
    isolationmethods:
      description: How guest networks are kept apart.
      type: str
      sample: VLAN
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import ABSENT, Resource, run


class PhysicalNetwork(Resource):
    """A physical network of a zone."""

    noun = "physical_network"
    lists, creates = "listPhysicalNetworks", "createPhysicalNetwork"
    updates, deletes = "updatePhysicalNetwork", "deletePhysicalNetwork"
    states = {
        "present": {},
        "enabled": {"usable": "Enabled"},
        "disabled": {"usable": "Disabled"},
        "absent": ABSENT,
    }
    fields = (
        Field("name", key=True, narrows="name", on=CREATE, required=True),
        Field("zone", reference="zone", narrows="zoneid", immutable=True, on=CREATE, required=True),
        Field("vlan"),
        Field("network_speed"),
        Field("tags", type="list", elements="str"),
        Field("isolation_methods", type="list", elements="str", immutable=True, on=CREATE),
        Field("broadcast_domain_range", clean=str.upper, immutable=True, on=CREATE),
        Field("domain", reference="domain", immutable=True, on=CREATE),
        Field("usable", api="state", shown="state", option=False, on=UPDATE),
    )


def main() -> None:
    """Entry point."""
    run(PhysicalNetwork)


if __name__ == "__main__":
    main()
