"""Invitations to projects: list, answer, take back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_, select

from stratoform.errors import ApiError
from stratoform.model.base import now
from stratoform.model.projects import INVITATION_STATES, Project, ProjectInvitation
from stratoform.model.tenancy import PROJECT_TYPE, Account, Domain

from .frame.base import EVERYONE, AsyncCommand, ListCommand
from .frame.caller import RoleType
from .frame.context import Context
from .frame.owned import account_of
from .frame.params import Bool, Choice, Ref, Text, refuse, shown
from .frame.scope import inside, subtree, visible
from .rules.invitations import hashed, pending
from .rules.projects import demand_active, demand_authority, join
from .views.projects import PROJECT_INVITATION


class ListProjectInvitations(ListCommand, roles=EVERYONE, view=PROJECT_INVITATION, since="3.0.0"):
    """Lists invitations to projects: those the caller got, or sent."""

    keyword_columns = (Project.name, ProjectInvitation.email, ProjectInvitation.state)

    projectid = Ref(Project, "Only invitations to this project.")
    activeonly = Bool("True: only those that can still be accepted.")
    state = Choice("Only invitations in this state.", tuple(INVITATION_STATES.states))
    id = Ref(ProjectInvitation, "Only this invitation.", noun="invitation")
    account = Text("Only invitations this account got; goes with domainid.")
    domainid = Ref(Domain, "Only invitations to projects of this domain.")
    listall = Bool("Everything the caller may see, not only what it got.")
    isrecursive = Bool("With domainid: the domains below it too.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [ProjectInvitation.removed.is_(None), *visible(ProjectInvitation, self.caller), *self._whose(),
                  *self.matching({"projectid": ProjectInvitation.project_id, "state": ProjectInvitation.state,
                                  "id": ProjectInvitation.id})]
        if self.activeonly:
            wanted += [ProjectInvitation.state == "Pending", ProjectInvitation.expires > now()]
        return wanted

    def _whose(self) -> list[ColumnElement[bool]]:
        if self.account is not None:
            return [ProjectInvitation.account_id == account_of(self, self.account, self.domainid).id]
        if self.domainid is not None:
            wanted = subtree(self.domainid.path) if self.isrecursive else Domain.id == self.domainid.id
            return [ProjectInvitation.domain_id.in_(select(Domain.id).where(wanted))]
        asked = self.listall or self.id is not None or self.projectid is not None
        return [] if asked else [ProjectInvitation.account_id == self.caller.account_id]


class InvitingProject(Ref[Project]):
    """A project somebody may be invited to without being in it; the command looks for the invitation."""

    def resolve(self, value: Any, context: Context) -> Any:
        """The project, or the text given; ``no_invitation`` is the one answer for both."""
        return context.live(Project, Project.uuid == value) or value


class UpdateProjectInvitation(AsyncCommand, roles=EVERYONE, event="PROJECT.INVITATION.UPDATE", since="3.0.0"):
    """Accepts or declines an invitation to a project."""

    projectid = InvitingProject(Project, "The project.").required
    account = Text("The account that answers, unless it is the caller's.")
    token = Text("The token of an invitation that came by mail.")
    accept = Bool("True (default): the account becomes a member; false: the invitation is declined.")

    def check(self) -> None:
        """See Command.check."""
        invitation = self.invitation()
        if self.accept is not False:
            demand_active(self, self.session.get_one(Project, invitation.project_id))
            self._joining(invitation)

    def invitation(self) -> ProjectInvitation:
        """The open invitation that is answered.

        Raises:
            ApiError: BAD_PARAMETER; one answer for no such project, and for one that does not invite.
        """
        project: Project | str = self.values["projectid"]
        if isinstance(project, str):
            raise self._no_invitation(project)
        accounts = select(Account.id).where(Account.removed.is_(None), *self._answering())
        found = pending(self.context, project, or_(
            ProjectInvitation.account_id.in_(accounts),
            *([ProjectInvitation.token == hashed(self.token)] if self.token is not None else [])))
        if found is None or (self.token is not None and found.token != hashed(self.token)):
            raise self._no_invitation(project.uuid)
        return found

    def _answering(self) -> list[ColumnElement[bool]]:
        """The accounts that may be meant: the caller's, or those of the name that it may act for."""
        caller = self.caller
        if self.account is None:
            return [Account.id == caller.account_id]
        named = [Account.name == self.account, Account.type != PROJECT_TYPE]
        if caller.is_root:
            return named
        if caller.role is RoleType.DOMAIN_ADMIN:
            return [*named, inside(Account, subtree(caller.domain_path))]
        return [*named, Account.id == caller.account_id]

    def _no_invitation(self, uuid: str) -> ApiError:
        whom = "this account" if self.account is None else f"account {shown(self.account)}"
        return refuse("projectid", f"no project with id {shown(uuid)} has an open invitation for {whom}"
                      + (" and that token" if self.token is not None else ""))

    def _joining(self, invitation: ProjectInvitation) -> Account:
        """The account that becomes a member."""
        if invitation.account_id is not None:
            return self.session.get_one(Account, invitation.account_id)
        account = self.context.live(Account, Account.domain_id == invitation.domain_id, *self._answering())
        if account is None:
            domain = self.session.get_one(Domain, invitation.domain_id)
            raise refuse("account", f"only accounts of domain '{domain.name}' can be members of that project")
        return account

    def prepare(self) -> ProjectInvitation:
        """See AsyncCommand.prepare."""
        return self.invitation()

    def run(self) -> None:
        """See Command.run."""
        invitation = self.invitation()
        if self.accept is False:
            INVITATION_STATES.move(self.session, invitation, "decline")
            return
        project, account = self.session.get_one(Project, invitation.project_id), self._joining(invitation)
        demand_active(self, project)
        INVITATION_STATES.move(self.session, invitation, "accept", account_id=account.id)
        join(self.context, project, account)

    def describe(self, subject: Any) -> str:  # noqa: ARG002 - the text says it
        """See Command.describe."""
        return f"{self.name} {'decline' if self.accept is False else 'accept'}"


class DeleteProjectInvitation(AsyncCommand, roles=EVERYONE, event="PROJECT.INVITATION.REMOVE", since="3.0.0"):
    """Takes an invitation back."""

    id = Ref(ProjectInvitation, "The invitation.", noun="invitation").required

    def check(self) -> None:
        """See Command.check."""
        demand_authority(self, self.session.get_one(Project, self.id.project_id))

    def prepare(self) -> ProjectInvitation:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self.id.removed = now()
