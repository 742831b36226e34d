#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep a template in a primary storage pool."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_template
short_description: Keep a template in a primary storage pool
version_added: 0.1.0
description:
  - Copies an image from secondary storage into a pool, as a qcow2 that volumes build on.
  - The file gets its name when it is complete, so a killed run leaves nothing that looks like a template.
  - An NFS store is mounted when needed and stays mounted until M(stratoform.cloud.node_image_store) lets go of it.
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
  source:
    description: Where the image is. Needed to have the template present.
    type: dict
    suboptions:
      url:
        description: The store, C(file:///directory) or C(nfs://host/export).
        type: str
        required: true
      path:
        description: Path below the store.
        type: str
        required: true
  checksum:
    description: Digest the stored file must have, C(sha256:<hex>).
    type: str
  state:
    description: Whether the template is there.
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
- name: Bring a template to a pool
  stratoform.cloud.node_template:
    pool_uuid: 0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d
    name: 6f2a1c9e-0c1d-4e7a-9a53-2f6f0f7f3f10
    source:
      url: nfs://nfs.example.org/export/secondary
      path: template/tmpl/1/201/debian.qcow2
"""

RETURN = r"""
template:
  description: The template; empty when it is absent.
  returned: success
  type: dict
  contains:
    path:
      description: Its file.
      type: str
    virtual_size_bytes:
      description: Size a guest sees.
      type: int
      sample: 67108864
    physical_size_bytes:
      description: Size its file takes.
      type: int
      sample: 17235968
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.templates import Template


def main() -> None:
    """Run as an Ansible module."""
    serve(
        Template,
        {
            "pool_uuid": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "source": {
                "type": "dict",
                "options": {"url": {"type": "str", "required": True}, "path": {"type": "str", "required": True}},
            },
            "checksum": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("source",))],
    )


if __name__ == "__main__":
    main()
