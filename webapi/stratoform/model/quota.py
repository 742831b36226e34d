"""Who may have how much: the limits that hold, and the one place where something more is granted or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault

from .limits import KINDS, UNLIMITED, Resource, ResourceLimit, counts
from .projects import Project
from .settings import Settings
from .tenancy import PROJECT_TYPE, Account, Domain

ROOT_ADMIN = 1
"""The account type that has no limits (RoleType.ADMIN of commands/frame/caller.py)."""
SETTINGS = Settings()


def demand(session: Session, owner: Account, needs: Mapping[Resource, int], *, domains: bool = True) -> None:
    """Refuses when the owner, or a domain at or above its, would have more than it may.

    Locks the account and the limited domains until the transaction ends, so that of two who ask for the last one,
    one is refused. Call it before the new rows are added. Accounts of root administrators have no limits.

    Args:
        session: of a transaction that writes.
        owner: the account, or project's account, that will own it.
        needs: how much more of what: MB of memory, bytes of storage, else pieces.
        domains: False when it comes from another account of the same domain, which then has no more than before.

    Raises:
        ApiError: RESOURCE_LIMIT, saying who may have how much and has how much; ACCOUNT, the owner is being deleted, or
            is a project that is suspended.
    """
    wanted = {kind: more for kind, more in needs.items() if more > 0}
    if owner.type == ROOT_ADMIN or not wanted:
        return
    _demand_staying(session, owner)
    own = {kind: most for kind, most in limits_of(session, [owner])[owner.id].items()
           if kind in wanted and most != UNLIMITED}
    if own:
        _compare(own, counts(session, [owner.id], own).get(owner.id, {}), wanted, called(session, owner))
    for domain, limits in _limited_domains(session, owner.domain_id, list(wanted)) if domains else ():
        session.execute(select(Domain.id).where(Domain.id == domain.id).with_for_update())
        used = domain_counts(session, domain, list(limits))
        _compare(limits, used, wanted, f"domain '{domain.name}' with all below it")


def _demand_staying(session: Session, owner: Account) -> None:
    """Locks the owner and looks once more: it may have been deleted or suspended since the command began."""
    cleanup = session.scalar(select(Account.cleanup).where(Account.id == owner.id).with_for_update())
    state = None
    if owner.type == PROJECT_TYPE:
        state = session.scalar(select(Project.state).where(Project.account_id == owner.id))
    if cleanup or state not in {None, "Active"}:
        raise ApiError(Fault.ACCOUNT, f"Nothing can be made for {called(session, owner)}: it is "
                                      f"{'being deleted' if cleanup else state}")


def limits_of(session: Session, owners: Sequence[Account | Row[int, int]]) -> Mapping[int, Mapping[Resource, int]]:
    """Account row id to resource to limit (in the limit's unit, -1: none), in two queries.

    Args:
        session: any session.
        owners: accounts, or rows of their ``id`` and ``type``.
    """
    values = SETTINGS.everything(session)
    query = select(ResourceLimit.account_id, ResourceLimit.type, ResourceLimit.max).where(
        ResourceLimit.account_id.in_([owner.id for owner in owners]))
    own: dict[int, dict[Resource, int]] = {}
    for account, kind, most in session.execute(query):
        own.setdefault(account or 0, {})[Resource(kind)] = most
    usual = {
        type_: {kind: UNLIMITED if type_ == ROOT_ADMIN else default(type_, kind, values) for kind in Resource}
        for type_ in {owner.type for owner in owners}
    }
    return {
        owner.id: {**usual[owner.type], **own[owner.id]} if owner.id in own and owner.type != ROOT_ADMIN
        else usual[owner.type] for owner in owners
    }


def default(account_type: int, kind: Resource, values: Mapping[str, str]) -> int:
    """What holds for an account of that type without a limit of its own: the setting's value, -1 for none.

    Args:
        account_type: of the account; PROJECT_TYPE for a project's.
        kind: the resource.
        values: every setting, name to text.
    """
    setting = KINDS[kind].project if account_type == PROJECT_TYPE else KINDS[kind].account
    return max(int(values[setting]), UNLIMITED) if setting is not None else UNLIMITED


def domain_limit(session: Session, domain: Domain, kind: Resource) -> tuple[int, Domain | None]:
    """The least limit that holds at a domain or above it, and whose it is; (-1, None) without one."""
    found = [(limits[kind], owner) for owner, limits in _limited_domains(session, domain.id, [kind])]
    return min(found, key=lambda pair: pair[0], default=(UNLIMITED, None))


def domain_counts(session: Session, domain: Domain, kinds: Sequence[Resource]) -> Mapping[Resource, int]:
    """How much all accounts and projects of a domain and the domains below it have."""
    inside = select(Account.id).join(Domain, Domain.id == Account.domain_id).where(
        Domain.path.startswith(domain.path, autoescape=True))
    total = dict.fromkeys(kinds, 0)
    for account in counts(session, inside, kinds).values():
        for kind in kinds:
            total[kind] += account[kind]
    return total


def called(session: Session, owner: Account) -> str:
    """What sentences call an account, or the project it stands for."""
    if owner.type != PROJECT_TYPE:
        return f"account '{owner.name}'"
    name = session.scalar(select(Project.name).where(Project.account_id == owner.id))
    return f"project '{name}'"


def _limited_domains(
    session: Session, domain_id: int, kinds: Sequence[Resource],
) -> list[tuple[Domain, dict[Resource, int]]]:
    """The domains at or above one that have limits of these kinds, the topmost first (all lock in this order)."""
    path = session.scalar(select(Domain.path).where(Domain.id == domain_id)) or "/"
    query = (
        select(Domain, ResourceLimit.type, ResourceLimit.max).join(ResourceLimit, ResourceLimit.domain_id == Domain.id)
        .where(_at_or_above(path), ResourceLimit.type.in_(kinds), ResourceLimit.max != UNLIMITED)
        .order_by(Domain.path, Domain.id)
    )
    found: dict[int, tuple[Domain, dict[Resource, int]]] = {}
    for domain, kind, most in session.execute(query):
        found.setdefault(domain.id, (domain, {}))[1][Resource(kind)] = most
    return list(found.values())


def _at_or_above(path: str) -> ColumnElement[bool]:
    parts = [part for part in path.split("/") if part]
    return or_(*(Domain.path == "".join(f"/{part}" for part in parts[:depth]) + "/" for depth in range(len(parts) + 1)))


def _compare(
    limits: Mapping[Resource, int], used: Mapping[Resource, int], needs: Mapping[Resource, int], who: str,
) -> None:
    for kind, most in limits.items():
        unit = KINDS[kind].unit
        has, more = used.get(kind, 0), needs[kind]
        if has + more > most * unit:
            raise ApiError(Fault.RESOURCE_LIMIT, (
                f"Maximum number of resources reached: {who} may have at most {most} {KINDS[kind].noun} and has "
                f"{_amount(has, unit)}; {_amount(more, unit)} more cannot be given. Remove some, or have an "
                f"administrator raise the limit (updateResourceLimit with resourcetype {int(kind)})"))


def _amount(count: int, unit: int) -> str:
    return f"{count / unit:.3g}" if unit > 1 else str(count)


def kinds_named(kinds: Iterable[Resource]) -> str:
    """The numbers and names of resources, for sentences: ``0 virtual machines, 1 public IP addresses``."""
    return ", ".join(f"{int(kind)} {KINDS[kind].noun}" for kind in kinds)
