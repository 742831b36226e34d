#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep a primary storage pool on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_pool
short_description: Keep a primary storage pool on a host
version_added: 0.1.0
description:
  - Defines and starts a libvirt storage pool named by its UUID, and has it start with the host.
  - Removing a pool leaves the data in its directory alone.
author: Stratoform contributors (@stratoform)
requirements: [python3-libvirt]
options:
  uuid:
    description: UUID of the pool.
    type: str
    required: true
  type:
    description: Kind of the pool, in the words of the API.
    type: str
    choices: [Filesystem, SharedMountPoint, NetworkFilesystem]
    default: Filesystem
  path:
    description:
      - Directory of V(Filesystem) and V(SharedMountPoint); it must exist.
      - V(NetworkFilesystem) is mounted on C(/mnt/<uuid>) and takes no path.
    type: path
  source_host:
    description: NFS server of V(NetworkFilesystem).
    type: str
  source_path:
    description: Exported directory of V(NetworkFilesystem).
    type: str
  state:
    description: Whether the pool is there.
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
- name: Local storage
  stratoform.cloud.node_pool:
    uuid: 0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d
    type: Filesystem
    path: /srv/primary

- name: Shared storage
  stratoform.cloud.node_pool:
    uuid: 1b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d
    type: NetworkFilesystem
    source_host: nfs.example.org
    source_path: /export/primary
"""

RETURN = r"""
pool:
  description: The pool; empty when it is absent.
  returned: success
  type: dict
  contains:
    path:
      description: Its directory on the host.
      type: str
      sample: /srv/primary
    capacity_bytes:
      description: Size of the file system.
      type: int
      sample: 270553174016
    available_bytes:
      description: What is left for volumes.
      type: int
      sample: 84030726144
    used_bytes:
      description: What is taken.
      type: int
      sample: 12884901888
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.pools import Pool


def main() -> None:
    """Run as an Ansible module."""
    serve(
        Pool,
        {
            "uuid": {"type": "str", "required": True},
            "type": {
                "type": "str",
                "choices": ["Filesystem", "SharedMountPoint", "NetworkFilesystem"],
                "default": "Filesystem",
            },
            "path": {"type": "path"},
            "source_host": {"type": "str"},
            "source_path": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
    )


if __name__ == "__main__":
    main()
