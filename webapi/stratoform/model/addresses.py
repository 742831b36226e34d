"""Addresses: who holds which one is the table of NICs itself, so nothing can drift."""

from __future__ import annotations

import ipaddress
import secrets
import socket

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from .network import IpRange, Network, Nic


def text(address: int) -> str:
    """An IPv4 address, from its integer."""
    return socket.inet_ntoa(address.to_bytes(4, "big"))


def number(address: str) -> int:
    """An IPv4 address's integer."""
    return int(ipaddress.IPv4Address(address))


def ranges(session: Session, network: Network) -> list[IpRange]:
    """The live ranges of a network, lowest first."""
    query = select(IpRange).where(IpRange.network_id == network.id, IpRange.removed.is_(None)).order_by(IpRange.start)
    return list(session.scalars(query))


def lowest_free(session: Session, network: Network) -> tuple[int, IpRange] | None:
    """The lowest address nobody holds, and its range; None when all are taken. Two index look-ups a range."""
    holder, next_holder = aliased(Nic), aliased(Nic)
    for span in ranges(session, network):
        taken = select(Nic.id).where(Nic.network_id == network.id, Nic.ip == span.start)
        if session.scalar(taken.limit(1)) is None:
            return span.start, span
        follower = select(next_holder.id).where(
            next_holder.network_id == network.id, next_holder.ip == holder.ip + 1).exists()
        gap = session.scalar(
            select(holder.ip + 1)
            .where(holder.network_id == network.id, holder.ip >= span.start, holder.ip < span.end, ~follower)
            .order_by(holder.ip).limit(1)
        )
        if gap is not None:
            return gap, span
    return None


def range_of(session: Session, network: Network, address: int) -> IpRange | None:
    """The range that holds an address."""
    return next((r for r in ranges(session, network) if r.start <= address <= r.end), None)


def new_mac() -> str:
    """A random locally administered unicast MAC address; the table's unique key settles collisions."""
    return ":".join(f"{byte:02x}" for byte in (0x02, *secrets.token_bytes(5)))
