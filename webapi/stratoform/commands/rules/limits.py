"""Resource limits: whoever makes something asks here first, in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from stratoform.commands.frame.caller import RoleType
from stratoform.commands.frame.context import Context
from stratoform.commands.frame.scope import at_or_above, subtree
from stratoform.errors import ApiError, Fault
from stratoform.model.limits import KINDS, UNLIMITED, Resource, ResourceLimit, counts
from stratoform.model.projects import Project
from stratoform.model.tenancy import PROJECT_TYPE, SYSTEM, Account, Domain


def demand(context: Context, owner: Account, needs: Mapping[Resource, int]) -> None:
    """Refuses when the owner, or a domain at or above its, would have more than it may.

    Locks the account and the limited domains until the transaction ends, so that of two who ask for the last one,
    one is refused. Call it before the new rows are added. Accounts of root administrators have no limits.

    Args:
        context: of the command that makes something.
        owner: the account, or project's account, that will own it.
        needs: how much more of what: MB of memory, bytes of storage, else pieces.

    Raises:
        ApiError: RESOURCE_LIMIT, saying who may have how much and has how much.
    """
    if owner.type == RoleType.ADMIN:
        return
    own, domains = _limits(context, owner, list(needs))
    if own:
        context.session.execute(select(Account.id).where(Account.id == owner.id).with_for_update())
        _compare(own, counts(context.session, [owner.id], own).get(owner.id, {}), needs, _called(context, owner))
    for domain, limits in domains:
        context.session.execute(select(Domain.id).where(Domain.id == domain.id).with_for_update())
        used = domain_counts(context, domain, list(limits))
        _compare(limits, used, needs, f"domain '{domain.name}' with all below it")


def limit_of(context: Context, owner: Account, resource: Resource) -> int:
    """What an account may have of a resource, in the limit's unit; -1: any number."""
    return limits_of(context, [owner])[owner.id][resource]


def limits_of(context: Context, owners: Sequence[Account]) -> Mapping[int, Mapping[Resource, int]]:
    """Account row id to resource to limit (in the limit's unit, -1: none), in two queries."""
    values = context.shared.settings.everything(context.session)
    query = select(ResourceLimit.account_id, ResourceLimit.type, ResourceLimit.max).where(
        ResourceLimit.account_id.in_([owner.id for owner in owners]))
    rows = {(account, kind): most for account, kind, most in context.session.execute(query)}
    return {
        owner.id: {kind: rows.get((owner.id, kind), _default(owner, kind, values))
                   if owner.type != RoleType.ADMIN and owner.name != SYSTEM else UNLIMITED for kind in Resource}
        for owner in owners
    }


def domain_counts(context: Context, domain: Domain, kinds: Sequence[Resource]) -> Mapping[Resource, int]:
    """How much all accounts and projects of a domain and the domains below it have."""
    inside = select(Account.id).join(Domain, Domain.id == Account.domain_id).where(subtree(domain.path))
    total = dict.fromkeys(kinds, 0)
    for account in counts(context.session, inside, kinds).values():
        for kind in kinds:
            total[kind] += account[kind]
    return total


def _default(owner: Account, kind: Resource, values: Mapping[str, str]) -> int:
    setting = KINDS[kind].project if owner.type == PROJECT_TYPE else KINDS[kind].account
    return int(values[setting]) if setting is not None else UNLIMITED


def _limits(
    context: Context, owner: Account, kinds: Sequence[Resource],
) -> tuple[dict[Resource, int], list[tuple[Domain, dict[Resource, int]]]]:
    """The limits that hold for an account, and those of the domains at or above its, the topmost first."""
    own = {kind: most for kind, most in limits_of(context, [owner])[owner.id].items()
           if kind in kinds and most != UNLIMITED}
    path = context.session.scalar(select(Domain.path).where(Domain.id == owner.domain_id)) or "/"
    query = (
        select(Domain, ResourceLimit.type, ResourceLimit.max).join(ResourceLimit, ResourceLimit.domain_id == Domain.id)
        .where(at_or_above(path), ResourceLimit.type.in_(kinds), ResourceLimit.max != UNLIMITED).order_by(Domain.id)
    )
    found: dict[int, tuple[Domain, dict[Resource, int]]] = {}
    for domain, kind, most in context.session.execute(query):
        found.setdefault(domain.id, (domain, {}))[1][Resource(kind)] = most
    return own, list(found.values())


def _compare(
    limits: Mapping[Resource, int], used: Mapping[Resource, int], needs: Mapping[Resource, int], who: str,
) -> None:
    for kind, most in limits.items():
        unit = KINDS[kind].unit
        has, more = used.get(kind, 0), needs[kind]
        if more > 0 and has + more > most * unit:
            raise ApiError(Fault.RESOURCE_LIMIT, (
                f"Maximum number of resources reached: {who} may have at most {most} {KINDS[kind].noun} and has "
                f"{_amount(has, unit)}; {_amount(more, unit)} more cannot be given. Remove some, or have an "
                f"administrator raise the limit (updateResourceLimit with resourcetype {int(kind)})"))


def _amount(count: int, unit: int) -> str:
    return f"{count / unit:.3g}" if unit > 1 else str(count)


def _called(context: Context, owner: Account) -> str:
    if owner.type != PROJECT_TYPE:
        return f"account '{owner.name}'"
    name = context.session.scalar(select(Project.name).where(Project.account_id == owner.id))
    return f"project '{name}'"
