#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep a disk of a running guest."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_guest_disk
short_description: Keep a disk of a running guest
version_added: 0.1.0
description:
  - Plugs a volume into a running guest, grows and limits it there, or unplugs it.
  - A guest that does not run has no disks to unplug; plugging one into it is refused.
author: Stratoform contributors (@stratoform)
requirements: [python3-libvirt]
options:
  name:
    description: Name of the guest on the host.
    type: str
    required: true
  uuid:
    description: UUID of the guest.
    type: str
    required: true
  pool_uuid:
    description: UUID of the volume's pool.
    type: str
    required: true
  volume:
    description: File name of the volume in the pool.
    type: str
    required: true
  format:
    description: Format of the image.
    type: str
    choices: [qcow2, raw]
    default: qcow2
  bus:
    description: Bus.
    type: str
    choices: [virtio, scsi, sata, ide]
    default: virtio
  device_id:
    description: Place on the bus.
    type: int
    default: 0
  limits:
    description: Most the guest may do with it in a second, by C(read_bytes_sec), C(write_bytes_sec),
      C(read_iops_sec) and C(write_iops_sec). What is missing has no limit.
    type: dict
  size_bytes:
    description: Size the guest shall see of a disk it has. Only grows.
    type: int
  state:
    description: Whether the guest has the disk.
    type: str
    choices: [present, absent]
    default: present
  timeout_s:
    description: Seconds a guest has to let go of a disk.
    type: int
    default: 30
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
- name: Plug a volume into a running guest
  stratoform.cloud.node_guest_disk:
    name: i-2-5-VM
    uuid: 1d3f4b5a-6c7d-4e8f-9a0b-1c2d3e4f5a6b
    pool_uuid: 0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d
    volume: 3c9d7a52-51a4-4b62-8f29-6d6a2bb4f0aa
    device_id: 1
"""

RETURN = r"""
disk:
  description: The disk; empty when the guest does not have it.
  returned: success
  type: dict
  contains:
    device:
      description: Name libvirt has for it.
      type: str
      sample: vdb
    capacity_bytes:
      description: Size the guest sees.
      type: int
      sample: 8589934592
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.guest_disks import GuestDisk


def main() -> None:
    """Run as an Ansible module."""
    serve(
        GuestDisk,
        {
            "name": {"type": "str", "required": True},
            "uuid": {"type": "str", "required": True},
            "pool_uuid": {"type": "str", "required": True},
            "volume": {"type": "str", "required": True},
            "format": {"type": "str", "choices": ["qcow2", "raw"], "default": "qcow2"},
            "bus": {"type": "str", "choices": ["virtio", "scsi", "sata", "ide"], "default": "virtio"},
            "device_id": {"type": "int", "default": 0},
            "limits": {"type": "dict"},
            "size_bytes": {"type": "int"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "timeout_s": {"type": "int", "default": 30},
        },
    )


if __name__ == "__main__":
    main()
