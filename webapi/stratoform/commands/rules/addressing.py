"""Subnets, spans of addresses and VLANs, as commands take them: parsed, compared, refused by name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from stratoform.commands.frame.params import Param, refuse, shown
from stratoform.model.addresses import number, text

UNTAGGED = "untagged"
FIRST_VLAN, LAST_VLAN = 1, 4094
"""Usable VLAN ids (IEEE 802.1Q; 0 and 4095 are reserved)."""
NARROWEST = 30
"""Longest prefix of a network that still has room for a gateway and somebody else."""


@dataclass(frozen=True)
class Span:
    """Consecutive IPv4 addresses, both ends included."""

    start: int
    end: int

    def __str__(self) -> str:
        """As the API writes spans."""
        return f"{text(self.start)}-{text(self.end)}"

    def __contains__(self, address: int) -> bool:
        """True when the address is one of them."""
        return self.start <= address <= self.end

    def overlaps(self, other: Span) -> bool:
        """True when both have an address in common."""
        return self.start <= other.end and other.start <= self.end


def subnet(gateway: str, netmask: str) -> ipaddress.IPv4Network:
    """The network of a gateway.

    Raises:
        ApiError: the netmask leaves no room, or the gateway is no host address of the network.
    """
    network = ipaddress.IPv4Network(f"{gateway}/{netmask}", strict=False)
    if network.prefixlen > NARROWEST or network.prefixlen == 0:
        raise refuse("netmask", f"{netmask} is not the mask of a subnet; give one from 128.0.0.0 to 255.255.255.252")
    if ipaddress.IPv4Address(gateway) in {network.network_address, network.broadcast_address}:
        raise refuse("gateway", f"{gateway} is no host address of {network}")
    return network


def span(network: ipaddress.IPv4Network, gateway: str, start: str, end: str | None) -> Span:
    """The addresses from ``start`` to ``end`` (default: ``start`` alone) of a network.

    Raises:
        ApiError: they run backwards, leave the network, or hold its gateway.
    """
    found = Span(number(start), number(end or start))
    if found.end < found.start:
        raise refuse("endip", f"{end} comes before startip {start}")
    usable = Span(int(network.network_address) + 1, int(network.broadcast_address) - 1)
    for name, address in (("startip", found.start), ("endip", found.end)):
        if address not in usable:
            raise refuse(name, f"{text(address)} is no host address of {network}, the network of gateway {gateway}")
    if number(gateway) in found:
        raise refuse("startip", f"the range {found} holds the gateway {gateway}; let it begin or end beside it")
    return found


def tag_of(vlan: str) -> int | None:
    """The VLAN id of a stored VLAN; None when untagged."""
    return None if vlan == UNTAGGED else int(vlan)


class Vlan(Param[str]):
    """A VLAN id or ``untagged``; ``vlan://`` in front is allowed, as the API's broadcast URIs have it."""

    def read(self, text: str) -> str:
        """See Param.read."""
        bare = text.strip().lower().removeprefix("vlan://")
        if bare == UNTAGGED:
            return bare
        if not re.fullmatch(r"[0-9]{1,4}", bare) or not FIRST_VLAN <= int(bare) <= LAST_VLAN:
            raise refuse(self.name, f"{shown(text)} is neither '{UNTAGGED}' nor a VLAN id from {FIRST_VLAN} "
                                    f"to {LAST_VLAN}")
        return str(int(bare))


class VlanRanges(Param[str]):
    """VLAN ids and ranges of them, e.g. ``100-199,300``; kept as they were given, without blanks."""

    def __init__(self, doc: str, *, since: str = "") -> None:
        super().__init__(doc, since=since)
        self.length = 4096

    def read(self, text: str) -> str:
        """See Param.read."""
        parts = [re.sub(r"\s", "", part) for part in text.split(",")]
        seen: list[tuple[int, int]] = []
        for part in parts:
            match = re.fullmatch(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", part)
            low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
            if not FIRST_VLAN <= low <= high <= LAST_VLAN:
                raise refuse(self.name, f"{shown(part)} is no range of VLAN ids from {FIRST_VLAN} to {LAST_VLAN}, "
                                        "e.g. 100-199")
            if any(low <= other_high and other_low <= high for other_low, other_high in seen):
                raise refuse(self.name, f"{shown(part)} overlaps another range of the list")
            seen.append((low, high))
        return ",".join(parts)


def vlan_ranges(stored: str | None) -> Iterable[tuple[int, int]]:
    """The ranges of stored VLAN ranges, both ends included."""
    for part in (stored or "").split(","):
        if part:
            low, _, high = part.partition("-")
            yield int(low), int(high or low)


def holding(stored: str | None, vlan: str) -> tuple[int, int] | None:
    """The range that holds a VLAN; None when none does, or the VLAN is untagged."""
    tag = tag_of(vlan)
    return next((r for r in vlan_ranges(stored) if tag is not None and r[0] <= tag <= r[1]), None)
