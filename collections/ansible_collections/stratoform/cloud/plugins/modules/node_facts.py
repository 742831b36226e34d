#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Say what a host is."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_facts
short_description: Say what a host is
version_added: 0.1.0
description:
  - Reads a host's hardware, hypervisor and bridges, as the API shows a host. Changes nothing.
author: Stratoform contributors (@stratoform)
requirements: [python3-libvirt]
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
- name: Look at a host
  stratoform.cloud.node_facts:
  register: seen
"""

RETURN = r"""
host:
  description: The host.
  returned: success
  type: dict
  contains:
    name:
      description: Its host name.
      type: str
      sample: kvm1
    uuid:
      description: UUID libvirt knows the host by.
      type: str
      sample: fca354a2-cca0-44cd-9eeb-c1b32108c3b6
    iqn:
      description: Name of its iSCSI initiator; null without one.
      type: str
    os:
      description: Operating system.
      type: str
      sample: Debian GNU/Linux 12 (bookworm)
    kernel:
      description: Release of its kernel.
      type: str
      sample: 6.1.0-28-amd64
    hypervisor:
      description: Hypervisor as the API names it.
      type: str
      sample: KVM
    hypervisor_version:
      description: Version of QEMU.
      type: str
      sample: 7.2.22
    libvirt_version:
      description: Version of libvirt.
      type: str
      sample: 9.0.0
    acceleration:
      description: Domain type of its guests, V(kvm) or V(qemu).
      type: str
      sample: kvm
    cpus:
      description: Logical processors.
      type: int
      sample: 16
    cpu_sockets:
      description: Processor sockets.
      type: int
      sample: 2
    cpu_mhz:
      description: Speed of a processor in MHz.
      type: int
      sample: 2600
    memory_bytes:
      description: Memory in bytes.
      type: int
      sample: 67430744064
    capabilities:
      description: Kinds of virtualisation, comma-separated.
      type: str
      sample: hvm
    bridges:
      description: Names of its bridges.
      type: list
      elements: str
      sample: [cloudbr0]
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.facts import Facts


def main() -> None:
    """Run as an Ansible module."""
    serve(Facts, {})


if __name__ == "__main__":
    main()
