"""Accounts and domains that are being deleted: what could not be removed at once is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from stratoform.db.database import Database
from stratoform.jobs.queue import Order, enqueue, unfinished
from stratoform.model.base import Entity
from stratoform.model.tenancy import Account, Domain, system
from stratoform.sagas import account_remove, domain_remove

BATCH = 20
REASON = "cleaning up"


class Going:
    """Orders the removal of what is marked as going and has no job any more, for instance since a host was away."""

    def __init__(self, db: Database, wake: Callable[[], None]) -> None:
        self.db = db
        self.wake = wake

    def remove(self) -> str:
        """Once for each domain and account; a reconciler."""
        ordered = self.db.write(lambda session: _domains(session) + _accounts(session))
        if ordered:
            self.wake()
        return f"removal of {ordered} domains and accounts ordered again" if ordered else ""


def _domains(session: Session) -> int:
    """Of domains within one another only the topmost: its jobs remove the others."""
    parent = aliased(Domain)
    found = session.scalars(
        select(Domain).join(parent, parent.id == Domain.parent_id)
        .where(Domain.state == "Inactive", Domain.removed.is_(None), parent.state != "Inactive").limit(BATCH)).all()
    return sum(_order(session, domain_remove.lock(domain, exclusive=True).name, [
        *domain_remove.orders(session, domain), (domain_remove.order(domain), domain)]) for domain in found)


def _accounts(session: Session) -> int:
    """Those of domains that stay."""
    found = session.scalars(
        select(Account).join(Domain, Domain.id == Account.domain_id)
        .where(Account.cleanup, Account.removed.is_(None), Domain.state != "Inactive").limit(BATCH)).all()
    return sum(_order(session, account_remove.order(account).locks[0].name, account_remove.orders(session, account))
               for account in found)


def _order(session: Session, lock: str, orders: Iterable[tuple[Order, Entity]]) -> int:
    """Enqueues the jobs unless one is unfinished; returns 1 when it did."""
    if unfinished(session, [lock]):
        return 0
    me = system(session)
    for order, subject in orders:
        enqueue(session, replace(
            order, user_id=me.user_id, account_id=me.account_id, reason=REASON,
            subject_type=subject.__tablename__, subject_uuid=subject.uuid))
    return 1
