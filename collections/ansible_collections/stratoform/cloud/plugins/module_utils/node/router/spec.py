"""The declaration of a virtual router: what it says, checked, as plain values.

Parsing is the only way in, so every part may rely on the shapes below. A router is converged from one spec as a
whole; parts never see the raw arguments.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import checks
from ..errors import NodeError

METADATA_ADDRESS = "169.254.169.254"  # where cloud guests of every kind look first
_LEASE_TIME = re.compile(r"infinite|[1-9][0-9]{0,8}[smhd]?")
_METADATA_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True)
class Interface:
    """One interface of the router: its place in the namespace, the host's bridge, and its address."""

    name: str
    bridge: str
    mac: str
    address: str  # with prefix length, e.g. 10.1.1.2/24
    role: str

    @property
    def ip(self) -> str:
        """The address alone."""
        return self.address.partition("/")[0]

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The subnet the interface is in."""
        return ipaddress.IPv4Interface(self.address).network


@dataclass(frozen=True)
class Reservation:
    """A guest's address: nobody else gets it, and nobody without one gets any."""

    mac: str
    ip: str
    hostname: str
    lease: str


@dataclass(frozen=True)
class Guest:
    """What a guest may ask about itself. The password is shown once."""

    metadata: Mapping[str, str]
    user_data: str | None = field(default=None, repr=False)  # base64, served decoded
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Router:
    """A virtual router. ``gateway`` is the guests' default route; another box may hold it."""

    uuid: str
    name: str
    generation: int
    interfaces: tuple[Interface, ...]
    gateway: str | None
    domain: str | None
    guest_servers: tuple[str, ...]
    upstream: tuple[str, ...]
    reservations: tuple[Reservation, ...]
    guests: Mapping[str, Guest]

    @property
    def guest_interfaces(self) -> tuple[Interface, ...]:
        """Interfaces guests are behind: DHCP, DNS and metadata answer there."""
        return tuple(interface for interface in self.interfaces if interface.role == "guest")


def parse(spec: Mapping[str, Any]) -> Router:
    """Read and check a spec.

    Raises:
        NodeError: a value is malformed, missing, or contradicts another one.
    """
    dns = spec.get("dns") or {}
    router = Router(
        uuid=checks.uuid(spec.get("uuid")),
        name=checks.domain_name(spec.get("name")),
        generation=int(spec.get("generation") or 0),
        interfaces=tuple(_interface(entry) for entry in spec.get("interfaces") or []),
        gateway=checks.ipv4(spec["gateway"]) if spec.get("gateway") else None,
        domain=checks.dns_domain(dns["domain"]) if dns.get("domain") else None,
        guest_servers=tuple(checks.ipv4(server) for server in dns.get("servers_for_guests") or []),
        upstream=tuple(checks.ip(server) for server in dns.get("upstream") or []),
        reservations=tuple(_reservation(entry) for entry in spec.get("dhcp") or []),
        guests={checks.ipv4(ip): _guest(ip, seen or {}) for ip, seen in (spec.get("metadata") or {}).items()},
    )
    _check_whole(router)
    return router


def _interface(entry: Mapping[str, Any]) -> Interface:
    return Interface(
        name=checks.interface(entry.get("name")),
        bridge=checks.interface(entry.get("bridge")),
        mac=checks.mac(entry.get("mac")),
        address=checks.ipv4_interface(entry.get("address")),
        role=str(entry.get("role") or "guest"),
    )


def _reservation(entry: Mapping[str, Any]) -> Reservation:
    lease = str(entry.get("lease") or "infinite")
    if not _LEASE_TIME.fullmatch(lease):
        raise NodeError(f"{lease!r} is not a lease time: infinite, or a number with s, m, h or d")
    return Reservation(
        mac=checks.mac(entry.get("mac")),
        ip=checks.ipv4(entry.get("ip")),
        hostname=checks.host_label(entry.get("hostname")),
        lease=lease,
    )


def _guest(ip: str, entry: Mapping[str, Any]) -> Guest:
    user_data, password = entry.get("user-data"), entry.get("password")
    if user_data:
        try:
            base64.b64decode(user_data, validate=True)
        except (binascii.Error, ValueError):
            raise NodeError(f"the user data of {ip} is not base64") from None
    told = {key: value for key, value in entry.items() if key not in ("user-data", "password")}
    for key in told:
        if not _METADATA_KEY.fullmatch(str(key)):
            raise NodeError(f"{key!r} of {ip} is not a metadata key")
    metadata = {key: str(value) for key, value in told.items() if value is not None}
    return Guest(metadata, user_data or None, str(password) if password else None)


def _check_whole(router: Router) -> None:
    """Refuse what no part could serve."""
    if not router.guest_interfaces:
        raise NodeError("a router needs an interface with the role guest")
    _unique("interface", (interface.name for interface in router.interfaces))
    _unique("address reserved", (entry.ip for entry in router.reservations))
    _unique("MAC address reserved", (entry.mac for entry in router.reservations))
    own = {interface.ip for interface in router.interfaces}
    networks = [interface.network for interface in router.guest_interfaces]
    for entry in router.reservations:
        if not any(ipaddress.IPv4Address(entry.ip) in network for network in networks):
            raise NodeError(f"{entry.ip} reserved for {entry.mac} is in no network of the router")
        if entry.ip in own:
            raise NodeError(f"{entry.ip} reserved for {entry.mac} is the router's own address")


def _unique(what: str, values: Iterable[str]) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise NodeError(f"{what} twice: {value}")
        seen.add(value)
