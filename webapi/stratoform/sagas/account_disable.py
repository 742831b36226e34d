"""Disable an account: a job for each of its machines, and one that ends when they have."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Order
from stratoform.jobs.saga import Output, Saga, db
from stratoform.model.compute import Vm
from stratoform.model.tenancy import Account

from .clearing import account_lock
from .services import Ctx, Services


def _verify(ctx: Ctx, session: Session) -> Output:
    """The account is disabled whatever comes; who asked learns which machines could not be stopped."""
    if session.get_one(Account, ctx.args["account_id"]).state != "disabled":  # locked, or enabled again meanwhile
        return None
    left = list(session.scalars(
        select(Vm.name).where(Vm.account_id == ctx.args["account_id"], Vm.removed.is_(None), Vm.state == "Running")))
    if left:
        raise ApiError(Fault.RESOURCE_UNAVAILABLE, f"The account is disabled, but {len(left)} of its machines could "
                                                   f"not be stopped: {', '.join(left[:5])}; disable it again to retry")
    return None


SAGA: Saga[Services] = Saga("account_disable", (db("verify", "Waiting for its machines to stop", _verify),))


def order(account: Account) -> Order:
    """The job that ends when the account's machines are stopped."""
    return Order(SAGA.name, {"account_id": account.id}, (account_lock(account.id, exclusive=True),))
