#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep a volume in a primary storage pool."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_volume
short_description: Keep a volume in a primary storage pool
version_added: 0.1.0
description:
  - Makes a disk image, empty or as a thin clone of a template in the same pool. Grows one that is too small.
  - Shrinks a volume only when told to, and never changes what it builds on.
author: Stratoform contributors (@stratoform)
requirements: [python3-libvirt, qemu-img]
options:
  pool_uuid:
    description: UUID of the pool.
    type: str
    required: true
  name:
    description: File name in the pool.
    type: str
    required: true
  size_bytes:
    description: Size a guest sees; a multiple of 512. Needed to have the volume present.
    type: int
  format:
    description: Format of the image.
    type: str
    choices: [qcow2, raw]
    default: qcow2
  backing:
    description: File name of the template in the same pool. Only for V(qcow2).
    type: str
  shrink:
    description: Whether a volume that is too large is cut off. What is beyond its new end is lost.
    type: bool
    default: false
  state:
    description: Whether the volume is there.
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
- name: Root volume of an instance
  stratoform.cloud.node_volume:
    pool_uuid: 0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d
    name: 3c9d7a52-51a4-4b62-8f29-6d6a2bb4f0aa
    size_bytes: 8589934592
    backing: 6f2a1c9e-0c1d-4e7a-9a53-2f6f0f7f3f10
"""

RETURN = r"""
volume:
  description: The volume; empty when it is absent.
  returned: success
  type: dict
  contains:
    path:
      description: Its file.
      type: str
    capacity_bytes:
      description: Size a guest sees.
      type: int
      sample: 8589934592
    allocation_bytes:
      description: Size its file takes.
      type: int
      sample: 200704
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.volumes import Volume


def main() -> None:
    """Run as an Ansible module."""
    serve(
        Volume,
        {
            "pool_uuid": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "size_bytes": {"type": "int"},
            "format": {"type": "str", "choices": ["qcow2", "raw"], "default": "qcow2"},
            "backing": {"type": "str"},
            "shrink": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("size_bytes",))],
    )


if __name__ == "__main__":
    main()
