"""What operators decide of each kind of hypervisor."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Entity


class HypervisorCapability(Entity):
    """One kind of hypervisor. ``max_guests``: most machines on one of its hosts; None: as many as there is room for."""

    __tablename__ = "hypervisor_capability"

    hypervisor: Mapped[str] = mapped_column(String(32), unique=True)
    max_guests: Mapped[int | None]


def hypervisor_capabilities() -> list[HypervisorCapability]:
    """Fresh rows of the hypervisors this cloud drives."""
    return [HypervisorCapability(hypervisor=name) for name in ("KVM", "Simulator")]
