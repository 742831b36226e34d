#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find out whether a host's KVM works."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_acceleration
short_description: Find out whether a host's KVM works
version_added: 0.1.0
description:
  - Starts a real guest of 512 bytes under KVM with a time limit and writes the verdict to a file.
    That C(/dev/kvm) exists proves nothing, as nested virtualisation may offer it and hang every guest.
  - The verdict is kept until the kernel, the processor or the existence of C(/dev/kvm) differ.
author: Stratoform contributors (@stratoform)
options:
  path:
    description: File of the verdict. Other keys in it are left alone.
    type: path
    default: /etc/stratoform/host.json
  timeout_s:
    description: Seconds after which a silent guest counts as hung.
    type: float
    default: 5
  refresh:
    description: Whether to start the guest even when a verdict for the same circumstances is there.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

EXAMPLES = r"""
- name: Decide between KVM and emulation
  stratoform.cloud.node_acceleration:
  register: probe

- name: Look again
  stratoform.cloud.node_acceleration:
    refresh: true
"""

RETURN = r"""
host:
  description: The verdict.
  returned: success
  type: dict
  contains:
    acceleration:
      description: Domain type for libvirt, V(kvm) or V(qemu). Empty in check mode while QEMU is missing.
      type: str
      sample: kvm
    reason:
      description: Why, in words.
      type: str
      sample: a guest ran under KVM
"""

import json
from pathlib import Path
from typing import Any

from ansible_collections.stratoform.cloud.plugins.module_utils.node import files, kvm_probe
from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import Operation, Plan, State, Step, serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.errors import NodeError


class Acceleration(Operation):
    """The recorded verdict, probed again when its circumstances differ."""

    noun = "host"

    def title(self) -> str:
        """Return the object's name in an error message."""
        return "the verdict on acceleration"

    def find(self) -> State:
        """Return what the file holds."""
        return kvm_probe.recorded(self.params["path"])

    def plan(self, current: State) -> Plan:
        """Probe when no verdict is there, or one from other circumstances, or a new one is asked for."""
        now = kvm_probe.circumstances()
        known = current.get("acceleration") in ("kvm", "qemu") and current.get("circumstances") == now
        if known and not self.params["refresh"]:
            return Plan((), current)
        # Probing changes nothing on the host, so even a dry run knows the verdict.
        try:
            verdict = kvm_probe.probe(self.params["timeout_s"])
        except NodeError as error:
            verdict = kvm_probe.Verdict("", str(error))
        wanted = {**current, "acceleration": verdict.kind, "reason": verdict.reason, "circumstances": now}
        return Plan(() if wanted == current else (Step("write", wanted),), wanted)

    def value(self, state: State) -> State:
        """Return the verdict without its circumstances."""
        return {key: state.get(key, "") for key in ("acceleration", "reason")}

    def do_write(self, wanted: dict[str, Any]) -> None:
        """Write the verdict, readable by everyone."""
        if not wanted["acceleration"]:
            raise NodeError(wanted["reason"])
        path = self.params["path"]
        Path(path).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        files.write(path, json.dumps(wanted, indent=2, sort_keys=True) + "\n", mode=0o644)


def main() -> None:
    """Run as an Ansible module."""
    serve(
        Acceleration,
        {
            "path": {"type": "path", "default": kvm_probe.HOST_FILE},
            "timeout_s": {"type": "float", "default": kvm_probe.LIMIT_S},
            "refresh": {"type": "bool", "default": False},
        },
    )


if __name__ == "__main__":
    main()
