#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bridges of a host that traffic labels name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_host_bridge
short_description: Bridges of a host that traffic labels name
version_added: 0.1.0
description:
  - Creates a bridge in the running system, gives it an uplink and an address, and brings it up. What must outlive a
    reboot is written by role C(kvm_host) in the files of the host's network manager.
  - Records what it creates in C(/etc/stratoform/bridges), and removes only what is recorded. A bridge that was there
    before is completed and kept.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the bridge, at most 15 characters.
    type: str
    required: true
  uplink:
    description: Interface that joins the bridge. Without one the bridge is a network inside this host.
    type: str
  vlan:
    description: VLAN whose sub-interface of O(uplink) joins, instead of O(uplink) itself.
    type: int
  address:
    description: Address of the host on the bridge with its prefix length, for instance V(10.71.0.1/24).
    type: str
  stp:
    description: Whether the bridge speaks the spanning tree protocol.
    type: bool
    default: false
  forward_delay_s:
    description: Seconds a port listens before it forwards, with O(stp) only.
    type: int
    default: 5
  force:
    description: Whether to remove a bridge that other interfaces are still attached to.
    type: bool
    default: false
  state:
    description: Whether the bridge is there.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

EXAMPLES = r"""
- name: A network inside this host
  stratoform.cloud.node_host_bridge:
    name: cloudbr0
    address: 10.71.0.1/24

- name: Guests on VLAN 200 of the second interface
  stratoform.cloud.node_host_bridge:
    name: cloudbr1
    uplink: eth1
    vlan: 200
"""

RETURN = r"""
bridge:
  description: The bridge as it is now; empty when it is gone.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
    up:
      description: Whether it is up.
      type: bool
    stp:
      description: Whether it speaks the spanning tree protocol.
      type: bool
    addresses:
      description: Addresses of the host on it.
      type: list
      elements: str
    members:
      description: Attached interfaces.
      type: list
      elements: str
    ours:
      description: Whether this module created it, perhaps before the last reboot.
      type: bool
"""

import hashlib
import ipaddress
import json
from pathlib import Path
from typing import Any

from ansible_collections.stratoform.cloud.plugins.module_utils.node import checks
from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import Operation, Plan, State, Step, serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.command import run
from ansible_collections.stratoform.cloud.plugins.module_utils.node.errors import NodeError

RECORDS = Path("/etc/stratoform/bridges")  # a file for each interface of ours: a reboot does not forget it
_MAX_VLAN = 4094


class HostBridge(Operation):
    """One bridge in the running system, with its uplink and address."""

    noun = "bridge"

    def __init__(self, params: dict[str, Any]) -> None:
        """Take the parameters; shapes are checked before anything is read."""
        super().__init__(params)
        self.name: str = params["name"]
        uplink, vlan = params.get("uplink"), params.get("vlan")
        self.port: str | None = f"{uplink}.{vlan}" if vlan else uplink

    def title(self) -> str:
        """Return the object's name in an error message."""
        return f"bridge {self.name}"

    def find(self) -> State:
        """Return the bridge, its uplink and its port as they are."""
        self._check()
        links = {link["ifname"]: link for link in json.loads(run(["ip", "-j", "-d", "address", "show"]))}
        names = {self.name, self.port, self.params.get("uplink")} - {None}
        seen = {name: _link(links[name]) for name in names if name in links}
        members = sorted(name for name, link in links.items() if link.get("master") == self.name)
        if self.name in seen:
            seen[self.name]["members"] = members
        return seen

    def plan(self, current: State) -> Plan:
        """Return the steps to the bridge asked for, or to none."""
        steps = self._removal(current) if self.wanted == "absent" else self._creation(current)
        if not steps:
            return Plan((), current)
        return Plan(tuple(steps), {} if self.wanted == "absent" else self._target(current))

    def value(self, state: State) -> State:
        """Return the bridge without what is around it."""
        bridge = state.get(self.name)
        if not bridge or self.wanted == "absent":
            return {}
        return {"name": self.name} | {key: bridge[key] for key in ("up", "stp", "addresses", "members", "ours")}

    def _check(self) -> None:
        checks.interface(self.name)
        if self.port:
            checks.interface(self.params["uplink"])
            checks.interface(self.port)
        vlan = self.params.get("vlan")
        if vlan is not None and not (self.params.get("uplink") and 1 <= vlan <= _MAX_VLAN):
            raise NodeError(f"VLAN {vlan} needs an uplink, and a number from 1 to {_MAX_VLAN}")
        if self.params.get("address"):
            try:
                ipaddress.ip_interface(self.params["address"])
            except ValueError as error:
                raise NodeError(str(error)) from None

    def _creation(self, current: State) -> list[Step]:
        bridge = current.get(self.name)
        if bridge and bridge["kind"] != "bridge":
            raise NodeError("an interface of this name exists and is no bridge")
        steps = [] if bridge else [Step("create")]
        bridge = bridge or {"stp": False, "forward_delay_s": 0, "addresses": [], "ipv6": True, "up": False}
        stp, delay = self.params["stp"], self.params["forward_delay_s"]
        if bridge["stp"] != stp or (stp and bridge["forward_delay_s"] != delay):
            steps.append(Step("options"))
        address = self.params.get("address")
        if bridge["ipv6"] and not (address and ":" in address):
            steps.append(Step("silence_ipv6"))
        if address and address not in bridge["addresses"]:
            steps.append(Step("address", address))
        steps += self._port_steps(current)
        if not bridge["up"]:
            steps.append(Step("raise", self.name))
        return steps

    def _port_steps(self, current: State) -> list[Step]:
        if not self.port:
            return []
        uplink, port = self.params["uplink"], current.get(self.port)
        if uplink not in current:
            raise NodeError(f"uplink {uplink} does not exist on this host")
        if port and port["addresses"] and port["master"] != self.name:
            # Its addresses would stop working the moment it joins, and with them perhaps this connection.
            carried = ", ".join(port["addresses"])
            raise NodeError(f"uplink {self.port} carries {carried}: use a VLAN or another interface")
        if port and port["master"] not in (None, self.name):
            raise NodeError(f"uplink {self.port} belongs to {port['master']}")
        steps = [] if port else [Step("vlan")]
        if not port or port["master"] != self.name:
            steps.append(Step("join", self.port))
        raised = dict.fromkeys(name for name in (uplink, self.port) if not current.get(name, {}).get("up"))
        return steps + [Step("raise", name) for name in raised]

    def _removal(self, current: State) -> list[Step]:
        steps: list[Step] = []
        bridge = current.get(self.name)
        if bridge and bridge["ours"]:
            guests = [name for name in bridge["members"] if name != self.port]
            if guests and not self.params["force"]:
                raise NodeError(f"still attached: {', '.join(guests)}")
            steps.append(Step("delete", self.name))
        if self.port and current.get(self.port, {}).get("ours"):
            steps.append(Step("delete", self.port))
        return steps

    def _target(self, current: State) -> State:
        bridge = current.get(self.name, {})
        wanted = {self.params.get("address")} - {None}
        return {
            **current,
            self.name: {
                **bridge,
                "up": True,
                "ours": bridge.get("ours", True),
                "stp": self.params["stp"],
                "addresses": sorted({*bridge.get("addresses", []), *wanted}),
                "members": sorted({*bridge.get("members", []), *filter(None, [self.port])}),
            },
        }

    def do_create(self, _: None) -> None:
        """Create the bridge and record that it is ours.

        A bridge takes the lowest address of its ports unless it was given one: without it the host's address would
        move with every guest that comes and goes.
        """
        _record(self.name)
        run(["ip", "link", "add", self.name, "address", stable_mac(self.name), "type", "bridge"])

    def do_options(self, _: None) -> None:
        """Set spanning tree and its delay."""
        stp = ["stp_state", str(int(self.params["stp"]))]
        delay = ["forward_delay", str(self.params["forward_delay_s"] * 100)] if self.params["stp"] else []
        run(["ip", "link", "set", self.name, "type", "bridge", *stp, *delay])

    def do_silence_ipv6(self, _: None) -> None:
        """Take the host's own IPv6 off the bridge: guests shall not reach it at its link-local address."""
        _ipv6_switch(self.name).write_text("1\n", encoding="ascii")

    def do_address(self, address: str) -> None:
        """Give the host an address on the bridge."""
        run(["ip", "address", "add", address, "dev", self.name])

    def do_vlan(self, _: None) -> None:
        """Create the uplink's sub-interface and record that it is ours."""
        _record(str(self.port))
        uplink, vlan = self.params["uplink"], str(self.params["vlan"])
        run(["ip", "link", "add", "link", uplink, "name", str(self.port), "type", "vlan", "id", vlan])

    def do_join(self, port: str) -> None:
        """Attach a port."""
        run(["ip", "link", "set", port, "master", self.name])

    def do_raise(self, name: str) -> None:
        """Bring an interface up."""
        run(["ip", "link", "set", name, "up"])

    def do_delete(self, name: str) -> None:
        """Remove an interface that is ours."""
        run(["ip", "link", "delete", name])
        (RECORDS / name).unlink()


def stable_mac(name: str) -> str:
    """Return a locally administered address that stays the same for this host and bridge."""
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        machine = ""
    digest = hashlib.sha256(f"{machine} {name}".encode()).digest()
    return ":".join(f"{byte:02x}" for byte in b"\x02" + digest[:5])


def _record(name: str) -> None:
    # Before the interface: a crash in between leaves a record of nothing, which is harmless.
    RECORDS.mkdir(mode=0o755, parents=True, exist_ok=True)
    (RECORDS / name).touch()


def _link(link: dict[str, Any]) -> State:
    info = link.get("linkinfo", {})
    data = info.get("info_data", {}) if info.get("info_kind") == "bridge" else {}
    ipv6 = _ipv6_switch(link["ifname"])
    return {
        "kind": info.get("info_kind", ""),
        "up": "UP" in link["flags"],
        "master": link.get("master"),
        "ours": (RECORDS / link["ifname"]).exists(),
        "stp": bool(data.get("stp_state", 0)),
        "forward_delay_s": data.get("forward_delay", 0) // 100,
        "ipv6": ipv6.exists() and ipv6.read_text(encoding="ascii").strip() == "0",
        "addresses": [
            f"{address['local']}/{address['prefixlen']}"
            for address in link.get("addr_info", [])
            if address.get("scope") == "global"
        ],
    }


def _ipv6_switch(name: str) -> Path:
    return Path("/proc/sys/net/ipv6/conf") / name / "disable_ipv6"


def main() -> None:
    """Run as an Ansible module."""
    serve(
        HostBridge,
        {
            "name": {"type": "str", "required": True},
            "uplink": {"type": "str"},
            "vlan": {"type": "int"},
            "address": {"type": "str"},
            "stp": {"type": "bool", "default": False},
            "forward_delay_s": {"type": "int", "default": 5},
            "force": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
    )


if __name__ == "__main__":
    main()
