"""The rules of roles: the first that matches a command decides."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select

from stratoform.model.roles import Role, RolePermission

from .frame.answer import Body, Many
from .frame.base import ROOT_ONLY, Command
from .frame.params import Choice, ListOf, Ref, Text, refuse
from .roles import changed, demand_made, last_position, take_turn
from .rules.role_rules import PERMISSIONS, RuleText, derived, derived_id, rules_of
from .views.tenancy import ROLE_PERMISSION

WORDS: Final = tuple(PERMISSIONS)


class CreateRolePermission(Command, roles=ROOT_ONLY, event="ROLE.PERMISSION.CREATE", view=ROLE_PERMISSION,
                           since="4.9.0"):
    """Adds a rule at the end of a role's."""

    roleid = Ref(Role, "The role.").required
    rule = RuleText("A command's name, or a pattern with *.").required
    permission = Choice("Whether it allows or denies.", WORDS).required
    description_ = Text("What it is for.")

    def check(self) -> None:
        """See Command.check."""
        take_turn(self)
        demand_made(self, self.roleid)
        taken = {rule.rule.lower() for rule in rules_of(self.session, self.roleid)}
        if self.rule.lower() in taken:
            raise refuse("rule", f"role '{self.roleid.name}' has a rule '{self.rule}'; updateRolePermission changes it")

    def run(self) -> RolePermission:
        """See Command.run."""
        made = RolePermission(role_id=self.roleid.id, rule=self.rule, allow=PERMISSIONS[self.permission],
                              description=self.description_, position=last_position(self, self.roleid) + 1)
        self.session.add(made)
        changed(self, self.roleid)
        return made


class ListRolePermissions(Command, roles=ROOT_ONLY, view=ROLE_PERMISSION, since="4.9.0"):
    """Lists the rules of a role, or of all, in the order in which they are tried.

    Built-in roles have no rules; what is shown says what each command declares.
    """

    is_list = True

    roleid = Ref(Role, "Only the rules of this role.")

    def run(self) -> Many:
        """See Command.run."""
        roles = [self.roleid] if self.roleid is not None else self.context.all(Role)
        made = ROLE_PERMISSION.rows(self.session, self.caller, lambda q: q.where(
            RolePermission.role_id.in_([role.id for role in roles]), RolePermission.removed.is_(None),
        ).order_by(RolePermission.role_id, RolePermission.position, RolePermission.id))
        items: list[Body] = [
            {"id": derived_id(role, rule), "roleid": role.uuid, "rolename": role.name, "rule": rule,
             "permission": "allow"}
            for role in roles if role.is_default for rule, _, _ in derived(self.session, role)]
        items += made
        return Many(ROLE_PERMISSION.key, items, len(items))


class UpdateRolePermission(Command, roles=ROOT_ONLY, event="ROLE.PERMISSION.UPDATE", since="4.9.0"):
    """Orders a role's rules anew, or turns one from allow to deny or back."""

    roleid = Ref(Role, "The role.").required
    ruleorder = ListOf(Text("The ids of all its rules, in the new order."))
    ruleid = Ref(RolePermission, "The rule to turn; goes with permission.", noun="rule", since="4.11")
    permission = Choice("What the rule shall do.", WORDS, since="4.11")

    def check(self) -> None:
        """See Command.check."""
        take_turn(self)
        demand_made(self, self.roleid)
        if (self.ruleid is None) != (self.permission is None):
            missing, given = ("permission", "ruleid") if self.permission is None else ("ruleid", "permission")
            raise refuse(missing, f"it must be given together with {given}")
        if (self.ruleorder is None) == (self.ruleid is None):
            raise refuse("ruleorder", "give either the new order, or ruleid and permission")
        if self.ruleid is not None and self.ruleid.role_id != self.roleid.id:
            raise refuse("ruleid", f"the rule is not one of role '{self.roleid.name}'")
        if self.ruleorder is not None:
            has = {rule.uuid for rule in rules_of(self.session, self.roleid)}
            if set(self.ruleorder) != has or len(self.ruleorder) != len(has):
                raise refuse("ruleorder", f"it must name each of the role's {len(has)} rules once; listRolePermissions "
                                          "shows them (somebody may have changed them meanwhile)")

    def run(self) -> None:
        """See Command.run."""
        if self.ruleid is not None and self.permission is not None:
            self.ruleid.allow = PERMISSIONS[self.permission]
        places = {id_: place for place, id_ in enumerate(self.ruleorder or ())}
        for rule in rules_of(self.session, self.roleid):
            rule.position = places.get(rule.uuid, rule.position)
        changed(self, self.roleid)


class DeleteRolePermission(Command, roles=ROOT_ONLY, event="ROLE.PERMISSION.DELETE", since="4.9.0"):
    """Removes a rule from its role."""

    id = Ref(RolePermission, "The rule.", noun="rule").required

    def check(self) -> None:
        """See Command.check."""
        take_turn(self)

    def run(self) -> None:
        """See Command.run."""
        role = self.session.scalars(select(Role).where(Role.id == self.id.role_id)).one()
        self.session.execute(delete(RolePermission).where(RolePermission.id == self.id.id))
        changed(self, role)
