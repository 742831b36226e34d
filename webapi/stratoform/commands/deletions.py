"""Deleting accounts and domains with all they own."""

from __future__ import annotations

from sqlalchemy import select

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Order
from stratoform.model.network import PhysicalNetwork
from stratoform.model.projects import Project, ProjectMember
from stratoform.model.tenancy import Account, Domain
from stratoform.model.topology import Zone
from stratoform.sagas import account_remove, clearing, domain_remove

from .account_states import demand_not_own
from .frame.base import ADMINS, ROOT_ONLY, AsyncCommand
from .frame.params import Bool, Ref
from .rules import tenancy as rules
from .rules.tenancy import AccountRef


class DeleteAccount(AsyncCommand, roles=ADMINS, event="ACCOUNT.DELETE"):
    """Deletes an account with its users and all it owns: machines, disks, networks, templates, keys, limits."""

    id = AccountRef("The account.").required

    def check(self) -> None:
        """See Command.check."""
        rules.demand_power(self.context, self.id)
        demand_not_own(self, self.id)
        led = self.session.scalars(
            select(Project).join(ProjectMember, ProjectMember.project_id == Project.id)
            .where(ProjectMember.account_id == self.id.id, ProjectMember.is_admin, Project.removed.is_(None))).all()
        if led:
            names = ", ".join(f"'{project.name}'" for project in led[:5])
            raise ApiError(Fault.IN_USE, f"Unable to execute deleteAccount: account '{self.id.name}' administers "
                                         f"{len(led)} project(s): {names}; delete them, or give them another "
                                         "administrator (updateProject)",
                           [("project", project.uuid) for project in led[:5]])

    def prepare(self) -> Account:
        """From now on nobody acts for the account; all it owns is removed by jobs of their own."""
        account = self.session.get_one(Account, self.id.id, with_for_update=True)
        account_remove.mark(account)
        for order, row in clearing.clear(self.session, account):
            self.enqueue(order, row)
        return account

    def order(self, subject: Account) -> Order:
        """See AsyncCommand.order."""
        return account_remove.order(subject)


class DeleteDomain(AsyncCommand, roles=ROOT_ONLY, event="DOMAIN.DELETE"):
    """Deletes a domain: an empty one, or with cleanup all that is in it."""

    id = Ref(Domain, "The domain.").required
    cleanup = Bool("True: its accounts, projects, networks and the domains in it are deleted, too.")

    def check(self) -> None:
        """See Command.check."""
        if self.id.parent_id is None:
            raise ApiError(Fault.BAD_PARAMETER, "Invalid parameter id: domain ROOT is there from the start and stays")
        domains = domain_remove.subtree(self.session, self.id)
        ids = [domain.id for domain in domains]
        if self.caller.domain_id in ids:
            raise ApiError(Fault.ACCOUNT, "Unable to execute deleteDomain: your own account is in this domain")
        for entity in (Zone, PhysicalNetwork):
            self.refuse_with(self.context.all(entity, entity.domain_id.in_(ids)), "private to it")
        if not self.cleanup:
            self.refuse_with([domain for domain in domains if domain.id != self.id.id], "in it")
            self.refuse_with(domain_remove.accounts_of(self.session, domains), "in it")
            self.refuse_with(domain_remove.networks_of(self.session, domains), "for it")

    def refuse_with(self, rows: object, where: str) -> None:
        """Refuses while there are rows, naming some of them.

        Raises:
            ApiError: IN_USE.
        """
        found = list(rows)  # type: ignore[call-overload]
        if found:
            noun = found[0].__tablename__.replace("_", " ")
            names = ", ".join(f"'{row.name}'" for row in found[:5])
            raise ApiError(Fault.IN_USE, f"Unable to execute deleteDomain: there are {len(found)} {noun}(s) {where}: "
                                         f"{names}; {_REMEDIES[noun]}",
                           [(row.__tablename__, row.uuid) for row in found[:5]])

    def prepare(self) -> Domain:
        """From now on nothing is made in it; all that is in it is removed by jobs of their own."""
        for domain in domain_remove.subtree(self.session, self.id):
            self.session.get_one(Domain, domain.id, with_for_update=True)
        domain_remove.mark(self.session, self.id)
        for order, row in domain_remove.orders(self.session, self.id):
            self.enqueue(order, row)
        return self.id

    def order(self, subject: Domain) -> Order:
        """See AsyncCommand.order."""
        return domain_remove.order(subject)


_REMEDIES = {
    "zone": "make it public (updateZone with ispublic) or delete it first",
    "physical network": "delete it first",
    "domain": "delete them first, or say cleanup=true",
    "account": "delete them first, or say cleanup=true",
    "network": "delete them first, or say cleanup=true",
}
