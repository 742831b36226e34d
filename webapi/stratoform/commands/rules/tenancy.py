"""Rules about domains, accounts and users: who may have power over whom, and which names are free."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from stratoform.commands.frame.base import Command
from stratoform.commands.frame.caller import Caller, RoleType
from stratoform.commands.frame.context import Context
from stratoform.commands.frame.owned import account_of
from stratoform.commands.frame.params import DomainName, Raw, Ref, Text, refuse, shown
from stratoform.errors import ApiError, Fault
from stratoform.model.base import Entity
from stratoform.model.roles import ROLE_TYPES, Role
from stratoform.model.tenancy import ADMIN, PROJECT_TYPE, SYSTEM, Account, Domain, User

from .places import demand_free_name

_BELOW: Final[Mapping[RoleType, frozenset[RoleType]]] = {
    RoleType.ADMIN: frozenset(RoleType),
    RoleType.RESOURCE_ADMIN: frozenset({RoleType.RESOURCE_ADMIN, RoleType.USER}),
    RoleType.DOMAIN_ADMIN: frozenset({RoleType.DOMAIN_ADMIN, RoleType.USER}),
    RoleType.USER: frozenset({RoleType.USER}),
}
"""Which types of accounts each type may make, and act upon. Resource and domain administrators see different things,
so neither is below the other."""


def people() -> ColumnElement[bool]:
    """Accounts that stand for people: not the service's own, not those of projects."""
    return and_(Account.type != PROJECT_TYPE, Account.name != SYSTEM)


def persons() -> ColumnElement[bool]:
    """Users other than the service itself."""
    return User.account_id.in_(select(Account.id).where(people()))


class AccountRef(Ref[Account]):
    """An account of people, by its id."""

    def __init__(self, doc: str) -> None:
        super().__init__(Account, doc, where=people)


class UserRef(Ref[User]):
    """A user other than the service itself, by its id."""

    def __init__(self, doc: str) -> None:
        super().__init__(User, doc, where=persons)


class TimeZone(Text):
    """The name of a time zone, e.g. Europe/Berlin (IANA)."""

    def read(self, text: str) -> str:
        """See Param.read."""
        if text not in _time_zones():
            raise refuse(self.name, f"{shown(text)} is no time zone; its name is like UTC or Europe/Berlin")
        return text


@cache
def _time_zones() -> frozenset[str]:
    return frozenset({"UTC", "GMT", *available_timezones()})


class NetworkDomain(DomainName):
    """A DNS suffix; an empty value takes the one there is away."""

    takes_empty = True

    def read(self, text: str) -> str:
        """See Param.read."""
        return super().read(text) if text else ""


class NewId(Text):
    """The id a new object shall have: that of the same object in another region."""

    def read(self, text: str) -> str:
        """See Param.read."""
        try:
            return str(uuid.UUID(text))
        except ValueError:
            raise refuse(self.name, f"{shown(text)} is no UUID") from None


class Password(Raw):
    """A password: any text that is not empty, spaces and all."""

    takes_empty = True  # an empty password is refused, not taken for one left out

    def __init__(self, doc: str, *, since: str = "") -> None:
        super().__init__(doc, length=255, since=since)

    def read(self, text: str) -> str:
        """See Param.read."""
        if not text.strip():
            raise refuse(self.name, "it must not be empty")
        return text


class Name(Text):
    """The name of an account or a user."""

    def read(self, text: str) -> str:
        """See Param.read."""
        name = super().read(text)
        if name.lower() == SYSTEM:
            raise refuse(self.name, f"'{name}' is the service's own name; choose another one")
        return name


def is_name(text: str) -> bool:
    """Whether a text that comes from elsewhere can be the name of an account or a user."""
    reader = Name("A name.")
    try:
        return bool(reader.parse(text) == text)
    except ApiError:
        return False


class DomainLabel(Text):
    """The name of a domain; a slash would break paths."""

    def read(self, text: str) -> str:
        """See Param.read."""
        name = super().read(text)
        if re.search("[/\\\\]", name):
            raise refuse(self.name, f"{shown(name)} must not contain slashes: they separate the domains of a path")
        return name


def is_default(account: Account) -> bool:
    """True for the first administrator's account, which must stay."""
    return account.name == ADMIN and account.type == RoleType.ADMIN


def demand_power(context: Context, account: Account) -> None:
    """Refuses acting upon an account that may do more than the caller may.

    Raises:
        ApiError: ACCOUNT.
    """
    if account.id == context.caller.account_id:
        return
    role = context.session.get(Role, account.role_id or 0)
    if not _within(context, RoleType(account.type), role):
        raise ApiError(Fault.ACCOUNT, f"Account '{account.name}' may do more than this account, which therefore may "
                                      "not change it", [("account", account.uuid)])


def account_in(command: Command, name: str, domain: Domain | None) -> Account:
    """The account of people of that name in the domain (default: the caller's), over which the caller has power.

    Raises:
        ApiError: it is not there, is not the caller's to act for, or may do more than the caller.
    """
    account = account_of(command, name, domain)
    if account.name == SYSTEM:
        raise refuse("account", f"'{name}' is the service's own account")
    demand_power(command.context, account)
    return account


def demand_may_give(context: Context, parameter: str, kind: RoleType, role: Role | None, domain: Domain) -> None:
    """Refuses to give an account a type or role above the caller's own, or root's outside of ROOT.

    Raises:
        ApiError: BAD_PARAMETER or ACCOUNT, naming the parameter.
    """
    if kind is RoleType.ADMIN and domain.parent_id is not None:
        raise refuse(parameter, f"root administrators are accounts of domain ROOT, not of '{domain.name}'; a domain's "
                                "own administrator has type 2 (DomainAdmin)")
    if not _within(context, kind, role):
        what = f"role '{role.name}'" if role is not None else f"type {int(kind)}"
        raise ApiError(Fault.ACCOUNT, f"Invalid parameter {parameter}: {what} may do more than this account, which "
                                      "therefore may not give it")


def demand_not_above(context: Context, parameter: str, commands: frozenset[str]) -> None:
    """Refuses rules that would allow what the caller itself may not call.

    Raises:
        ApiError: ACCOUNT, naming the first few commands.
    """
    caller = context.caller
    if caller.is_root and caller.custom_role is None:
        return
    above = sorted(commands - context.shared.permissions.commands(caller))
    if above:
        raise ApiError(Fault.ACCOUNT, f"Invalid parameter {parameter}: the role would allow what this account may not "
                                      f"call itself: {', '.join(above[:5])}{' ...' if len(above) > 5 else ''}")  # noqa: PLR2004 - a few


def _within(context: Context, kind: RoleType, role: Role | None) -> bool:
    """Whether somebody of that type and role may do nothing that the caller may not."""
    caller, permissions = context.caller, context.shared.permissions
    if kind not in _BELOW[caller.role]:
        return False
    made = (role.id, role.version) if role is not None and not role.is_default else None
    if caller.custom_role == made or (caller.is_root and caller.custom_role is None):
        return True
    theirs = permissions.commands(Caller(0, 0, 0, "/", kind, made))
    return theirs <= permissions.commands(caller)


def chosen_role(accounttype: int | None, role: Role | None) -> tuple[RoleType, Role | None]:
    """The type and the made role (None: a built-in one) that ``accounttype`` or ``roleid`` ask for.

    Raises:
        ApiError: neither was given, they contradict each other, or the role is disabled.
    """
    if role is None:
        if accounttype is None:
            raise ApiError(Fault.BAD_PARAMETER, "Unable to execute createAccount: parameter accounttype is missing "
                                                "(or give roleid, which says the type too)")
        if accounttype not in set(RoleType):
            raise refuse("accounttype", f"{accounttype} is none of 0 (user), 1 (root administrator), 2 (domain "
                                        "administrator), 3 (resource administrator)")
        return RoleType(accounttype), None
    demand_enabled(role)
    kind = RoleType(ROLE_TYPES[role.type])
    if accounttype is not None and accounttype != kind:
        raise refuse("accounttype", f"role '{role.name}' is of type {role.type}, which is {int(kind)}, not "
                                    f"{accounttype}; give one of the two parameters")
    return kind, None if role.is_default else role


def demand_enabled(role: Role) -> None:
    """Refuses to give a role that is disabled.

    Raises:
        ApiError: naming the role.
    """
    if role.state != "enabled":
        raise refuse("roleid", f"role '{role.name}' is disabled; enableRole makes it usable again")


def hold_domain(session: Session, domain_id: int) -> Domain:
    """The domain, locked until the transaction ends: names in it are chosen one after the other.

    Raises:
        ApiError: it is being deleted.
    """
    domain = session.get_one(Domain, domain_id, with_for_update=True, populate_existing=True)
    if domain.state != "Active" or domain.removed is not None:
        raise ApiError(Fault.RESOURCE_UNAVAILABLE, f"Domain '{domain.name}' is being deleted; nothing can be made or "
                                                   "named in it any more", [("domain", domain.uuid)])
    return domain


def demand_free_account(session: Session, parameter: str, name: str, domain: Domain, but: int = 0) -> None:
    """Refuses a name another account of the domain has; call it while the domain is held.

    Raises:
        ApiError: naming the parameter and the name.
    """
    demand_free_name(session, parameter, name, Account, Account.domain_id == domain.id, Account.id != but,
                     Account.type != PROJECT_TYPE)


def demand_free_user(session: Session, parameter: str, name: str, domain: Domain, but: int = 0) -> None:
    """Refuses a name another user of the domain has; call it while the domain is held.

    Raises:
        ApiError: naming the parameter and the name.
    """
    inside = User.account_id.in_(select(Account.id).where(Account.domain_id == domain.id))
    demand_free_name(session, parameter, name, User, inside, User.id != but)


def demand_new_id(session: Session, parameter: str, value: str | None, entity: type[Entity]) -> None:
    """Refuses an id that is taken.

    Raises:
        ApiError: naming the parameter.
    """
    if value is not None and session.scalar(select(entity.id).where(entity.uuid == value)) is not None:
        raise refuse(parameter, f"the id {value} is taken")


def plain_details(details: dict[str, str] | None) -> dict[str, Any] | None:
    """Details as they are kept: none at all instead of empty ones."""
    return dict(details) if details else None
