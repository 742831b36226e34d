"""Ownership: for whom something is made, and whose things a list shows (API: account, domainid, listall, ...)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select

from stratoform.errors import ApiError, Fault
from stratoform.model.tenancy import Account, Domain

from .base import Command, ListCommand
from .caller import RoleType
from .params import Bool, NoneYet, Ref, Text, refuse
from .scope import owned, subtree


def account_of(command: Command, name: str, domain: Domain | None) -> Account:
    """The live account of that name in the domain (default: the caller's), if the caller may act for it."""
    caller = command.caller
    domain_id = domain.id if domain is not None else caller.domain_id
    account = command.context.live(Account, Account.name == name, Account.domain_id == domain_id)
    if account is not None and account.id != caller.account_id and not caller.is_root:
        inside = select(Domain.id).where(Domain.id == account.domain_id, subtree(caller.domain_path))
        administers = caller.role is RoleType.DOMAIN_ADMIN and command.session.scalar(inside) is not None
        account = account if administers else None
    if account is None:
        raise refuse("account", f"no account '{name}' exists in that domain, or you may not act for it")
    return account


class Owner(Command):
    """For commands that make something somebody will own."""

    account = Text("Owner of the new object; goes with domainid.")
    domainid = Ref(Domain, "Domain of the owner.")
    projectid = NoneYet("project", "Project that shall own the object.")

    def owner(self) -> Account:
        """The owner asked for: the caller's account unless said otherwise."""
        if self.account is not None:
            return account_of(self, self.account, self.domainid)
        if self.domainid is not None:
            raise refuse("account", "it must be given together with domainid")
        return self.session.get_one(Account, self.caller.account_id)


class OwnedList(ListCommand):
    """For lists of owned objects."""

    account = Text("Only objects of this account; goes with domainid.")
    domainid = Ref(Domain, "Only objects of this domain.")
    listall = Bool("Everything the caller may see, not only what it owns.")
    isrecursive = Bool("With domainid: the domains below it too.")
    projectid = NoneYet("project", "Only objects of this project.")

    def owned_conditions(self, entity: type[Any]) -> list[ColumnElement[bool]]:
        """Whose rows are listed. With ``id`` given, every row the caller may see."""
        caller = self.caller
        if self.account is not None:
            return [entity.account_id == account_of(self, self.account, self.domainid).id]
        if self.domainid is not None:
            if caller.role is RoleType.USER:
                raise ApiError(Fault.NOT_PERMITTED, "Parameter domainid is for administrators only")
            inside = subtree(self.domainid.path) if self.isrecursive else Domain.id == self.domainid.id
            return [entity.domain_id.in_(select(Domain.id).where(inside))]
        if self.listall or "id" in self.values:
            return [] if caller.is_root else [owned(entity, caller)]
        return [entity.account_id == caller.account_id]
