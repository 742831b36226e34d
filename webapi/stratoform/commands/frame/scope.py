"""Who may see what: one rule a kind of object, as SQL conditions.

Root administrators see everything; domain administrators the subtree of their domain; users what their account
and its projects own. Shared things (zones, offerings, networks, templates) are also seen by those they are offered to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from stratoform.model.compute import InstanceGroup, ServiceOffering, SshKeyPair, Vm
from stratoform.model.ldap import LdapConfiguration
from stratoform.model.network import Network
from stratoform.model.projects import Project, ProjectInvitation, ProjectMember
from stratoform.model.records import Event
from stratoform.model.roles import Role
from stratoform.model.storage import DiskOffering, Template, TemplateGrant, Volume
from stratoform.model.tags import ResourceTag
from stratoform.model.tenancy import Account, Domain, User
from stratoform.model.topology import Zone

from .caller import Caller, RoleType

Condition = ColumnElement[bool]


def visible(entity: type[Any], caller: Caller) -> Sequence[Condition]:
    """The conditions a row of the entity must meet for the caller to see it (none: everybody may)."""
    rule = _RULES.get(entity)
    if rule is None or caller.is_root:
        return ()
    return (rule(caller),)


def subtree(path: str) -> Condition:
    """Domains at or below a path."""
    return Domain.path.startswith(path, autoescape=True)


def at_or_above(path: str) -> Condition:
    """Domains at or above a path: ``/a/b/`` has ``/``, ``/a/`` and itself."""
    parts = [part for part in path.split("/") if part]
    return Domain.path.in_(["/", *("/" + "/".join(parts[:depth]) + "/" for depth in range(1, len(parts) + 1))])


def ancestors(caller: Caller) -> Condition:
    """Domains at or above the caller's."""
    return at_or_above(caller.domain_path)


def owned(entity: type[Any], caller: Caller) -> Condition:
    """Rows whose owner the caller is, shares a project with, or administers."""
    if caller.role is RoleType.DOMAIN_ADMIN:
        return inside(entity, subtree(caller.domain_path)) | belongs(entity, caller.projects)
    return belongs(entity, caller.accounts)


def belongs(entity: type[Any], accounts: Sequence[int]) -> Condition:
    """Rows of these accounts."""
    column = entity.account_id
    condition: Condition = column == accounts[0] if len(accounts) == 1 else column.in_(accounts)
    return condition


def inside(entity: type[Any], domains: Condition) -> Condition:
    """Rows whose owner is in one of the domains that meet the condition."""
    if hasattr(entity, "domain_id"):
        wanted: Condition = entity.domain_id.in_(select(Domain.id).where(domains))
    else:
        members = select(Account.id).join(Domain, Domain.id == Account.domain_id).where(domains)
        wanted = entity.account_id.in_(members)
    return wanted


def of_projects(entity: type[Any]) -> Condition:
    """Rows that belong to projects."""
    condition: Condition = entity.account_id.in_(select(Project.account_id))
    return condition


def not_of_projects(entity: type[Any]) -> Condition:
    """Rows that belong to no project."""
    condition: Condition = entity.account_id.not_in(select(Project.account_id))
    return entity.account_id.is_(None) | condition if entity.__table__.c.account_id.nullable else condition


def _offered(column: Any, caller: Caller) -> Condition:
    """Offered to everybody (no domain) or to a domain at or above the caller's."""
    return or_(column.is_(None), column.in_(select(Domain.id).where(ancestors(caller))))


def _zone(caller: Caller) -> Condition:
    return _offered(Zone.domain_id, caller)


def _offering(caller: Caller) -> Condition:
    return ServiceOffering.is_system.is_(False) & _offered(ServiceOffering.domain_id, caller)


def _disk_offering(caller: Caller) -> Condition:
    return DiskOffering.display_offering & _offered(DiskOffering.domain_id, caller)


def _template(caller: Caller) -> Condition:
    return or_(Template.is_public, owned(Template, caller), granted(caller.accounts))


def granted(accounts: Sequence[int]) -> Condition:
    """Templates whose owners granted these accounts their use."""
    return Template.id.in_(select(TemplateGrant.template_id).where(TemplateGrant.account_id.in_(accounts)))


def _network(caller: Caller) -> Condition:
    above = select(Domain.id).where(ancestors(caller))
    return or_(
        owned(Network, caller),
        (Network.acl_type == "Domain") & or_(
            Network.domain_id == caller.domain_id, Network.subdomain_access & Network.domain_id.in_(above),
        ),
    )


def _domain(caller: Caller) -> Condition:
    return subtree(caller.domain_path) if caller.role is RoleType.DOMAIN_ADMIN else Domain.id == caller.domain_id


def _account(caller: Caller) -> Condition:
    if caller.role is RoleType.DOMAIN_ADMIN:
        return Account.domain_id.in_(select(Domain.id).where(subtree(caller.domain_path)))
    return Account.id == caller.account_id


def _user(caller: Caller) -> Condition:
    return User.account_id.in_(select(Account.id).where(_account(caller)))


def _project(caller: Caller) -> Condition:
    mine = Project.account_id.in_(caller.projects)
    return mine | inside(Project, subtree(caller.domain_path)) if caller.role is RoleType.DOMAIN_ADMIN else mine


def _invitation(caller: Caller) -> Condition:
    """Those sent to the caller's account, and those of the projects it administers."""
    led = select(ProjectMember.project_id).where(
        ProjectMember.account_id == caller.account_id, ProjectMember.is_admin.is_(True))
    mine = or_(ProjectInvitation.account_id == caller.account_id, ProjectInvitation.project_id.in_(led))
    if caller.role is RoleType.DOMAIN_ADMIN:
        return mine | ProjectInvitation.domain_id.in_(select(Domain.id).where(subtree(caller.domain_path)))
    return mine


_RULES: dict[type[Any], Callable[[Caller], Condition]] = {
    Vm: lambda caller: owned(Vm, caller),
    Volume: lambda caller: owned(Volume, caller),
    SshKeyPair: lambda caller: owned(SshKeyPair, caller),
    InstanceGroup: lambda caller: owned(InstanceGroup, caller),
    Event: lambda caller: owned(Event, caller),
    ResourceTag: lambda caller: owned(ResourceTag, caller),
    Template: _template,
    Network: _network,
    Zone: _zone,
    ServiceOffering: _offering,
    DiskOffering: _disk_offering,
    Project: _project,
    ProjectInvitation: _invitation,
    Domain: _domain,
    Account: _account,
    User: _user,
    LdapConfiguration: lambda caller: _offered(LdapConfiguration.domain_id, caller),
    Role: lambda _caller: Role.is_public & (Role.type != "Admin"),
}
