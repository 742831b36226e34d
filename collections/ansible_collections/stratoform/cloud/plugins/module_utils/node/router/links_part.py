"""Part one: the namespace, its interfaces plugged into the host's bridges, addresses and the default route."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from collections.abc import Sequence
from typing import Any

from .. import links
from ..base import State, Step
from ..command import run
from ..errors import NodeError
from .part import Place
from .spec import METADATA_ADDRESS, Interface, Router

# IPv6 comes with its own part; until then no address appears by itself. Nothing is forwarded unless a part
# turns it on. arp_notify: neighbours learn at once when the router moved to another host.
_SYSCTLS = {
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
    "net.ipv4.ip_forward": "0",
    "net.ipv4.conf.all.arp_notify": "1",
    "net.ipv4.conf.default.arp_notify": "1",
}


def host_end(uuid: str, interface: str) -> str:
    """Name of the veth's end on the host: the same on every run, unique, and short enough for the kernel."""
    return "sr" + hashlib.sha256(f"{uuid}/{interface}".encode()).hexdigest()[:10]


def addresses(interface: Interface) -> list[str]:
    """Addresses an interface has: guests reach the metadata service on theirs without any route."""
    return sorted([interface.address, *([f"{METADATA_ADDRESS}/32"] if interface.role == "guest" else [])])


def default_route(router: Router) -> str | None:
    """Where the router's own packets (DNS upstream) go: the gateway, when that is another box in reach."""
    own = {interface.ip for interface in router.interfaces}
    if router.gateway is None or router.gateway in own:
        return None
    gateway = ipaddress.IPv4Address(router.gateway)
    return router.gateway if any(gateway in interface.network for interface in router.interfaces) else None


def plan(current: State, router: Router) -> list[Step]:
    """Decide how to get from the links that are there to those of the spec; what fits stays untouched."""
    steps = [] if current.get("ready") else [Step("add_netns")]
    found: dict[str, Any] = current.get("interfaces", {})
    wanted = {interface.name: interface for interface in router.interfaces}
    steps += [Step("delete", name) for name in sorted(found.keys() - wanted.keys())]
    for name, interface in wanted.items():
        steps += _plan_interface(found.get(name), interface)
    route = default_route(router)
    # Setting an interface down and up, or replacing it, takes its routes along.
    if route and (current.get("route") != route or any(step.verb in ("add", "mac") for step in steps)):
        steps.append(Step("route", route))
    if not route and current.get("route"):
        steps.append(Step("unroute"))
    return steps


def _plan_interface(found: State | None, wanted: Interface) -> list[Step]:
    steps = []
    if found is None:
        steps.append(Step("add", wanted))
    elif found["mac"] != wanted.mac:
        steps.append(Step("mac", wanted))
    if found is None or found["bridge"] != wanted.bridge or not found["plugged_up"]:
        steps.append(Step("plug", wanted))
    have = found["addresses"] if found else []
    steps += [Step("add_address", (wanted.name, address)) for address in addresses(wanted) if address not in have]
    steps += [Step("drop_address", (wanted.name, address)) for address in have if address not in addresses(wanted)]
    if found is None or found["mac"] != wanted.mac or not found["up"]:
        steps.append(Step("up", wanted.name))
    return steps


class Links:
    """See the module."""

    name = "links"

    def __init__(self, place: Place) -> None:
        self._netns = place.name

    def find(self, router: Router) -> State:
        """Read the namespace and the host's ends of its interfaces."""
        if not links.has_netns(self._netns):
            return {}
        shown = {entry["ifname"]: entry for entry in links.show("addr", "show", netns=self._netns)}
        loopback = shown.pop("lo", {"flags": []})
        # Tunnels the kernel puts into every namespace are down and not ours.
        ours = {name: entry for name, entry in shown.items() if entry.get("linkinfo", {}).get("info_kind") == "veth"}
        routes = links.show("-4", "route", "show", "default", netns=self._netns)
        return {
            "ready": "UP" in loopback["flags"],  # set last, when the namespace is made
            "interfaces": {name: self._interface(entry, router) for name, entry in ours.items()},
            "route": routes[0].get("gateway") if routes else None,
        }

    @staticmethod
    def _interface(entry: dict[str, Any], router: Router) -> State:
        end = host_end(router.uuid, entry["ifname"])
        master = os.path.join("/sys/class/net", end, "master")
        return {
            "mac": entry["address"],
            "up": "UP" in entry["flags"],
            "bridge": os.path.basename(os.readlink(master)) if os.path.islink(master) else None,
            "plugged_up": links.exists(end) and links.is_up(end),
            "addresses": sorted(
                f"{address['local']}/{address['prefixlen']}"
                for address in entry.get("addr_info", [])
                if address["family"] == "inet"
            ),
        }

    def plan(self, current: State, router: Router) -> Sequence[Step]:
        """See :func:`plan`; the bridges must exist before anything is done."""
        for interface in router.interfaces:
            if not links.is_bridge(interface.bridge):
                raise NodeError(f"there is no bridge {interface.bridge} on this host")
        return plan(current, router)

    def apply(self, step: Step, router: Router) -> None:
        """Do one step."""
        if step.verb == "add_netns":
            self._add_netns()
        elif step.verb == "add":
            self._add(step.what, router)
        elif step.verb == "plug":
            end = host_end(router.uuid, step.what.name)
            links.ip("link", "set", "dev", end, "master", step.what.bridge, "up")
        else:
            self._inside(step)

    def _inside(self, step: Step) -> None:
        """Steps that are one call of ``ip`` in the namespace."""
        if step.verb in ("add_address", "drop_address"):
            name, address = step.what
            words = ["address", "replace" if step.verb == "add_address" else "delete", address, "dev", name]
        elif step.verb == "mac":  # the kernel wants the link down for it; the plan sets it up again
            links.ip("link", "set", "dev", step.what.name, "down", netns=self._netns)
            words = ["link", "set", "dev", step.what.name, "address", step.what.mac]
        else:
            words = {
                "up": ["link", "set", "dev", step.what, "up"],
                "delete": ["link", "delete", "dev", step.what],
                "route": ["route", "replace", "default", "via", step.what],
                "unroute": ["route", "delete", "default"],
            }[step.verb]
        links.ip(*words, netns=self._netns)

    def _add_netns(self) -> None:
        if not links.has_netns(self._netns):
            links.delete_netns(self._netns)
            links.ip("netns", "add", self._netns)
        settings = [f"{key}={value}" for key, value in _SYSCTLS.items() if os.path.exists(_proc(key))]
        run(["ip", "netns", "exec", self._netns, "sysctl", "-q", "-w", *settings])
        links.ip("link", "set", "dev", "lo", "up", netns=self._netns)

    def _add(self, interface: Interface, router: Router) -> None:
        peer = ["peer", "name", interface.name, "address", interface.mac, "netns", self._netns]
        end = host_end(router.uuid, interface.name)
        if links.exists(end):  # its namespace went away a moment ago; the kernel removes it later
            links.delete(end)
        links.ip("link", "add", "name", end, "type", "veth", *peer)
        links.ip("link", "set", "dev", end, "alias", f"{self._netns} {interface.name}")


def _proc(key: str) -> str:
    return os.path.join("/proc/sys", *key.split("."))
