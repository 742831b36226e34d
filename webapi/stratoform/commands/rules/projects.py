"""Rules of projects: who may change one, who may be a member, and that one member administers it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, select

from stratoform.commands.frame.base import Command
from stratoform.commands.frame.caller import RoleType
from stratoform.commands.frame.context import Context
from stratoform.commands.frame.params import refuse, shown
from stratoform.errors import ApiError, Fault
from stratoform.model.projects import Project, ProjectMember
from stratoform.model.tenancy import PROJECT_TYPE, Account, Domain

LONGEST_NAME: Final = 200
"""Characters of a project's name: its account's name holds it and the domain's number."""


def administers(context: Context, project: Project) -> bool:
    """Whether the caller may change a project: its administrator, or one of its domain or above it."""
    caller = context.caller
    if caller.is_root:
        return True
    if caller.role is RoleType.DOMAIN_ADMIN:
        path = context.session.scalar(select(Domain.path).where(Domain.id == project.domain_id))
        if path is not None and path.startswith(caller.domain_path):
            return True
    mine = member_of(context, project, caller.account_id)
    return mine is not None and mine.is_admin


def demand_authority(command: Command, project: Project) -> None:
    """Refuses to let plain members change a project.

    Raises:
        ApiError: ACCOUNT.
    """
    if not administers(command.context, project):
        raise ApiError(Fault.ACCOUNT, f"Unable to execute {command.name}: project '{project.name}' is changed by its "
                                      "administrator, or by an administrator of its domain",
                       [("project", project.uuid)])


def demand_active(command: Command, project: Project) -> None:
    """Refuses to change who is in a project that is not in use.

    Raises:
        ApiError: ACCOUNT.
    """
    if project.state != "Active":
        raise ApiError(Fault.ACCOUNT, f"Unable to execute {command.name}: project '{project.name}' is {project.state}; "
                                      "activate it first with activateProject", [("project", project.uuid)])


def member_of(context: Context, project: Project, account_id: int) -> ProjectMember | None:
    """An account's membership; None when it is no member."""
    return context.session.scalar(select(ProjectMember).where(
        ProjectMember.project_id == project.id, ProjectMember.account_id == account_id))


def eligible(context: Context, project: Project, name: str) -> Account:
    """The account of that name that can be a member: only accounts of the project's own domain can.

    Raises:
        ApiError: BAD_PARAMETER, there is none.
    """
    account = context.live(Account, Account.domain_id == project.domain_id, Account.name == name,
                           Account.type != PROJECT_TYPE)
    if account is None:
        raise refuse("account", f"the domain of project '{project.name}' has no account named {shown(name)}; only "
                                "accounts of that domain can be members")
    return account


def member_named(context: Context, project: Project, name: str) -> ProjectMember:
    """The membership of the account of that name.

    Raises:
        ApiError: BAD_PARAMETER, no member is called so.
    """
    member = context.session.scalar(
        select(ProjectMember).join(Account, Account.id == ProjectMember.account_id)
        .where(ProjectMember.project_id == project.id, Account.name == name, Account.removed.is_(None)))
    if member is None:
        raise refuse("account", f"project '{project.name}' has no member named {shown(name)}")
    return member


def join(context: Context, project: Project, account: Account) -> None:
    """Makes the account a member; it stays one if it is."""
    if member_of(context, project, account.id) is None:
        context.session.add(ProjectMember(project_id=project.id, account_id=account.id))


def has_member(account_id: int) -> ColumnElement[bool]:
    """Projects the account is a member of."""
    return Project.id.in_(select(ProjectMember.project_id).where(ProjectMember.account_id == account_id))


def demand_free_name(context: Context, name: str, domain: int, but: int = 0) -> None:
    """Refuses a name another project of the domain has. Creations in one domain wait for each other.

    Raises:
        ApiError: BAD_PARAMETER.
    """
    context.session.execute(select(Domain.id).where(Domain.id == domain).with_for_update())
    if context.live(Project, Project.name == name, Project.domain_id == domain, Project.id != but) is not None:
        raise refuse("name", f"a project named '{name}' exists already in that domain")
