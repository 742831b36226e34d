"""Ownership: for whom something is made, and whose things a list shows (API: account, domainid, listall, ...)."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement

from stratoform.errors import ApiError, Fault
from stratoform.model.projects import Project
from stratoform.model.tenancy import PROJECT_TYPE, Account, Domain

from .base import Command, ListCommand
from .caller import RoleType
from .context import Context
from .params import Bool, Ref, Text, refuse
from .scope import belongs, inside, not_of_projects, of_projects, owned, subtree

ALL_PROJECTS: Final = "-1"
"""The value of ``projectid`` that means every project the caller may see."""


def account_of(command: Command, name: str, domain: Domain | None) -> Account:
    """The live account of that name in the domain (default: the caller's), if the caller may act for it."""
    caller = command.caller
    domain_id = domain.id if domain is not None else caller.domain_id
    account = command.context.live(
        Account, Account.name == name, Account.domain_id == domain_id, Account.type != PROJECT_TYPE)
    if account is not None and account.id != caller.account_id and not caller.is_root:
        administers = caller.role is RoleType.DOMAIN_ADMIN and command.context.live(
            Account, Account.id == account.id, inside(Account, subtree(caller.domain_path)))
        account = account if administers else None
    if account is None:
        raise refuse("account", f"no account '{name}' exists in that domain, or you may not act for it")
    return account


class Owner(Command):
    """For commands that make something somebody will own."""

    account = Text("Owner of the new object; goes with domainid.")
    domainid = Ref(Domain, "Domain of the owner.")
    projectid = Ref(Project, "Project that shall own the object.")

    def owner(self) -> Account:
        """The owner asked for: the caller's account unless said otherwise.

        Raises:
            ApiError: BAD_PARAMETER for owners that are not, ACCOUNT for ones that may not have anything new.
        """
        if self.projectid is not None:
            if self.account is not None:
                raise refuse("account", "it cannot be given together with projectid: a project owns its things itself")
            if self.projectid.state != "Active":
                raise ApiError(Fault.ACCOUNT, f"Project '{self.projectid.name}' is {self.projectid.state}; nothing can "
                                              "be made in it until activateProject",
                               [("project", self.projectid.uuid)])
            return self.session.get_one(Account, self.projectid.account_id)
        if self.account is not None:
            account = account_of(self, self.account, self.domainid)
            if account.state != "enabled":
                raise ApiError(Fault.ACCOUNT, f"Account '{account.name}' is {account.state}; nothing can be made for "
                                              "it until enableAccount", [("account", account.uuid)])
            return account
        if self.domainid is not None:
            raise refuse("account", "it must be given together with domainid")
        return self.session.get_one(Account, self.caller.account_id)


class AnyProject(Ref[Project]):
    """A project, or ``-1`` for all the caller may see."""

    def resolve(self, value: Any, context: Context) -> Any:
        """See Param.resolve."""
        return ALL_PROJECTS if value == ALL_PROJECTS else super().resolve(value, context)


class OwnedList(ListCommand):
    """For lists of owned objects."""

    account = Text("Only objects of this account; goes with domainid.")
    domainid = Ref(Domain, "Only objects of this domain.")
    listall = Bool("Everything the caller may see, not only what it owns.")
    isrecursive = Bool("With domainid: the domains below it too.")
    projectid = AnyProject(Project, "Only objects of this project; -1: of all projects.")

    def owned_conditions(self, entity: type[Any]) -> list[ColumnElement[bool]]:
        """Whose rows are listed. With ``id`` given, every row the caller may see; else, projects' only if asked for."""
        caller = self.caller
        if "projectid" in self.values:
            return self._of_projects(entity)
        if self.account is not None:
            return [entity.account_id == account_of(self, self.account, self.domainid).id]
        if self.domainid is not None and caller.role in {RoleType.ADMIN, RoleType.DOMAIN_ADMIN}:
            domains = subtree(self.domainid.path) if self.isrecursive else Domain.id == self.domainid.id
            return [inside(entity, domains), not_of_projects(entity)]
        if {"id", "ids"} & set(self.values):
            return [] if caller.is_root else [owned(entity, caller)]
        if self.listall:
            return [*self._administered(entity), not_of_projects(entity)]
        return [entity.account_id == caller.account_id]

    def _administered(self, entity: type[Any]) -> list[ColumnElement[bool]]:
        """All that an administrator answers for; for others, their own."""
        caller = self.caller
        if caller.is_root:
            return []
        if caller.role is RoleType.DOMAIN_ADMIN:
            return [inside(entity, subtree(caller.domain_path))]
        return [entity.account_id == caller.account_id]

    def _of_projects(self, entity: type[Any]) -> list[ColumnElement[bool]]:
        caller, project = self.caller, self.values["projectid"]
        if self.account is not None:
            raise refuse("account", "it cannot be given together with projectid")
        if project != ALL_PROJECTS:
            return [entity.account_id == project.account_id]
        if caller.is_root:
            return [of_projects(entity)]
        if caller.role is RoleType.DOMAIN_ADMIN:
            return [of_projects(entity), owned(entity, caller)]
        return [belongs(entity, caller.projects)]
