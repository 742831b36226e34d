"""Projects, their members, and who is invited to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from stratoform.commands.frame.caller import Caller
from stratoform.commands.frame.view import Field, View, col, jobs_of, unset
from stratoform.model.projects import Project, ProjectInvitation, ProjectMember
from stratoform.model.tenancy import Account, Domain, User

from .common import tags_of
from .limits import PROJECT_LIMITS

_Owning = aliased(Account)
"""The project's own account."""


def _project_joins(query: Select[Any]) -> Select[Any]:
    administers = (ProjectMember.project_id == Project.id) & ProjectMember.is_admin.is_(True)
    return (
        query.join(Domain, Domain.id == Project.domain_id).join(_Owning, _Owning.id == Project.account_id)
        .outerjoin(ProjectMember, administers).outerjoin(Account, Account.id == ProjectMember.account_id)
    )


PROJECT = View("project", Project, (
    col("id", "string", "The project's id.", Project.uuid),
    col("name", "string", "Its name.", Project.name),
    col("displaytext", "string", "Text for people.", Project.display_text),
    col("domainid", "string", "The domain it is in.", Domain.uuid),
    col("domain", "string", "Name of that domain.", Domain.name),
    col("account", "string", "The account that administers it.", Account.name),
    col("owner", "list", "The account that administers it, as newer clients read it.", Account.name, Account.uuid,
        make=lambda name, uuid: [{"account": name, "accountid": uuid}] if name is not None else None, since="4.15"),
    col("projectaccountname", "string", "The account that owns what the project has.", _Owning.name, since="4.17"),
    col("state", "string", "Active, Suspended, or Disabled while it is being deleted.", Project.state),
    tags_of(Project, "list"),
    *PROJECT_LIMITS,
    col("created", "date", "When it was created.", Project.created, since="4.16"),
    *jobs_of(Project),
), _project_joins)


def _users(session: Session, _caller: Caller, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The users of the member accounts of a page."""
    query = (
        select(ProjectMember.id, User).join(User, User.account_id == ProjectMember.account_id)
        .where(ProjectMember.id.in_(ids), User.removed.is_(None)).order_by(User.id)
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for member, user in session.execute(query):
        found[member].append({"id": user.uuid, "username": user.name, "firstname": user.first_name,
                              "lastname": user.last_name, "state": user.state})
    return found


MEMBER_USER = View("user", None, (
    unset("id", "string", "The user's id."),
    unset("username", "string", "The name the user logs in with."),
    unset("firstname", "string", "First name."),
    unset("lastname", "string", "Last name."),
    unset("state", "string", "enabled, disabled or locked."),
))

_MEMBER = (
    col("projectid", "string", "The project.", Project.uuid),
    col("project", "string", "Name of the project.", Project.name),
    col("accountid", "string", "The member.", Account.uuid, since="4.15"),
    col("account", "string", "Name of the member.", Account.name),
    col("accounttype", "short", "Type of that account: 0 user, 1 root, 2 domain, 3 resource administrator.",
        Account.type),
    col("role", "string", "Admin: it administers the project; Regular: it uses it.", ProjectMember.is_admin,
        make=lambda admin: "Admin" if admin else "Regular"),
    col("domainid", "string", "The member's domain.", Domain.uuid),
    col("domain", "string", "Name of that domain.", Domain.name),
    Field("user", "list", "The member's users.", load=_users, nested=MEMBER_USER),
)
PROJECT_MEMBER = View("projectaccount", ProjectMember, (
    *_MEMBER,  # the reference declares a project's fields here too, and answers without them
    *(unset(one.name, one.type, one.doc) for one in PROJECT.fields if one.name not in {own.name for own in _MEMBER}),
), lambda query: query.join(Project, Project.id == ProjectMember.project_id).join(
    Account, Account.id == ProjectMember.account_id).join(Domain, Domain.id == Account.domain_id))

PROJECT_INVITATION = View("projectinvitation", ProjectInvitation, (
    col("id", "string", "The invitation's id.", ProjectInvitation.uuid),
    col("projectid", "string", "The project.", Project.uuid),
    col("project", "string", "Name of the project.", Project.name),
    col("domainid", "string", "The project's domain.", Domain.uuid),
    col("domain", "string", "Name of that domain.", Domain.name),
    col("account", "string", "The account that is invited.", Account.name),
    col("email", "string", "The address the invitation was sent to.", ProjectInvitation.email),
    col("state", "string", "Pending, Completed, Declined or Expired.", ProjectInvitation.state),
    *jobs_of(ProjectInvitation),
), lambda query: query.join(Project, Project.id == ProjectInvitation.project_id).join(
    Domain, Domain.id == ProjectInvitation.domain_id).outerjoin(Account, Account.id == ProjectInvitation.account_id))
