"""Network interfaces and namespaces of this host, through ``ip`` (iproute2) with argument lists."""

from __future__ import annotations

import json
import os
from typing import Any

from .command import run
from .errors import NodeError

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


def delete(name: str) -> None:
    """Delete an interface; gone already is as good.

    The kernel removes the links of a namespace some time after its last process, so one may vanish under us.
    """
    try:
        ip("link", "delete", "dev", name)
    except NodeError:
        if exists(name):
            raise


def netns_file(name: str) -> str | None:
    """Path of a namespace's name, None when there is none. A cut short run may leave a name without namespace."""
    path = os.path.join(NETNS_DIR, name)
    return path if os.path.lexists(path) else None


def has_netns(name: str) -> bool:
    """Tell whether a named network namespace exists: its name is a mount of the kernel's own file system."""
    path = netns_file(name)
    return path is not None and os.stat(path).st_dev != os.stat(NETNS_DIR).st_dev


def delete_netns(name: str) -> None:
    """Delete a namespace, or what is left of one."""
    if netns_file(name):
        ip("netns", "delete", name)
