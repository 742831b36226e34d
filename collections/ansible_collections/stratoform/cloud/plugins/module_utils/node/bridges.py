"""Bridges that guests plug into: the one a traffic label names, or one per VLAN above the same uplink."""

from __future__ import annotations

import hashlib

from . import checks, links
from .base import Operation, Plan, State, Step
from .errors import NodeError

_NAME_LIMIT = 15  # IFNAMSIZ without its NUL
_VLANS = range(1, 4095)  # IEEE 802.1Q: 0 and 4095 are reserved
# Ports of a bridge that lead to guests and routers, never to the physical network.
_GUEST_KINDS = ("tun", "veth", "macvtap")


def names(uplink: str, vlan: int) -> tuple[str, str]:
    """Name the VLAN's sub-interface and bridge above an uplink, e.g. ``eth1.300`` and ``breth1-300``.

    The kernel allows 15 characters; a longer name keeps its number and gets a digest for the uplink.
    """
    digest = hashlib.sha256(uplink.encode()).hexdigest()
    interface, bridge = f"{uplink}.{vlan}", f"br{uplink}-{vlan}"
    if len(interface) > _NAME_LIMIT:
        interface = f"v{digest[:8]}.{vlan}"
    if len(bridge) > _NAME_LIMIT:
        bridge = f"br{digest[:8]}-{vlan}"
    return interface, bridge


def uplink_of(label: str, kinds: dict[str, str | None]) -> str:
    """Choose the bridge's port that leads to the physical network.

    Args:
        label: the bridge.
        kinds: kind of each of its ports, None for a physical interface.

    Raises:
        NodeError: there is none, or more than one.
    """
    outward = sorted(name for name, kind in kinds.items() if kind not in _GUEST_KINDS)
    if len(outward) != 1:
        found = ", ".join(outward) or "none"
        raise NodeError(f"bridge {label} needs exactly one uplink to carry a VLAN; it has {found}")
    return outward[0]


def plan(current: State, desired: State | None) -> Plan:
    """Decide how to get a VLAN's bridge (None: no bridge).

    Raises:
        NodeError: it shall go, yet guests are still plugged in.
    """
    if desired is None:
        others = [port for port in current.get("ports", []) if port != current["interface"]]
        if others:
            raise NodeError(f"{', '.join(others)} still plugged into {current['name']}")
        steps = [Step("delete", current["name"])] if current.get("bridge") else []
        if current.get("vlan_up") is not None:
            steps.append(Step("delete", current["interface"]))
        return Plan(tuple(steps), {})
    steps = []
    if current.get("vlan_up") is None:
        steps.append(Step("add_vlan", desired))
    if not current.get("bridge"):
        steps.append(Step("add_bridge", desired))
    if desired["interface"] not in current.get("ports", []):
        steps.append(Step("plug", desired))
    for name, up in ((desired["interface"], current.get("vlan_up")), (desired["name"], current.get("bridge_up"))):
        if not up:
            steps.append(Step("set_up", name))
    after = {**desired, "bridge": True, "bridge_up": True, "vlan_up": True, "ports": [desired["interface"]]}
    return Plan(tuple(steps), {**after, "ports": sorted({*current.get("ports", []), desired["interface"]})})


class Bridge(Operation):
    """The operation ``bridge``. Without a VLAN it only verifies: the label's bridge belongs to the host."""

    noun = "bridge"

    def title(self) -> str:
        """See :class:`Operation`."""
        vlan = self.params.get("vlan")
        return f"bridge for VLAN {vlan} on {self.params['label']}" if vlan else f"bridge {self.params['label']}"

    def _desired(self) -> State:
        label, vlan = checks.interface(self.params["label"]), self.params["vlan"]
        if vlan not in _VLANS:
            raise NodeError(f"VLAN {vlan} is not between 1 and 4094")
        uplink = uplink_of(label, {name: links.kind(name) for name in links.ports(label)})
        interface, bridge = names(uplink, vlan)
        return {"name": bridge, "interface": interface, "uplink": uplink, "vlan": vlan}

    def find(self) -> State:
        """Read the label's bridge, or what there is of the VLAN's bridge and sub-interface."""
        label = checks.interface(self.params["label"])
        if not links.is_bridge(label):
            if self.wanted == "absent":
                return {}
            raise NodeError(f"there is no bridge {label} on this host")
        if self.params.get("vlan") is None:
            return {"name": label, "bridge": True, "bridge_up": links.is_up(label)}
        desired = self._desired()
        interface, bridge = desired["interface"], desired["name"]
        there = links.is_bridge(bridge)
        return {
            **desired,
            "bridge": there,
            "bridge_up": there and links.is_up(bridge),
            "ports": links.ports(bridge) if there else [],
            "vlan_up": links.is_up(interface) if links.exists(interface) else None,
        }

    def plan(self, current: State) -> Plan:
        """See :func:`plan`."""
        if self.params.get("vlan") is None:
            if self.wanted == "present" and not current["bridge_up"]:
                raise NodeError(f"bridge {current['name']} is down")
            return Plan((), current)
        if self.wanted == "absent":
            return plan(current, None)
        keys = ("name", "interface", "uplink", "vlan")
        return plan(current, {key: current[key] for key in keys})

    def value(self, state: State) -> State:
        """The name guests' interfaces are plugged into."""
        return {"name": state["name"]} if state else {}

    def do_add_vlan(self, desired: State) -> None:
        """Add the tagged sub-interface."""
        words = ("type", "vlan", "id", str(desired["vlan"]))
        links.ip("link", "add", "link", desired["uplink"], "name", desired["interface"], *words)

    def do_add_bridge(self, desired: State) -> None:
        """Add the bridge: no spanning tree and no delay, a guest's first packet must pass."""
        words = ("type", "bridge", "forward_delay", "0", "stp_state", "0")
        links.ip("link", "add", "name", desired["name"], *words)

    def do_plug(self, desired: State) -> None:
        """Put the sub-interface into the bridge."""
        links.ip("link", "set", "dev", desired["interface"], "master", desired["name"])

    def do_set_up(self, name: str) -> None:
        """Set an interface up."""
        links.ip("link", "set", "dev", name, "up")

    def do_delete(self, name: str) -> None:
        """Delete an interface of ours."""
        links.delete(name)
