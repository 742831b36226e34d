"""Regions: this cloud and the clouds beside it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Entity

HERE: Final = 1
"""The region this cloud is, as long as nobody said otherwise. Ids of regions are the operator's own numbers."""


class Region(Entity):
    """A cloud with zones near each other, and where its API answers."""

    __tablename__ = "region"

    name: Mapped[str] = mapped_column(unique=True)
    endpoint: Mapped[str] = mapped_column(String(1024))


def local_region() -> Region:
    """A fresh row of the region this cloud is until it is renamed."""
    return Region(id=HERE, name="Local", endpoint="http://localhost:8080/client/")
