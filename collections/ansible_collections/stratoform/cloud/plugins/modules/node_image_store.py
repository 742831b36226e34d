#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep secondary storage within reach."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_image_store
short_description: Keep secondary storage within reach
version_added: 0.1.0
description:
  - Mounts an NFS export below C(/mnt/stratoform), or verifies that a local directory takes files.
  - Letting go of a store unmounts its export and leaves the images in it alone.
author: Stratoform contributors (@stratoform)
options:
  url:
    description: The store, C(file:///directory) or C(nfs://host/export).
    type: str
    required: true
  state:
    description: Whether the store is within reach.
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
- name: Reach the secondary storage
  stratoform.cloud.node_image_store:
    url: nfs://nfs.example.org/export/secondary
"""

RETURN = r"""
store:
  description: The store; empty when it is absent.
  returned: success
  type: dict
  contains:
    path:
      description: Its directory on this machine.
      type: str
      sample: /mnt/stratoform/3f2a5c1e9b0d4a67
    capacity_bytes:
      description: Size of the file system.
      type: int
      sample: 270553174016
    available_bytes:
      description: What is left for images.
      type: int
      sample: 84030726144
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.stores import ImageStore


def main() -> None:
    """Run as an Ansible module."""
    serve(
        ImageStore,
        {
            "url": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
    )


if __name__ == "__main__":
    main()
