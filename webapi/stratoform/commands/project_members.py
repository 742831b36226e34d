"""Members of projects: who belongs to one, and as what."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from stratoform.model.projects import Project, ProjectMember
from stratoform.model.tenancy import Account, Domain

from .frame.base import EVERYONE, AsyncCommand, ListCommand
from .frame.params import Choice, Ref, Text, refuse
from .rules.invitations import MailAddress, demand_mail_server, invite, invited, inviting
from .rules.projects import demand_active, demand_authority, eligible, join, member_named, member_of
from .views.projects import PROJECT_MEMBER

ROLES = {"Admin": True, "Regular": False}


class AddAccountToProject(AsyncCommand, roles=EVERYONE, event="PROJECT.ACCOUNT.ADD", since="3.0.0"):
    """Makes an account a member of a project, or invites it when setting project.invite.required says so."""

    projectid = Ref(Project, "The project.").required
    account = Text("Name of the account; it must be in the project's domain.")
    email = MailAddress("Address an invitation is sent to; whoever gets it may answer.")

    def check(self) -> None:
        """See Command.check."""
        demand_authority(self, self.projectid)
        demand_active(self, self.projectid)
        if self.account is None and self.email is None:
            raise refuse("account", "give the name of an account, or an email address")
        if self.account is None and not inviting(self.context):
            raise refuse("email", "setting project.invite.required is false, so nobody is invited; give account")
        if self.account is not None:
            account = eligible(self.context, self.projectid, self.account)
            if member_of(self.context, self.projectid, account.id) is not None:
                raise refuse("account", f"account '{account.name}' is a member of project '{self.projectid.name}'")
        if self.email is not None and inviting(self.context):
            demand_mail_server(self.context)
        if inviting(self.context) and invited(self.context, self.projectid, self.account, self.email):
            raise refuse("account" if self.account is not None else "email",
                         "an invitation is pending already; deleteProjectInvitation takes it back")

    def prepare(self) -> Project:
        """See AsyncCommand.prepare."""
        return self.projectid

    def run(self) -> None:
        """See Command.run."""
        account = eligible(self.context, self.projectid, self.account) if self.account is not None else None
        if inviting(self.context):
            domain = self.session.get_one(Domain, self.projectid.domain_id)
            invite(self.context, self.projectid, account, self.email, domain.name)
        elif account is not None:
            join(self.context, self.projectid, account)


class DeleteAccountFromProject(AsyncCommand, roles=EVERYONE, event="PROJECT.ACCOUNT.REMOVE", since="3.0.0"):
    """Ends an account's membership; what it made in the project stays the project's."""

    projectid = Ref(Project, "The project.").required
    account = Text("Name of the account.").required

    def check(self) -> None:
        """See Command.check."""
        demand_authority(self, self.projectid)
        if member_named(self.context, self.projectid, self.account).is_admin:
            raise refuse("account", f"account '{self.account}' administers project '{self.projectid.name}'; hand the "
                                    "project to another member first with updateProject")

    def prepare(self) -> Project:
        """See AsyncCommand.prepare."""
        return self.projectid

    def run(self) -> None:
        """See Command.run."""
        self.check()
        self.session.delete(member_named(self.context, self.projectid, self.account))


class ListProjectAccounts(ListCommand, roles=EVERYONE, view=PROJECT_MEMBER, since="3.0.0"):
    """Lists the members of a project."""

    keyword_columns = (Account.name,)

    projectid = Ref(Project, "The project.").required
    account = Text("Only the member of this name.")
    role = Choice("Only members of this role.", tuple(ROLES))

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [ProjectMember.project_id == self.projectid.id, Account.removed.is_(None)]
        if self.account is not None:
            wanted.append(Account.name == self.account)
        if self.role is not None:
            wanted.append(ProjectMember.is_admin.is_(ROLES[self.role]))
        return wanted
