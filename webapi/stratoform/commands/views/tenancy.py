"""Domains, accounts, users and roles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from stratoform.commands.frame.caller import Caller
from stratoform.commands.frame.together import Columns, together
from stratoform.commands.frame.view import Field, View, col, fetch, jobs_of, unset
from stratoform.model.compute import Vm
from stratoform.model.roles import ROLE_TYPES, Role, RolePermission
from stratoform.model.tenancy import ADMIN, PROJECT_TYPE, SYSTEM, Account, Domain, User
from stratoform.model.topology import Zone

from .limits import LIMITS

_TYPE_NAMES = {number: name for name, number in ROLE_TYPES.items()}
_Parent = aliased(Domain)
_Child = aliased(Domain)


def shown_path(path: str) -> str:
    """A domain's path as the API shows it: ``ROOT/a/b``."""
    return f"ROOT{path.rstrip('/')}"


def _level(path: str) -> int:
    return path.count("/") - 1


DOMAIN = View("domain", Domain, (
    col("id", "string", "The domain's id.", Domain.uuid),
    col("name", "string", "Its name.", Domain.name),
    col("level", "integer", "How deep it is: 0 for ROOT, 1 for the domains in it.", Domain.path, make=_level),
    col("parentdomainid", "string", "The domain it is in.", _Parent.uuid),
    col("parentdomainname", "string", "Name of that domain.", _Parent.name),
    col("haschild", "boolean", "True when there are domains in it.",
        exists().where(_Child.parent_id == Domain.id, _Child.removed.is_(None)).label("haschild"), make=bool),
    col("networkdomain", "string", "The DNS suffix of networks of its accounts.", Domain.network_domain),
    col("path", "string", "Its name behind those it is in: ROOT/a/b.", Domain.path, make=shown_path),
    col("state", "string", "Active, or Inactive while it is being deleted.", Domain.state, since="4.13"),
    col("created", "date", "When it was created.", Domain.created, since="4.16"),
    *jobs_of(Domain),
), lambda query: query.outerjoin(_Parent, _Parent.id == Domain.parent_id))


_IDS: Any = bindparam("ids", expanding=True)
_ROLES = select(Role.id, Role.uuid, Role.type, Role.name, Role.is_default).where(
    or_(Role.is_default, Role.id.in_(_IDS)))
_ROLE_OF_ACCOUNTS = select(Account.id, Account.type, Account.role_id).where(Account.id.in_(_IDS))
_ROLE_OF_USERS = (
    select(User.id, Account.type, Account.role_id, Domain.path).join(Account, Account.id == User.account_id)
    .join(Domain, Domain.id == Account.domain_id).where(User.id.in_(_IDS))
)
_STATES_OF_VMS = (
    select(Vm.account_id, Vm.state, func.count(Vm.id))
    .where(Vm.account_id.in_(_IDS), Vm.removed.is_(None)).group_by(Vm.account_id, Vm.state)
)
"""Of all states: asked for two of them, SQLite looks at every machine in these instead of the accounts' own."""


def _role_columns(session: Session, rows: Sequence[Any]) -> dict[str, dict[int, Any]]:
    """The roles of rows of (row id, account type, role id or none: the built-in one of that type, ...)."""
    found = {role.id: role for role in fetch(session, _ROLES, {"ids": list({row[2] for row in rows} - {None})})}
    built_in = {role.type: role for role in found.values() if role.is_default}
    roles = {row[0]: found.get(row[2]) or built_in.get(_TYPE_NAMES.get(row[1], "")) for row in rows}
    return {
        "roleid": {id_: role.uuid for id_, role in roles.items() if role is not None},
        "roletype": {id_: role.type for id_, role in roles.items() if role is not None},
        "rolename": {id_: role.name for id_, role in roles.items() if role is not None},
    }


def _user_columns(session: Session, caller: Caller, ids: Sequence[int]) -> Columns:
    """The role of each user's account, and whether its domain is below the caller's."""
    rows, mine = fetch(session, _ROLE_OF_USERS, {"ids": ids}), caller.domain_path
    return {
        **_role_columns(session, rows),
        "iscallerchilddomain": {row[0]: row[3] != mine and row[3].startswith(mine) for row in rows},
    }


_of_user = together(_user_columns)


def default_user(name: str, account: str, kind: int) -> bool:
    """Whether a user is one of those that are there from the start."""
    return name == account and (name == SYSTEM or (name == ADMIN and kind == ROLE_TYPES["Admin"]))


USER = View("user", User, (
    col("id", "string", "The user's id.", User.uuid),
    col("username", "string", "The name the user logs in with.", User.name),
    col("firstname", "string", "First name.", User.first_name),
    col("lastname", "string", "Last name.", User.last_name),
    col("email", "string", "E-mail address.", User.email, make=lambda email: email or None),
    col("created", "date", "When the user was created.", User.created),
    col("state", "string", "enabled, disabled or locked.", User.state),
    col("account", "string", "The account the user belongs to.", Account.name),
    col("accounttype", "short", "Type of that account: 0 user, 1 root, 2 domain, 3 resource administrator.",
        Account.type),
    col("usersource", "string", "Who checks the password: native or ldap.", User.source, since="4.10"),
    Field("roleid", "string", "The role of its account.", load=_of_user("roleid"), since="4.9"),
    Field("roletype", "string", "Type of that role.", load=_of_user("roletype"), since="4.9"),
    Field("rolename", "string", "Name of that role.", load=_of_user("rolename"), since="4.9"),
    col("domainid", "string", "The domain of its account.", Domain.uuid),
    col("domain", "string", "Name of that domain.", Domain.name),
    col("timezone", "string", "The user's time zone.", User.timezone),
    col("apikey", "string", "The public half of the user's keys.", User.api_key),
    unset("secretkey", "string", "Never in lists: getUserKeys tells it."),
    col("accountid", "string", "Id of the account.", Account.uuid),
    Field("iscallerchilddomain", "boolean", "True when the domain is below the caller's.",
          load=_of_user("iscallerchilddomain")),
    col("isdefault", "boolean", "True for users that are there from the start.", User.name, Account.name,
        Account.type, make=default_user),
    *jobs_of(User),
), lambda query: query.join(Account, Account.id == User.account_id).join(Domain, Domain.id == Account.domain_id))

USER_KEYS = View("userkeys", None, (
    unset("apikey", "string", "The public half of the user's keys."),
    unset("secretkey", "string", "The secret half: it signs requests."),
    unset("jobid", "string", "The unfinished job that is changing this object."),
    unset("jobstatus", "integer", "The state of that job."),
))


_users = USER.nested(User.account_id, lambda query: query.where(User.removed.is_(None)).order_by(User.id))


def _account_columns(session: Session, _caller: Caller, ids: Sequence[int]) -> Columns:
    """The roles of a page of accounts, and how many of their machines run."""
    found: Counter[tuple[int, str]] = Counter()
    for account, state, number in fetch(session, _STATES_OF_VMS, {"ids": ids}):
        found[account, state] = number
    return {
        **_role_columns(session, fetch(session, _ROLE_OF_ACCOUNTS, {"ids": ids})),
        "vmrunning": {id_: found[id_, "Running"] for id_ in ids},
        "vmstopped": {id_: found[id_, "Stopped"] for id_ in ids},
    }


_of_account = together(_account_columns)


def _account_joins(query: Select[Any]) -> Select[Any]:
    return query.join(Domain, Domain.id == Account.domain_id).outerjoin(Zone, Zone.id == Account.default_zone_id)


ACCOUNT = View("account", Account, (
    col("id", "string", "The account's id.", Account.uuid),
    col("name", "string", "Its name.", Account.name),
    col("accounttype", "short", "0 user, 1 root, 2 domain, 3 resource administrator.", Account.type),
    Field("roleid", "string", "Its role.", load=_of_account("roleid"), since="4.9"),
    Field("roletype", "string", "Type of that role.", load=_of_account("roletype"), since="4.9"),
    Field("rolename", "string", "Name of that role.", load=_of_account("rolename"), since="4.9"),
    col("domainid", "string", "The domain it is in.", Domain.uuid),
    col("domain", "string", "Name of that domain.", Domain.name),
    col("domainpath", "string", "Path of that domain.", Domain.path, make=shown_path, since="4.13"),
    col("defaultzoneid", "string", "The zone its users begin in.", Zone.uuid),
    unset("receivedbytes", "long", "Bytes its networks received."),
    unset("sentbytes", "long", "Bytes its networks sent."),
    *LIMITS,
    Field("vmstopped", "integer", "Its machines that are stopped.", load=_of_account("vmstopped")),
    Field("vmrunning", "integer", "Its machines that run.", load=_of_account("vmrunning")),
    col("state", "string", "enabled, disabled or locked.", Account.state),
    col("iscleanuprequired", "boolean", "True while what it owned is being removed.", Account.cleanup),
    col("created", "date", "When it was created.", Account.created, since="4.16"),
    Field("user", "list", "Its users.", load=_users, nested=USER),
    col("networkdomain", "string", "The DNS suffix of its networks.", Account.network_domain),
    col("accountdetails", "map", "Free key-value pairs.", Account.details, make=lambda details: details or None),
    col("isdefault", "boolean", "True for accounts that are there from the start.", Account.name, Account.type,
        make=lambda name, kind: default_user(name, name, kind)),
    *jobs_of(Account),
), _account_joins)

ROLE = View("role", Role, (
    col("type", "string", "What its bearers see: Admin, ResourceAdmin, DomainAdmin or User.", Role.type),
    col("isdefault", "boolean", "True for the built-in roles.", Role.is_default),
    col("state", "string", "enabled or disabled.", Role.state),
    col("id", "string", "The role's id.", Role.uuid),
    col("name", "string", "Its name.", Role.name),
    col("description", "string", "What it is for.", Role.description),
    col("ispublic", "boolean", "False: only root administrators see it.", Role.is_public),
    *jobs_of(Role),
))

ROLE_PERMISSION = View("rolepermission", RolePermission, (
    col("id", "string", "The rule's id.", RolePermission.uuid),
    col("roleid", "string", "Its role.", Role.uuid),
    col("rolename", "string", "Name of that role.", Role.name),
    col("rule", "string", "A command's name, or a pattern with *.", RolePermission.rule),
    col("permission", "string", "allow or deny.", RolePermission.allow,
        make=lambda allow: "allow" if allow else "deny"),
    col("description", "string", "What it is for.", RolePermission.description),
    *jobs_of(RolePermission),
), lambda query: query.join(Role, Role.id == RolePermission.role_id))

assert PROJECT_TYPE not in ROLE_TYPES.values()  # noqa: S101 - accounts of projects have no role
