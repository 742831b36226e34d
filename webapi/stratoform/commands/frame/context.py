"""What a command works with: one session, one caller, and the services of the composition root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.jobs.queue import Order, enqueue
from stratoform.jobs.tables import Job
from stratoform.ldap.directory import LdapDirectory
from stratoform.model.base import Entity
from stratoform.model.settings import Settings
from stratoform.secrets import Vault

from .call_limits import CallLimits
from .caller import Caller
from .scope import visible

E = TypeVar("E", bound=Entity)


class Allowed(Protocol):
    """Knows who may call what (permissions.Permissions)."""

    def allow(self, caller: Caller, command: Any, /) -> bool:
        """Whether the caller may call the command."""

    def commands(self, caller: Caller, /) -> frozenset[str]:
        """The names of every command the caller may call."""


class JobEnd(Protocol):
    """Waits for a job's end."""

    def __call__(self, uuid: str, seconds: float) -> bool:
        """True when the job ended within the time."""


@dataclass(frozen=True)
class Shared:
    """What all commands share."""

    settings: Settings
    vault: Vault
    permissions: Allowed
    calls: CallLimits
    wait: JobEnd
    wake: Callable[[], None]
    ldap: LdapDirectory


@dataclass
class Context:
    """One command's surroundings."""

    session: Session
    caller: Caller
    shared: Shared
    learned: Any = None  # what Command.ahead gave
    enqueued: list[str] = field(default_factory=list)  # uuids of jobs, to be woken for after the commit

    def enqueue(self, order: Order, reason: str, subject: Entity | None) -> Job:
        """Adds a job on behalf of the caller."""
        self.session.flush()
        job = enqueue(self.session, replace(
            order, user_id=self.caller.user_id, account_id=self.caller.account_id, reason=reason,
            subject_type=subject.__tablename__ if subject is not None else None,
            subject_uuid=subject.uuid if subject is not None else None,
        ))
        self.enqueued.append(job.uuid)
        return job

    def find(self, entity: type[E], uuid: str, where: Any = None) -> E | None:
        """The live object of that uuid if the caller may see it, else None."""
        return self.find_all(entity, (uuid,), where).get(uuid)

    def find_all(self, entity: type[E], uuids: Sequence[str], where: Any = None) -> dict[str, E]:
        """The live objects of those uuids that the caller may see, by uuid."""
        wanted = entity.uuid == uuids[0] if len(uuids) == 1 else entity.uuid.in_(uuids)
        query = select(entity).where(wanted, entity.removed.is_(None), *visible(entity, self.caller))
        if where is not None:
            query = query.where(where)
        return {row.uuid: row for row in self.session.scalars(query)}

    def live(self, entity: type[E], *conditions: Any) -> E | None:
        """The first live object that meets the conditions, whoever owns it."""
        return self.session.scalar(select(entity).where(entity.removed.is_(None), *conditions).limit(1))

    def all(self, entity: type[E], *conditions: Any) -> list[E]:
        """Every live object that meets the conditions, whoever owns it."""
        return list(self.session.scalars(select(entity).where(entity.removed.is_(None), *conditions)))
