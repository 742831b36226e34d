"""Roles made here: named sets of rules about commands, which accounts bear."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, delete, func, select, update

from stratoform.errors import ApiError, Fault
from stratoform.model.roles import ROLE_TYPES, Role, RolePermission
from stratoform.model.tenancy import Account

from .frame.base import ADMINS, ROOT_ONLY, Command, ListCommand
from .frame.params import Bool, Choice, Records, Ref, Text, refuse
from .frame.scope import visible
from .rules.places import demand_free_name
from .rules.role_rules import Grant, demand_allowed, derived, given_rule
from .views.tenancy import ROLE

STATES: Final = ("enabled", "disabled")


def take_turn(command: Command) -> None:
    """Makes changes of roles wait for each other: rules have an order, names are unique."""
    command.session.scalars(select(Role.id).where(Role.is_default).with_for_update()).all()


def demand_made(command: Command, role: Role) -> None:
    """Refuses to change a built-in role: it permits what each command declares.

    Raises:
        ApiError: ACCOUNT.
    """
    if role.is_default:
        raise ApiError(Fault.BAD_PARAMETER, f"Unable to execute {command.name}: role '{role.name}' is built in and "
                                            "cannot be changed; createRole with its id as roleid makes a copy that can",
                       [("role", role.uuid)])


class _NewRole(Command):
    """What both commands that make a role have in common."""

    name_ = Text("Name of the role; unique.").required
    type = Choice("What its bearers see.", ROLE_TYPES)
    description_ = Text("What it is for.")
    ispublic = Bool("False: only root administrators see it (default true).")

    def made(self, kind: str, grants: Iterable[Grant]) -> Role:
        """The new role with its rules, in their order."""
        role = Role(name=self.name_, type=kind, description=self.description_, is_public=self.ispublic is not False)
        self.session.add(role)
        self.session.flush()
        add_rules(self, role, grants)
        return role


def add_rules(command: Command, role: Role, grants: Iterable[Grant]) -> None:
    """Gives a role these rules instead of any it has."""
    command.session.execute(delete(RolePermission).where(RolePermission.role_id == role.id))
    command.session.add_all(
        RolePermission(role_id=role.id, rule=rule, allow=allow, description=text, position=place)
        for place, (rule, allow, text) in enumerate(grants))
    changed(command, role)


def changed(command: Command, role: Role) -> None:
    """Counts a change of the role's rules, after which nobody may have given more than it has itself."""
    role.version += 1
    command.session.flush()
    demand_allowed(command.context, role)


class CreateRole(_NewRole, roles=ROOT_ONLY, event="ROLE.CREATE", view=ROLE, since="4.9.0"):
    """Creates a role: empty with a type, or as a copy of another one."""

    roleid = Ref(Role, "The role to copy; or give type.")

    def check(self) -> None:
        """See Command.check."""
        take_turn(self)
        if (self.type is None) == (self.roleid is None):
            raise refuse("type", "say what the role shall be: type, or roleid to copy one")
        demand_free_name(self.session, "name", self.name_, Role)

    def run(self) -> Role:
        """See Command.run."""
        if self.roleid is None:
            return self.made(self.type or "", ())
        return self.made(self.roleid.type, derived(self.session, self.roleid))


class ImportRole(_NewRole, roles=ROOT_ONLY, event="ROLE.IMPORT", view=ROLE, since="4.15.0"):
    """Creates a role with rules written down elsewhere."""

    rules = Records("The rules in their order: rule, permission (allow or deny), description.",
                    ("rule", "permission", "description")).required
    forced = Bool("True: takes the place of a role of that name and keeps its bearers.")

    def check(self) -> None:
        """See Command.check."""
        take_turn(self)
        if self.type is None:
            raise refuse("type", f"say what its bearers see: {', '.join(ROLE_TYPES)}")
        self.grants = [given_rule("rules", entry) for entry in self.rules]
        self.old = self.context.live(Role, Role.name == self.name_) if self.forced else None
        if self.old is None:
            demand_free_name(self.session, "name", self.name_, Role)
        else:
            demand_made(self, self.old)
            if self.old.type != self.type:
                raise refuse("type", f"role '{self.old.name}' is of type {self.old.type}, which its bearers keep")

    def run(self) -> Role:
        """See Command.run."""
        if self.old is None:
            return self.made(self.type or "", self.grants)
        self.assign(self.old, {"description": "description", "ispublic": "is_public"})
        add_rules(self, self.old, self.grants)
        return self.old


class ListRoles(ListCommand, roles=ADMINS, view=ROLE, since="4.9.0"):
    """Lists roles."""

    keyword_columns = (Role.name, Role.description)

    id = Ref(Role, "Only this role.")
    name_ = Text("Only the role of this name.")
    type = Choice("Only roles of this type.", ROLE_TYPES)
    state = Choice("Only roles in this state.", STATES, since="4.20")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [Role.removed.is_(None), *visible(Role, self.caller), *self.matching(
            {"id": Role.id, "name": Role.name, "type": Role.type, "state": Role.state})]


class _OneRole(Command):
    """For commands about one role that was made here."""

    id = Ref(Role, "The role.").required

    def check(self) -> None:
        """See Command.check."""
        take_turn(self)
        demand_made(self, self.id)

    def bearers(self) -> list[Account]:
        """The accounts that bear the role."""
        return self.context.all(Account, Account.role_id == self.id.id)


class UpdateRole(_OneRole, roles=ROOT_ONLY, event="ROLE.UPDATE", view=ROLE, since="4.9.0"):
    """Changes a role."""

    name_ = Text("New name; unique.")
    description_ = Text("What it is for.")
    ispublic = Bool("False: only root administrators see it.")
    type = Choice("What its bearers see; only while it has none.", ROLE_TYPES)

    def check(self) -> None:
        """See Command.check."""
        super().check()
        if self.name_ is not None:
            demand_free_name(self.session, "name", self.name_, Role, Role.id != self.id.id)
        if self.type is not None and self.type != self.id.type and (bearers := self.bearers()):
            raise refuse("type", f"role '{self.id.name}' has {len(bearers)} bearers, e.g. account "
                                 f"'{bearers[0].name}'; give them other roles first")

    def run(self) -> Role:
        """See Command.run."""
        self.assign(self.id, {"name": "name", "description": "description", "ispublic": "is_public", "type": "type"})
        return self.id


class EnableRole(_OneRole, roles=ROOT_ONLY, event="ROLE.ENABLE", since="4.20.0"):
    """Enables a role that was disabled."""

    def run(self) -> None:
        """See Command.run."""
        self.id.state = "enabled"
        changed(self, self.id)


class DisableRole(_OneRole, roles=ROOT_ONLY, event="ROLE.DISABLE", since="4.20.0"):
    """Disables a role: its bearers may call nothing until it is enabled."""

    def check(self) -> None:
        """See Command.check."""
        super().check()
        if self.caller.custom_role is not None and self.caller.custom_role[0] == self.id.id:
            raise refuse("id", f"role '{self.id.name}' is your own; another administrator can disable it")

    def run(self) -> None:
        """See Command.run."""
        self.id.state = "disabled"
        self.id.version += 1


class DeleteRole(_OneRole, roles=ROOT_ONLY, event="ROLE.DELETE", since="4.9.0"):
    """Deletes a role that no account bears."""

    def check(self) -> None:
        """See Command.check."""
        super().check()
        self.refuse_while_used(self.id, (Account, Account.role_id))

    def run(self) -> None:
        """The name is free again; accounts that are gone forget the role."""
        self.session.execute(update(Account).where(Account.role_id == self.id.id).values(role_id=None)
                             .execution_options(synchronize_session=False))
        self.session.execute(delete(RolePermission).where(RolePermission.role_id == self.id.id))
        self.session.delete(self.id)


def last_position(command: Command, role: Role) -> int:
    """The place of a role's last rule; -1 when it has none."""
    found = command.session.scalar(select(func.max(RolePermission.position)).where(RolePermission.role_id == role.id))
    return -1 if found is None else found
