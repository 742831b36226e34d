"""Removing all that an account owns: a job for each thing, in the order in which things depend on each other.

Whoever removes an account, a project (through its account) or a domain calls ``clear`` in the transaction that marks
it as going. It gives the orders of all the jobs; those of one phase share the account's lock, and between two phases
stands a job that needs that lock alone: so no network is looked at before all machines are gone. The last job
(sagas/account_remove.py) also needs the lock alone. It verifies with ``left`` that nothing is left and forgets the
rest with ``forget``. Whoever adds a table with a column ``account_id`` adds a line here, or a test fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, select, true, update
from sqlalchemy.orm import Session

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Saga, db
from stratoform.jobs.tables import JobLock
from stratoform.model.base import Entity, now
from stratoform.model.compute import InstanceGroup, SshKeyPair, Vm
from stratoform.model.limits import ResourceLimit
from stratoform.model.network import IpRange, Network
from stratoform.model.projects import Project, ProjectInvitation, ProjectMember
from stratoform.model.records import SettingValue
from stratoform.model.sessions import end_sessions
from stratoform.model.storage import Template, TemplateGrant, Volume
from stratoform.model.tags import ResourceTag
from stratoform.model.tenancy import Account, User

from . import network_remove, template_remove, vm_destroy, vm_stop, volume_remove
from .services import Services


@dataclass(frozen=True)
class Kind:
    """A kind of thing whose removal is work on hosts.

    Attributes:
        entity: its table.
        noun: what sentences call several of it.
        order: the job that removes one.
        where: which rows are removed by themselves, and not with another thing.
    """

    entity: type[Entity]
    noun: str
    order: Callable[[Any], Order]
    where: ColumnElement[bool] = true()  # noqa: RUF009 - a constant

    def of(self, session: Session, account: Account) -> Sequence[Any]:
        """The account's things of this kind that are still there."""
        owner: Any = self.entity
        return session.scalars(select(self.entity).where(
            owner.account_id == account.id, self.entity.removed.is_(None), self.where).order_by(self.entity.id)).all()


def _expunge(vm: Vm) -> Order:
    return vm_destroy.expunge_order(vm) if vm.state in {"Destroyed", "Expunging"} else vm_destroy.order(
        vm, expunge=True)


PHASES: Final[Sequence[Sequence[Kind]]] = (
    (Kind(Vm, "virtual machines", _expunge),),
    (Kind(Volume, "volumes", volume_remove.order, Volume.type != "ROOT"),),
    (Kind(Network, "networks", network_remove.order), Kind(Template, "templates", template_remove.order)),
)
"""Kinds of one phase are removed side by side, the phases one after the other."""

FORGOTTEN: Final[Sequence[Any]] = (SshKeyPair, InstanceGroup, ResourceLimit, ResourceTag, ProjectMember,
                                   ProjectInvitation, TemplateGrant)
"""Tables whose rows of the account are deleted at the end: nothing of them is on any host."""

KEPT: Final[frozenset[str]] = frozenset({"event", "job", "outgoing_mail", "alert", "user", "project", "ip_range"})
"""Tables with a column account_id that are history, or are dealt with by name in ``forget``."""


def account_lock(account_id: int, *, exclusive: bool) -> Lock:
    """Shared by the jobs about what an account owns; a job about the account itself has it alone, after them."""
    return Lock(f"account:{account_id}", exclusive)


def stops(session: Session, account: Account) -> list[tuple[Order, Vm]]:
    """The jobs that stop the account's machines, also those that a job is at, for it may be starting them."""
    there = Vm.account_id == account.id, Vm.removed.is_(None), Vm.state.not_in(("Destroyed", "Expunging", "Error"))
    machines = session.scalars(select(Vm).where(*there).order_by(Vm.id)).all()
    busy = set(session.scalars(select(JobLock.name).where(JobLock.name.in_([f"vm:{vm.id}" for vm in machines]))))
    return [(one_of(vm_stop.order(vm, forced=False), account), vm) for vm in machines
            if vm.state != "Stopped" or f"vm:{vm.id}" in busy]


def one_of(order: Order, account: Account) -> Order:
    """The order as one of several that a job about the account waits for."""
    return replace(order, locks=(*order.locks, account_lock(account.id, exclusive=False)))


BARRIER: Saga[Services] = Saga("account_phase", (
    db("wait", "Waiting until what depends on the next things is gone", lambda _ctx, _session: None),
))


def clear(session: Session, account: Account) -> list[tuple[Order, Entity]]:
    """The orders that remove everything the account owns, and what each is about; to be enqueued in this order."""
    found: list[tuple[Order, Entity]] = []
    for kinds in PHASES:
        things = [(kind.order(row), row) for kind in kinds for row in kind.of(session, account)]
        if things and found:
            found.append((Order(BARRIER.name, {}, (account_lock(account.id, exclusive=True),)), account))
        found += [(one_of(order, account), row) for order, row in things]
    return found


def left(session: Session, account: Account) -> list[str]:
    """What the account still owns, in words: ``2 networks (a, b)``."""
    found = []
    for kind in (kind for kinds in PHASES for kind in kinds):
        rows = kind.of(session, account)
        if rows:
            names = ", ".join(str(row.name) for row in rows[:3]) + (" ..." if len(rows) > 3 else "")  # noqa: PLR2004 - a few
            found.append(f"{len(rows)} {kind.noun} ({names})")
    return found


def forget(session: Session, account: Account) -> None:
    """Deletes the rest, which is on no host, and marks account, users and project removed. May run twice."""
    session.execute(update(Vm).where(Vm.account_id == account.id).values(group_id=None))  # machines that were
    for table in FORGOTTEN:
        session.execute(delete(table).where(table.account_id == account.id))
    session.execute(update(IpRange).where(IpRange.account_id == account.id).values(account_id=None, domain_id=None))
    session.execute(delete(SettingValue).where(SettingValue.scope == "account", SettingValue.owner_id == account.id))
    for project in session.scalars(select(Project).where(Project.account_id == account.id)):
        for table in (ProjectMember, ProjectInvitation):
            session.execute(delete(table).where(table.project_id == project.id))
        project.removed = project.removed or now()
    users = session.scalars(select(User).where(User.account_id == account.id)).all()
    end_sessions(session, [user.id for user in users])
    for user in users:
        forget_user(user)
    account.state, account.cleanup, account.removed = "disabled", False, account.removed or now()


def forget_user(user: User) -> None:
    """Marks the user removed; keys and password are gone for good."""
    user.removed, user.state = user.removed or now(), "disabled"
    user.api_key = user.secret_key = user.password = None


def tables() -> Mapping[str, str]:
    """Every table this room deals with, and how; for the test that none is forgotten."""
    ordered = {kind.entity.__tablename__: "removed" for kinds in PHASES for kind in kinds}
    return {**ordered, **{table.__tablename__: "deleted" for table in FORGOTTEN}, **dict.fromkeys(KEPT, "kept")}
