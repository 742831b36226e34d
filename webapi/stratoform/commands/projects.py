"""Projects: create, list, change, suspend, activate, delete."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, select

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Order
from stratoform.model.base import new_uuid
from stratoform.model.limits import Resource
from stratoform.model.projects import PROJECT_STATES, Project, ProjectMember
from stratoform.model.tenancy import PROJECT_TYPE, Account, Domain
from stratoform.sagas import account_remove, clearing, project_suspend

from .frame.base import EVERYONE, AsyncCommand, ListCommand
from .frame.caller import RoleType
from .frame.owned import account_of
from .frame.params import Bool, Choice, Ref, Text, refuse
from .frame.scope import subtree, visible
from .frame.tags import TagFilter
from .rules.limits import demand
from .rules.projects import (
    LONGEST_NAME,
    demand_authority,
    demand_free_name,
    has_member,
    member_named,
)
from .views.projects import PROJECT

STATES: Final = tuple(PROJECT_STATES.states)
CREATORS: Final = frozenset({RoleType.ADMIN, RoleType.DOMAIN_ADMIN})
"""Who may always create projects; others while allow.user.create.projects says so."""


class CreateProject(AsyncCommand, roles=EVERYONE, event="PROJECT.CREATE", view=PROJECT, since="3.0.0"):
    """Creates a project; the account it is created for administers it."""

    creates = True

    account = Text("The account that shall administer it, unless it is the caller's; goes with domainid.")
    domainid = Ref(Domain, "Domain of that account, and so of the project.")
    accountid = Ref(Account, "The account that shall administer it, by id.", since="4.15",
                    where=lambda: Account.type != PROJECT_TYPE)
    name_ = Text("Name of the project; unique in its domain.", length=LONGEST_NAME).required
    displaytext = Text("Text for people (default: the name).", length=4096)

    def check(self) -> None:
        """See Command.check."""
        setting = "allow.user.create.projects"
        allowed = self.context.shared.settings.flag(self.session, setting)
        if self.caller.role not in CREATORS and not allowed:
            raise ApiError(Fault.NOT_PERMITTED, f"Setting {setting} lets only administrators create projects; ask one")

    def administrator(self) -> Account:
        """Who shall administer it.

        Raises:
            ApiError: BAD_PARAMETER, there is no such account to act for; ACCOUNT, it may not have anything new.
        """
        if self.accountid is not None:
            if self.account is not None:
                raise refuse("accountid", "it cannot be given together with account")
            account = account_of(self, self.accountid.name, self.session.get_one(Domain, self.accountid.domain_id))
        elif self.account is not None:
            account = account_of(self, self.account, self.domainid)
        elif self.domainid is not None:
            raise refuse("account", "it must be given together with domainid")
        else:
            account = self.session.get_one(Account, self.caller.account_id)
        if account.state != "enabled":
            raise ApiError(Fault.ACCOUNT, f"Account '{account.name}' is {account.state}; it cannot administer a "
                                          "project until enableAccount", [("account", account.uuid)])
        return account

    def prepare(self) -> Project:
        """See AsyncCommand.prepare."""
        admin = self.administrator()
        demand_free_name(self.context, self.name_, admin.domain_id)
        demand(self.context, admin, {Resource.PROJECT: 1})
        own = Account(name=f"PrjAcct-{self.name_}-{admin.domain_id}", domain_id=admin.domain_id, type=PROJECT_TYPE,
                      uuid=new_uuid())
        self.session.add(own)
        self.session.flush()
        project = Project(name=self.name_, display_text=self.displaytext or self.name_, domain_id=admin.domain_id,
                          account_id=own.id)
        self.session.add(project)
        self.session.flush()
        self.session.add(ProjectMember(project_id=project.id, account_id=admin.id, is_admin=True))
        return project

    def run(self) -> None:
        """See Command.run. Its record was made with the request; that is all there is of it."""


class ListProjects(ListCommand, roles=EVERYONE, view=PROJECT, since="3.0.0"):
    """Lists projects: those the caller is a member of, or all it administers."""

    keyword_columns = (Project.name, Project.display_text)

    id = Ref(Project, "Only this project.")
    name_ = Text("Only the project of this name.")
    displaytext = Text("Only projects with this text.", length=4096)
    state = Choice("Only projects in this state.", STATES)
    tags = TagFilter("Only projects with these tags.")
    account = Text("Only projects this account is a member of; goes with domainid.")
    domainid = Ref(Domain, "Only projects of this domain.")
    listall = Bool("Everything the caller may see, not only what it is a member of.")
    isrecursive = Bool("With domainid: the domains below it too.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [
            Project.removed.is_(None), *visible(Project, self.caller), *self._whose(),
            *self.matching({"id": Project.id, "name": Project.name, "displaytext": Project.display_text,
                            "state": Project.state}),
        ]

    def _whose(self) -> list[ColumnElement[bool]]:
        """Without ``listall``, an id or an owner: those the caller is a member of."""
        if self.account is not None:
            return [has_member(account_of(self, self.account, self.domainid).id)]
        if self.domainid is not None:
            wanted = subtree(self.domainid.path) if self.isrecursive else Domain.id == self.domainid.id
            return [Project.domain_id.in_(select(Domain.id).where(wanted))]
        return [] if self.listall or self.id is not None else [has_member(self.caller.account_id)]


class _ProjectJob(AsyncCommand):
    """A change of a project."""

    id = Ref(Project, "The project.").required

    def check(self) -> None:
        """See Command.check."""
        demand_authority(self, self.id)

    def prepare(self) -> Project:
        """See AsyncCommand.prepare."""
        return self.id


class UpdateProject(_ProjectJob, roles=EVERYONE, event="PROJECT.UPDATE", view=PROJECT, since="3.0.0"):
    """Changes a project's texts, or hands it to another of its members, who administers it from then on."""

    account = Text("The member that shall administer it.")
    displaytext = Text("New text for people.", length=4096)
    name_ = Text("New name; unique in its domain.", length=LONGEST_NAME, since="4.19")

    def check(self) -> None:
        """See Command.check."""
        super().check()
        if self.id.state == "Disabled":
            raise ApiError(Fault.ACCOUNT, f"Unable to execute {self.name}: project '{self.id.name}' is being deleted",
                           [("project", self.id.uuid)])
        if self.account is not None:
            member_named(self.context, self.id, self.account)

    def run(self) -> None:
        """See Command.run."""
        if self.name_ is not None:
            demand_free_name(self.context, self.name_, self.id.domain_id, self.id.id)
        self.assign(self.id, {"displaytext": "display_text", "name": "name"})
        if self.account is not None:
            self._hand_over(member_named(self.context, self.id, self.account))

    def _hand_over(self, heir: ProjectMember) -> None:
        """One member administers a project: whoever did so before is a plain member then."""
        if heir.is_admin:
            return
        account = self.session.get_one(Account, heir.account_id)
        demand(self.context, account, {Resource.PROJECT: 1}, domains=False)
        for other in self.session.scalars(select(ProjectMember).where(
                ProjectMember.project_id == self.id.id, ProjectMember.is_admin.is_(True))):
            other.is_admin = False
        heir.is_admin = True


class ActivateProject(_ProjectJob, roles=EVERYONE, event="PROJECT.ACTIVATE", view=PROJECT, since="3.0.0"):
    """Makes a suspended project usable again; its machines stay as they are."""

    def check(self) -> None:
        """See Command.check."""
        super().check()
        if self.id.state != "Active":
            PROJECT_STATES.require(self.id, "activate")

    def run(self) -> None:
        """See Command.run."""
        PROJECT_STATES.move(self.session, self.id, "activate")


class SuspendProject(_ProjectJob, roles=EVERYONE, event="PROJECT.SUSPEND", view=PROJECT, since="3.0.0"):
    """Suspends a project: its machines are stopped; it keeps what it has, but nobody can use it or make more."""

    def check(self) -> None:
        """See Command.check."""
        super().check()
        if self.id.state != "Suspended":
            PROJECT_STATES.require(self.id, "suspend")

    def prepare(self) -> Project:
        """From now on nothing of it can be used; each machine is stopped by a job of its own."""
        PROJECT_STATES.move(self.session, self.id, "suspend")  # waits for those who use it (frame/suspended.py)
        account = self.session.get_one(Account, self.id.account_id, with_for_update=True)  # nothing is made just now
        for order, vm in clearing.stops(self.session, account):
            self.enqueue(order, vm)
        return self.id

    def order(self, subject: Project) -> Order:
        """See AsyncCommand.order."""
        return project_suspend.order(subject)


class DeleteProject(_ProjectJob, roles=EVERYONE, event="PROJECT.DELETE", since="3.0.0"):
    """Deletes a project with all it owns: machines, disks, networks, templates, keys."""

    cleanup = Bool("False: only when it owns nothing (default true).", since="4.16.0")

    def check(self) -> None:
        """See Command.check."""
        super().check()
        owned = clearing.left(self.session, self.session.get_one(Account, self.id.account_id))
        if self.cleanup is False and owned:
            raise ApiError(Fault.IN_USE, f"Unable to execute deleteProject: project '{self.id.name}' still has "
                                         f"{', '.join(owned)}; delete them first, or say cleanup=true",
                           [("project", self.id.uuid)])

    def prepare(self) -> Project:
        """From now on it is Disabled; all it owns is removed by jobs of their own."""
        PROJECT_STATES.move(self.session, self.id, "disable")
        account = self.session.get_one(Account, self.id.account_id, with_for_update=True)
        account_remove.mark(account)
        for order, row in clearing.clear(self.session, account):
            self.enqueue(order, row)
        return self.id

    def order(self, subject: Project) -> Order:
        """See AsyncCommand.order."""
        return account_remove.order(self.session.get_one(Account, subject.account_id))
