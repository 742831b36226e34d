"""How much an account, a project or a domain may have, and how much it has: counted from the rows, never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Select, UniqueConstraint, bindparam, func, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Entity
from .compute import Vm
from .network import Network
from .projects import ProjectMember
from .storage import Template, Volume

GIB = 2**30
UNLIMITED = -1


class Resource(IntEnum):
    """Kinds of resources with the numbers the CloudStack API gives them (``resourcetype``)."""

    USER_VM = 0
    PUBLIC_IP = 1
    VOLUME = 2
    SNAPSHOT = 3
    TEMPLATE = 4
    PROJECT = 5
    NETWORK = 6
    VPC = 7
    CPU = 8
    MEMORY = 9
    PRIMARY_STORAGE = 10
    SECONDARY_STORAGE = 11


@dataclass(frozen=True)
class Kind:
    """How a resource is limited.

    Attributes:
        noun: what sentences call several of it.
        prefix: of its fields in listAccounts and listProjects (``vmlimit``, ``vmtotal``, ``vmavailable``).
        account, project: the settings that hold without a limit of one's own; None: no limit.
        unit: how many counted units one unit of a limit is (limits of storage are in GiB, counts in bytes).
    """

    noun: str
    prefix: str
    account: str | None
    project: str | None
    unit: int = 1


KINDS: Mapping[Resource, Kind] = {
    Resource.USER_VM: Kind("virtual machines", "vm", "max.account.user.vms", "max.project.user.vms"),
    Resource.PUBLIC_IP: Kind("public IP addresses", "ip", "max.account.public.ips", "max.project.public.ips"),
    Resource.VOLUME: Kind("volumes", "volume", "max.account.volumes", "max.project.volumes"),
    Resource.SNAPSHOT: Kind("snapshots", "snapshot", "max.account.snapshots", "max.project.snapshots"),
    Resource.TEMPLATE: Kind("templates", "template", "max.account.templates", "max.project.templates"),
    Resource.PROJECT: Kind("projects", "project", "max.account.projects", None),
    Resource.NETWORK: Kind("networks", "network", "max.account.networks", "max.project.networks"),
    Resource.VPC: Kind("VPCs", "vpc", "max.account.vpcs", "max.project.vpcs"),
    Resource.CPU: Kind("CPUs", "cpu", "max.account.cpus", "max.project.cpus"),
    Resource.MEMORY: Kind("MB of memory", "memory", "max.account.memory", "max.project.memory"),
    Resource.PRIMARY_STORAGE: Kind(
        "GiB of primary storage", "primarystorage", "max.account.primary.storage", "max.project.primary.storage", GIB),
    Resource.SECONDARY_STORAGE: Kind(
        "GiB of secondary storage", "secondarystorage", "max.account.secondary.storage",
        "max.project.secondary.storage", GIB),
}


class ResourceLimit(Entity):
    """A limit of an account's (a project's) own, or of a domain with everything below it; -1: none."""

    __tablename__ = "resource_limit"

    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id"))  # set: of the domain, not of an account
    type: Mapped[int]
    max: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (UniqueConstraint("account_id", "type"), UniqueConstraint("domain_id", "type"))


_ONE = literal(1)
_GONE = ("Destroyed", "Expunging", "Expunged", "Error")


@dataclass(frozen=True)
class _Source:
    """A table whose rows count: how much each of them is of which resources, and which rows do."""

    entity: Any
    amounts: Mapping[Resource, Any]
    conditions: tuple[ColumnElement[bool], ...]


_SOURCES: Sequence[_Source] = (
    _Source(Vm, {Resource.USER_VM: _ONE, Resource.CPU: Vm.cpus, Resource.MEMORY: Vm.memory},
            (Vm.removed.is_(None), Vm.state.not_in(_GONE))),
    _Source(Volume, {Resource.VOLUME: _ONE, Resource.PRIMARY_STORAGE: Volume.size},
            (Volume.removed.is_(None), Volume.state.not_in(("Destroy", "Expunging", "Expunged")))),
    _Source(Template, {Resource.TEMPLATE: _ONE, Resource.SECONDARY_STORAGE: Template.physical_size},
            (Template.removed.is_(None), Template.type == "USER")),
    _Source(Network, {Resource.NETWORK: _ONE}, (Network.removed.is_(None),)),
    _Source(ProjectMember, {Resource.PROJECT: _ONE}, (ProjectMember.is_admin.is_(True),)),
)
"""What counts as what. A new kind of object adds a line here and nothing else."""


def counts(
    session: Session, accounts: Any, kinds: Iterable[Resource] = Resource,
) -> Mapping[int, Mapping[Resource, int]]:
    """How much of each kind the accounts have; one query a table.

    Args:
        session: any session.
        accounts: row ids, or a select of row ids.
        kinds: which resources.

    Returns:
        Account row id to resource to count (bytes for storage, MB for memory). What is missing is zero.
    """
    wanted = set(kinds)
    nothing = dict.fromkeys(Resource, 0)
    found: dict[int, dict[Resource, int]] = defaultdict(nothing.copy)
    for place, source in enumerate(_SOURCES):
        asked = tuple(kind for kind in source.amounts if kind in wanted)
        if not asked:
            continue
        if isinstance(accounts, Select):
            rows = session.execute(_sums(source, asked).where(source.entity.account_id.in_(accounts)))
        else:
            rows = session.execute(_sums_of(place, asked), {"accounts": list(accounts)})
        for account, *sums in rows:
            for kind, total in zip(asked, sums, strict=True):
                found[account][kind] += int(total)
    return found


def _sums(source: _Source, asked: Sequence[Resource]) -> Select[Any]:
    owner = source.entity.account_id
    sums = (func.coalesce(func.sum(source.amounts[kind]), 0) for kind in asked)
    return select(owner, *sums).where(*source.conditions).group_by(owner)


@cache
def _sums_of(place: int, asked: tuple[Resource, ...]) -> Select[Any]:
    """The sums of the accounts in the parameter of that name; made once."""
    source = _SOURCES[place]
    return _sums(source, asked).where(source.entity.account_id.in_(bindparam("accounts", expanding=True)))
