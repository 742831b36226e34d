#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep a guest running, off or gone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_domain
short_description: Keep a guest running, off or gone
version_added: 0.1.0
description:
  - Starts a guest from its description, shuts it down cleanly, or removes it.
  - A guest that does not run leaves no definition on the host; only its console log is kept until it is removed.
  - A guest of the same name with another UUID is never touched.
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
  state:
    description: What the guest shall be.
    type: str
    choices: [running, stopped, absent]
    default: running
  vcpus:
    description: Virtual processors. Needed to run.
    type: int
  memory_mb:
    description: Memory in MiB. Needed to run.
    type: int
  cpu_mhz:
    description: Speed that was sold, in MHz. Weighs the guest against its neighbours.
    type: int
  machine:
    description: Machine type.
    type: str
    choices: [q35, pc]
    default: q35
  acceleration:
    description: Domain type. Without one, what was found when the host was prepared.
    type: str
    choices: [kvm, qemu]
  disks:
    description: Disks, in any order. It boots from the one with the lowest O(disks[].device_id).
    type: list
    elements: dict
    suboptions:
      pool_uuid:
        description: UUID of the pool.
        type: str
        required: true
      volume:
        description: File name in the pool.
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
          C(read_iops_sec) and C(write_iops_sec).
        type: dict
  nics:
    description: Network interfaces, in order.
    type: list
    elements: dict
    suboptions:
      mac:
        description: MAC address.
        type: str
        required: true
      bridge:
        description: Bridge of the host.
        type: str
        required: true
      model:
        description: Model.
        type: str
        choices: [virtio, e1000, rtl8139]
        default: virtio
      mtu:
        description: MTU, when it is not the bridge's.
        type: int
  vnc_password:
    description: Password of the console.
    type: str
  force:
    description: Whether to stop without asking the guest.
    type: bool
    default: false
  shutdown_timeout_s:
    description: Seconds a guest has to shut down before it is ended.
    type: int
    default: 60
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
- name: Run a guest
  stratoform.cloud.node_domain:
    name: i-2-5-VM
    uuid: 9c2f8a53-2f0a-4d0a-8d53-6d1d3c3a7b11
    vcpus: 1
    memory_mb: 512
    disks:
      - {pool_uuid: 0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d, volume: 3c9d7a52-51a4-4b62-8f29-6d6a2bb4f0aa}
    nics:
      - {mac: "02:00:4c:5f:00:17", bridge: cloudbr0}

- name: Shut it down
  stratoform.cloud.node_domain:
    name: i-2-5-VM
    uuid: 9c2f8a53-2f0a-4d0a-8d53-6d1d3c3a7b11
    state: stopped
"""

RETURN = r"""
domain:
  description: The guest.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: i-2-5-VM
    uuid:
      description: Its UUID.
      type: str
    state:
      description: What it is now.
      type: str
      sample: running
    vnc_port:
      description: Port of its console on 127.0.0.1; null when it does not run.
      type: int
      sample: 5900
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.domains import Domain

DISK = {
    "pool_uuid": {"type": "str", "required": True},
    "volume": {"type": "str", "required": True},
    "format": {"type": "str", "choices": ["qcow2", "raw"], "default": "qcow2"},
    "bus": {"type": "str", "choices": ["virtio", "scsi", "sata", "ide"], "default": "virtio"},
    "device_id": {"type": "int", "default": 0},
    "limits": {"type": "dict"},
}
NIC = {
    "mac": {"type": "str", "required": True},
    "bridge": {"type": "str", "required": True},
    "model": {"type": "str", "choices": ["virtio", "e1000", "rtl8139"], "default": "virtio"},
    "mtu": {"type": "int"},
}


def main() -> None:
    """Run as an Ansible module."""
    serve(
        Domain,
        {
            "name": {"type": "str", "required": True},
            "uuid": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["running", "stopped", "absent"], "default": "running"},
            "vcpus": {"type": "int"},
            "memory_mb": {"type": "int"},
            "cpu_mhz": {"type": "int"},
            "machine": {"type": "str", "choices": ["q35", "pc"], "default": "q35"},
            "acceleration": {"type": "str", "choices": ["kvm", "qemu"]},
            "disks": {"type": "list", "elements": "dict", "options": DISK},
            "nics": {"type": "list", "elements": "dict", "options": NIC},
            "vnc_password": {"type": "str", "no_log": True},
            "force": {"type": "bool", "default": False},
            "shutdown_timeout_s": {"type": "int", "default": 60},
        },
        required_if=[("state", "running", ("vcpus", "memory_mb"))],
    )


if __name__ == "__main__":
    main()
