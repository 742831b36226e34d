"""Who gives network services on a physical network: providers, and the elements they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Entity
from .network import PhysicalNetwork

DELIVERED: Mapping[str, Sequence[str]] = {"VirtualRouter": ("Dhcp", "Dns", "UserData")}
"""The providers this installation has, each with the services it gives, in the order of the API."""
ELEMENTS = frozenset({"VirtualRouter"})
"""Providers that work by an element, which must be enabled before them (CloudStack installation guide)."""


class NetworkProvider(Entity):
    """A provider on a physical network. Disabled, or without a service: no new network there gets that of it."""

    __tablename__ = "network_provider"

    physical_network_id: Mapped[int] = mapped_column(ForeignKey("physical_network.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default="Disabled")
    services: Mapped[list[str]]


class NetworkElement(Entity):
    """What a provider works by; a provider is Enabled only while its element is enabled."""

    __tablename__ = "network_element"

    provider_id: Mapped[int] = mapped_column(ForeignKey("network_provider.id"), index=True)
    type: Mapped[str] = mapped_column(String(32))
    enabled: Mapped[bool] = mapped_column(default=False)


def install(session: Session, wire: PhysicalNetwork) -> None:
    """Gives a new physical network its providers: enabled, for nothing must be set up before they work."""
    session.flush()
    for name, services in DELIVERED.items():
        provider = NetworkProvider(physical_network_id=wire.id, name=name, state="Enabled", services=list(services))
        session.add(provider)
        session.flush()
        if name in ELEMENTS:
            session.add(NetworkElement(provider_id=provider.id, type=name, enabled=True))


def install_everywhere(session: Session) -> None:
    """Gives physical networks that are older than providers theirs. Those whose providers were removed keep none."""
    had = select(NetworkProvider.id).where(NetworkProvider.physical_network_id == PhysicalNetwork.id).exists()
    for wire in session.scalars(select(PhysicalNetwork).where(PhysicalNetwork.removed.is_(None), ~had)).all():
        install(session, wire)
