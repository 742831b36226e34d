"""Resource limits: whoever makes something asks here first, in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Mapping

from stratoform.commands.frame.context import Context
from stratoform.model import quota
from stratoform.model.limits import Resource
from stratoform.model.tenancy import Account


def demand(context: Context, owner: Account, needs: Mapping[Resource, int], *, domains: bool = True) -> None:
    """Refuses when the owner, or a domain at or above its, would have more than it may (model/quota.demand).

    Args:
        context: of the command that makes something.
        owner: the account, or project's account, that will own it.
        needs: how much more of what: MB of memory, bytes of storage, else pieces.
        domains: False when it comes from another account of the same domain.

    Raises:
        ApiError: RESOURCE_LIMIT, saying who may have how much and has how much.
    """
    quota.demand(context.session, owner, needs, domains=domains)
