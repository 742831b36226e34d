#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep the bridge that guests of a network plug into."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_bridge
short_description: Keep the bridge that guests of a network plug into
version_added: 0.1.0
description:
  - Without a VLAN, verifies that the bridge a traffic label names is there and up. It belongs to the host.
  - With a VLAN, keeps a tagged sub-interface of that bridge's uplink, and a bridge of its own above it.
author: Stratoform contributors (@stratoform)
options:
  label:
    description: KVM traffic label, the name of a bridge of the host.
    type: str
    required: true
  vlan:
    description: VLAN 1 to 4094. Without one, traffic is untagged.
    type: int
  state:
    description: Whether the VLAN's bridge is there.
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
- name: Bridge of a tagged network
  stratoform.cloud.node_bridge:
    label: cloudbr1
    vlan: 300
"""

RETURN = r"""
bridge:
  description: The bridge; empty when it is absent.
  returned: success
  type: dict
  contains:
    name:
      description: Its name on the host.
      type: str
      sample: breth1-300
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.bridges import Bridge


def main() -> None:
    """Run as an Ansible module."""
    serve(
        Bridge,
        {
            "label": {"type": "str", "required": True},
            "vlan": {"type": "int"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
    )


if __name__ == "__main__":
    main()
