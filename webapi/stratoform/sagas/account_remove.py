"""Delete an account, or a project through its account: the last job, when those of sagas/clearing.py have ended."""

from __future__ import annotations

from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, db
from stratoform.model.base import Entity
from stratoform.model.quota import called
from stratoform.model.tenancy import Account

from . import clearing
from .clearing import account_lock
from .services import Ctx, Services


def _verify(ctx: Ctx, session: Session) -> Output:
    account = session.get_one(Account, ctx.args["account_id"])
    remaining = clearing.left(session, account)
    if remaining:
        raise ApiError(Fault.IN_USE, f"Unable to delete {called(session, account)}: {', '.join(remaining)} could not "
                                     "be removed; it stays disabled, and removing them is tried again every few "
                                     "minutes or when it is deleted again")
    return None


def _forget(ctx: Ctx, session: Session) -> Output:
    clearing.forget(session, session.get_one(Account, ctx.args["account_id"]))
    return None


SAGA: Saga[Services] = Saga("account_remove", (
    db("verify", "Waiting until nothing is left of what it owned", _verify),
    db("forget", "Forgetting the account", _forget),
))


def mark(account: Account) -> None:
    """From now on nobody acts for the account, and nothing new becomes its."""
    account.state, account.cleanup = "disabled", True


def order(account: Account, *more: Lock) -> Order:
    """The job that removes the account itself; enqueue it after those that ``clear`` gives.

    Args:
        account: marked as going.
        more: locks of what waits for this job, for instance a domain's, shared.
    """
    return Order(SAGA.name, {"account_id": account.id}, (account_lock(account.id, exclusive=True), *more))


def orders(session: Session, account: Account, *more: Lock) -> list[tuple[Order, Entity]]:
    """All the jobs: those that remove what the account owns, and last the one that removes the account."""
    return [*clearing.clear(session, account), (order(account, *more), account)]
