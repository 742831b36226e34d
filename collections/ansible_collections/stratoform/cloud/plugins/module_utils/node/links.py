"""Network interfaces and namespaces of this host, through ``ip`` (iproute2) with argument lists."""

from __future__ import annotations

import json
import os
from typing import Any

from .command import run

NETNS_DIR = "/run/netns"


def ip(*words: str, netns: str | None = None) -> str:
    """Run ``ip`` with these words, inside a named namespace when one is given."""
    return run(["ip", *(["-n", netns] if netns else []), *words])


def show(*words: str, netns: str | None = None) -> list[dict[str, Any]]:
    """Run ``ip`` for its JSON. Nothing matching is an empty list."""
    listed: list[dict[str, Any]] = json.loads(ip("-d", "-j", *words, netns=netns) or "[]")
    return [entry for entry in listed if entry]


def exists(name: str) -> bool:
    """Tell whether the host has an interface of this name."""
    return os.path.exists(os.path.join("/sys/class/net", name))


def is_bridge(name: str) -> bool:
    """Tell whether this interface is a Linux bridge."""
    return os.path.isdir(os.path.join("/sys/class/net", name, "bridge"))


def is_up(name: str) -> bool:
    """Tell whether the administrator set the interface up. A bridge without ports has no carrier, yet is up."""
    with open(os.path.join("/sys/class/net", name, "flags"), encoding="ascii") as flags:
        return bool(int(flags.read(), 16) & 1)  # IFF_UP, netdevice(7)


def ports(bridge: str) -> list[str]:
    """Names of the interfaces in a bridge."""
    return sorted(os.listdir(os.path.join("/sys/class/net", bridge, "brif")))


def bridges() -> list[str]:
    """Names of all bridges of the host."""
    return sorted(name for name in os.listdir("/sys/class/net") if is_bridge(name))


def kind(name: str) -> str | None:
    """What an interface is (``vlan``, ``veth``, ``tun``, ``bond``); None for a physical one."""
    found = show("link", "show", "dev", name)
    return found[0].get("linkinfo", {}).get("info_kind") if found else None


def has_netns(name: str) -> bool:
    """Tell whether a named network namespace exists."""
    return os.path.exists(os.path.join(NETNS_DIR, name))
