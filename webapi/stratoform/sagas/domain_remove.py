"""Delete a domain: its accounts and projects go first, then its networks, its offerings, and the domains in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, db
from stratoform.model.base import Entity, now
from stratoform.model.compute import ServiceOffering
from stratoform.model.limits import ResourceLimit
from stratoform.model.network import Network
from stratoform.model.records import SettingValue
from stratoform.model.storage import DiskOffering
from stratoform.model.tenancy import PROJECT_TYPE, Account, Domain

from . import account_remove, clearing, network_remove
from .services import Ctx, Services

OFFERINGS: Final = (ServiceOffering, DiskOffering)


def subtree(session: Session, domain: Domain) -> Sequence[Domain]:
    """The domain and all below it that are still there, the deepest first."""
    inside = Domain.path.startswith(domain.path, autoescape=True)
    found = session.scalars(select(Domain).where(inside, Domain.removed.is_(None))).all()
    return sorted(found, key=lambda one: (-one.path.count("/"), one.id))


def accounts_of(session: Session, domains: Sequence[Domain]) -> Sequence[Account]:
    """The accounts of these domains that are still there, those of projects first: people administer projects."""
    found = session.scalars(select(Account).where(
        Account.domain_id.in_([one.id for one in domains]), Account.removed.is_(None)).order_by(Account.id)).all()
    return sorted(found, key=lambda one: (one.type != PROJECT_TYPE, one.id))


def networks_of(session: Session, domains: Sequence[Domain]) -> Sequence[Network]:
    """The networks that serve these domains and are no account's."""
    return session.scalars(select(Network).where(
        Network.domain_id.in_([one.id for one in domains]), Network.account_id.is_(None), Network.removed.is_(None),
    ).order_by(Network.id)).all()


def lock(domain: Domain, *, exclusive: bool) -> Lock:
    """Shared by the jobs that remove what is in a domain; those that must come after them have it alone."""
    return Lock(f"domain:{domain.id}", exclusive)


def orders(session: Session, domain: Domain) -> list[tuple[Order, Entity]]:
    """All the jobs that remove what is in the domain, to be enqueued in this order before ``order``."""
    domains = subtree(session, domain)
    found: list[tuple[Order, Entity]] = []
    for account in accounts_of(session, domains):
        found += account_remove.orders(session, account, lock(domain, exclusive=False))
    networks = networks_of(session, domains)
    if networks and found:
        found.append((Order(clearing.BARRIER.name, {}, (lock(domain, exclusive=True),)), domain))
    for network in networks:
        removal = network_remove.order(network)
        found.append((replace(removal, locks=(*removal.locks, lock(domain, exclusive=False))), network))
    return found


def order(domain: Domain) -> Order:
    """The job that removes the domain itself; enqueue it after those of ``orders``."""
    return Order(SAGA.name, {"domain_id": domain.id}, (lock(domain, exclusive=True),))


def mark(session: Session, domain: Domain) -> None:
    """From now on nobody acts for its accounts, and nothing new is made in it or below."""
    domains = subtree(session, domain)
    for one in domains:
        one.state = "Inactive"
    for account in accounts_of(session, domains):
        account_remove.mark(account)


def _verify(ctx: Ctx, session: Session) -> Output:
    domain = session.get_one(Domain, ctx.args["domain_id"])
    domains = subtree(session, domain)
    left = [f"account '{account.name}'" for account in accounts_of(session, domains)]
    left += [f"network '{network.name}'" for network in networks_of(session, domains)]
    if left:
        raise ApiError(Fault.IN_USE, f"Unable to delete domain '{domain.name}': {len(left)} things in it could not be "
                                     f"removed, first {left[0]}; this is tried again every few minutes or when the "
                                     "domain is deleted again")
    return None


def _forget(ctx: Ctx, session: Session) -> Output:
    for domain in subtree(session, session.get_one(Domain, ctx.args["domain_id"])):
        for offering in OFFERINGS:
            for row in session.scalars(select(offering).where(
                    offering.domain_id == domain.id, offering.removed.is_(None))):
                row.removed = now()
        session.execute(delete(ResourceLimit).where(ResourceLimit.domain_id == domain.id))
        session.execute(delete(SettingValue).where(
            SettingValue.scope == "domain", SettingValue.owner_id == domain.id))
        domain.removed = now()
    return None


SAGA: Saga[Services] = Saga("domain_remove", (
    db("verify", "Waiting until nothing is left in it", _verify),
    db("forget", "Forgetting the domain", _forget),
))
