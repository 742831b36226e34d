"""Kinds of objects as tags and details name them (CloudStack API, ``resourcetype``). A new kind is one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select

from .base import Entity
from .compute import ServiceOffering, Vm
from .network import Network
from .projects import Project
from .storage import StoragePool, Template, Volume
from .tags import ResourceTag
from .topology import Zone

ISO: Final = "ISO"
"""The format of images that are CDs, which the API calls a kind of their own."""


@dataclass(frozen=True)
class Kind:
    """One kind of object.

    Attributes:
        name: as the API spells it.
        entity: its table.
        tags: it takes tags.
        details: it takes details; the entity has a column of that name.
        where: further condition on the rows, for kinds that share a table.
    """

    name: str
    entity: type[Entity]
    tags: bool = True
    details: bool = False
    where: Callable[[], ColumnElement[bool]] | None = None

    @property
    def noun(self) -> str:
        """What errors call it."""
        return "virtual machine" if self.entity is Vm else self.entity.__tablename__.replace("_", " ")

    def live(self) -> list[ColumnElement[bool]]:
        """The conditions of the kind's rows that are there."""
        table: Any = self.entity
        return [table.removed.is_(None), *([self.where()] if self.where is not None else [])]


KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in (
    Kind("UserVm", Vm, details=True),
    Kind("Template", Template, where=lambda: Template.format != ISO),
    Kind("ISO", Template, where=lambda: Template.format == ISO),
    Kind("Volume", Volume, details=True),
    Kind("Network", Network, details=True),
    Kind("Project", Project),
    Kind("Zone", Zone, details=True),
    Kind("ServiceOffering", ServiceOffering, tags=False, details=True),
    Kind("Storage", StoragePool, tags=False, details=True),
)}


def kinds_of(entity: type[Entity]) -> Sequence[Kind]:
    """The kinds whose rows are in a table."""
    return [kind for kind in KINDS.values() if kind.entity is entity]


def living() -> ColumnElement[bool]:
    """Tags whose object is there: an object takes its tags along."""
    return or_(*(
        (ResourceTag.resource_type == kind.name)
        & select(kind.entity.id).where(kind.entity.uuid == ResourceTag.resource_uuid, *kind.live())
        .correlate(ResourceTag).exists()
        for kind in KINDS.values()))
