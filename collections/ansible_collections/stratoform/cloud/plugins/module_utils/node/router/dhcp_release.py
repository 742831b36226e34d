"""Tell a DHCP server in a namespace that a guest gave its address back, as the guest would (RFC 2131, 4.4.6).

dnsmasq holds an address for the MAC it leased it to, even when the reservation now names another one. A release
frees it without restarting anything.
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
import struct
import threading
from typing import NamedTuple

from .. import links

_CLONE_NEWNET = 0x40000000  # sched.h
_SERVER_PORT = 67
_MAGIC = b"\x63\x82\x53\x63"
_LEASE_LINE = re.compile(r"\d+ (?P<mac>[0-9A-Fa-f:]{17}) (?P<ip>[0-9.]+) \S+ (?P<client_id>\S+)")
_MESSAGE_TYPE, _RELEASE, _SERVER_ID, _CLIENT_ID, _END = 53, 7, 54, 61, 255


class Lease(NamedTuple):
    """A line of dnsmasq's lease file: who holds which address. ``client_id`` is hex with colons, or ``*``."""

    mac: str
    ip: str
    client_id: str


def parse_leases(text: str) -> list[Lease]:
    """Read a dnsmasq lease file: expiry, MAC, address, name, client id."""
    rows = (_LEASE_LINE.fullmatch(line) for line in text.splitlines())
    return [Lease(row["mac"].lower(), row["ip"], row["client_id"]) for row in rows if row]


def message(lease: Lease, server: str) -> bytes:
    """Build the DHCPRELEASE of a lease."""
    fixed = struct.pack(
        ">BBBBIHH4s4s4s4s16s64s128s",
        *(1, 1, 6, 0),  # request, Ethernet, length of a MAC, hops
        int.from_bytes(os.urandom(4), "big"),
        *(0, 0),
        socket.inet_aton(lease.ip),
        *(b"", b"", b"", bytes.fromhex(lease.mac.replace(":", "")), b"", b""),
    )
    options = bytes([_MESSAGE_TYPE, 1, _RELEASE, _SERVER_ID, 4]) + socket.inet_aton(server)
    if lease.client_id != "*":
        client_id = bytes.fromhex(lease.client_id.replace(":", ""))
        options += bytes([_CLIENT_ID, len(client_id)]) + client_id
    return fixed + _MAGIC + options + bytes([_END])


def release(netns: str, lease: Lease, server: str) -> None:
    """Send the release to the server at its address, from within its namespace."""
    failures: list[OSError] = []

    def send() -> None:
        # setns moves one thread only: this one ends with the packet sent, the process stays where it is.
        try:
            _enter(netns)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(message(lease, server), (server, _SERVER_PORT))
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def _enter(netns: str) -> None:
    """Move the calling thread into a namespace (setns(2)); Python has a call for it only from 3.12 on."""
    with open(os.path.join(links.NETNS_DIR, netns), "rb") as namespace:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "cannot enter network namespace", netns)
