"""Domains: the tree in which accounts are."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, literal, update

from stratoform.model.base import new_uuid
from stratoform.model.tenancy import Domain

from .frame.base import ADMINS, ROOT_ONLY, Command, ListCommand
from .frame.caller import RoleType
from .frame.params import Bool, Int, ListOf, Ref, Text, refuse
from .frame.scope import subtree
from .rules.places import demand_free_name
from .rules.tenancy import DomainLabel, NetworkDomain, NewId, demand_new_id, hold_domain
from .views.tenancy import DOMAIN

LONGEST_PATH: Final = 512
"""Characters of a path (model/tenancy.Domain.path)."""


def root_of_tree(command: Command) -> Domain:
    """The domain ROOT."""
    return command.context.session.query(Domain).filter(Domain.path == "/").one()


def demand_free_domain(command: Command, name: str, parent: Domain, but: int = 0) -> None:
    """Refuses a name another domain beside it has, or that makes its path too long.

    Raises:
        ApiError: naming the parameter and the name.
    """
    demand_free_name(command.session, "name", name, Domain, Domain.parent_id == parent.id, Domain.id != but)
    if len(parent.path) + len(name) + 1 > LONGEST_PATH:
        raise refuse("name", f"the path of a domain may have at most {LONGEST_PATH} characters")


class CreateDomain(Command, roles=ROOT_ONLY, event="DOMAIN.CREATE", view=DOMAIN):
    """Creates a domain."""

    name_ = DomainLabel("Name of the domain; unique in the domain it is in.").required
    parentdomainid = Ref(Domain, "The domain it shall be in (default: ROOT).")
    networkdomain = NetworkDomain("The DNS suffix of networks of its accounts.")
    domainid = NewId("The id it has in another region.")

    def check(self) -> None:
        """See Command.check."""
        self.parent = hold_domain(self.session, (self.parentdomainid or root_of_tree(self)).id)
        demand_free_domain(self, self.name_, self.parent)
        demand_new_id(self.session, "domainid", self.domainid, Domain)

    def run(self) -> Domain:
        """See Command.run."""
        domain = Domain(
            uuid=self.domainid or new_uuid(), name=self.name_, parent_id=self.parent.id,
            path=f"{self.parent.path}{self.name_}/", network_domain=self.networkdomain or None)
        self.session.add(domain)
        return domain


class _DomainList(ListCommand):
    """What both lists of domains have in common."""

    keyword_columns = (Domain.name,)

    name_ = Text("Only the domain of this name.")
    listall = Bool("Everything the caller may see, not only what is nearest.")
    details = ListOf(Text("Sections of the answer that are wanted; all are always given.", since="4.5"))
    showicon = Bool("True: with icons. No domain has one.")

    def order(self) -> tuple[Any, ...]:
        """By the path: a domain comes right before what is in it."""
        return (Domain.path, Domain.id)


class ListDomains(_DomainList, roles=ADMINS, view=DOMAIN):
    """Lists domains."""

    id = Ref(Domain, "Only this domain.")
    level = Int("Only domains of this level; ROOT is 0.", least=0)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [Domain.removed.is_(None), *self.matching({"id": Domain.id, "name": Domain.name})]
        if self.caller.role is RoleType.DOMAIN_ADMIN and (self.id is not None or self.listall):
            wanted.append(subtree(self.caller.domain_path))
        elif not self.caller.is_root:
            wanted.append(Domain.id == self.caller.domain_id)
        if self.level is not None:
            slashes = func.length(Domain.path) - func.length(func.replace(Domain.path, "/", ""))
            wanted.append(slashes == self.level + 1)
        return wanted


class ListDomainChildren(_DomainList, roles=ADMINS, view=DOMAIN):
    """Lists the domains in a domain."""

    id = Ref(Domain, "The domain they are in (default: the caller's).")
    isrecursive = Bool("The domains in those domains, too.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        parent = self.id or self.session.get_one(Domain, self.caller.domain_id)
        below = Domain.parent_id == parent.id
        if self.isrecursive or self.listall:
            below = and_(subtree(parent.path), Domain.id != parent.id)
        if self.caller.role is RoleType.RESOURCE_ADMIN:  # sees its own domain only
            below = and_(below, Domain.id == self.caller.domain_id)
        return [Domain.removed.is_(None), below, *self.matching({"name": Domain.name})]


class UpdateDomain(Command, roles=ROOT_ONLY, event="DOMAIN.UPDATE", view=DOMAIN):
    """Changes a domain. With its name, the paths of all domains in it change."""

    id = Ref(Domain, "The domain.").required
    name_ = DomainLabel("New name.")
    networkdomain = NetworkDomain("New DNS suffix of networks of its accounts; empty: none of its own.")

    def check(self) -> None:
        """See Command.check."""
        self.parent = hold_domain(self.session, self.id.parent_id or self.id.id)
        if self.name_ is not None and self.id.parent_id is not None:
            demand_free_domain(self, self.name_, self.parent, self.id.id)
            longest = self.session.scalar(
                func.max(func.length(Domain.path)).select().where(subtree(self.id.path), Domain.removed.is_(None)))
            if (longest or 0) + len(self.name_) - len(self.id.name) > LONGEST_PATH:
                raise refuse("name", f"the path of a domain in it would have more than {LONGEST_PATH} characters")

    def run(self) -> Domain:
        """See Command.run."""
        if "networkdomain" in self.values:
            self.id.network_domain = self.networkdomain or None
        if self.name_ is not None and self.name_ != self.id.name:
            self.id.name = self.name_
            if self.id.parent_id is not None:
                self._move(f"{self.parent.path}{self.name_}/")
        return self.id

    def _move(self, path: str) -> None:
        """Gives the domain and all below it their new paths."""
        old = self.id.path
        self.session.flush()
        self.session.execute(
            update(Domain).where(subtree(old)).values(path=literal(path) + func.substr(Domain.path, len(old) + 1))
            .execution_options(synchronize_session=False))
        self.session.refresh(self.id)
