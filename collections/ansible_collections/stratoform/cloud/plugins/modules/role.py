#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a role."""

from __future__ import annotations

DOCUMENTATION = r"""
module: role
short_description: Declare a role
version_added: 0.2.0
description:
  - Creates, changes and deletes roles, which say what the users of an account may call.
  - The rules are declared as a whole, in their order. The first that matches a command decides.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the role.
    type: str
    required: true
  type:
    description: What its bearers see.
    type: str
    choices: [User, DomainAdmin, ResourceAdmin, Admin]
    default: User
  description:
    description: What it is for.
    type: str
  is_public:
    description: Whether others than root administrators see the role.
    type: bool
  rules:
    description: Its rules, all of them. They are left as they are when not given.
    type: list
    elements: dict
    suboptions:
      rule:
        description: Name of a command, or a pattern with C(*).
        type: str
        required: true
      permission:
        description: What the rule does.
        type: str
        choices: [allow, deny]
        default: allow
  state:
    description: Whether there is such a role.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a role that only looks
  stratoform.cloud.role:
    name: reader
    rules:
      - rule: getUserKeys
        permission: deny
      - rule: list*
"""

RETURN = r"""
role:
  description: The role as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The role's id.
      type: str
      sample: 0c1d0cf2-3a3b-4b39-a6a2-0d4fe2a96f0f
    name:
      description: Its name.
      type: str
      sample: reader
    type:
      description: What its bearers see.
      type: str
      sample: User
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.stratoform.cloud.plugins.module_utils.field import Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Item, Resource, run


def written(rules: Sequence[Mapping[str, Any]]) -> str:
    """Rules in one line: their order counts."""
    return "; ".join("{} {}".format(rule["permission"], rule["rule"]) for rule in rules)


class Role(Resource):
    """A role with its rules."""

    noun = "role"
    lists, creates, updates, deletes = "listRoles", "createRole", "updateRole", "deleteRole"
    fields = (
        Field("name", key=True, narrows="name", required=True),
        Field("type", choices=("User", "DomainAdmin", "ResourceAdmin", "Admin"), default="User"),
        Field("description"),
        Field("is_public", type="bool"),
        Field(
            "rules",
            type="list",
            elements="dict",
            clean=written,
            options={
                "rule": {"type": "str", "required": True},
                "permission": {"type": "str", "choices": ["allow", "deny"], "default": "allow"},
            },
        ),
    )

    def find(self) -> Item | None:
        """The role, with its rules where the task speaks of them."""
        item = super().find()
        if item is None or self.options["rules"] is None:
            return item
        return {**item, "rules": self.api.list("listRolePermissions", roleid=item["id"])}

    def create(self) -> Item:
        """Make the role with its rules."""
        arguments = self.arguments(self.fields)
        if not arguments["rules"]:
            return self.send(self.creates, **{**arguments, "rules": None})
        return self.send("importRole", **arguments)

    def change(self, item: Item, names: Collection[str]) -> Item:
        """Replace the rules as a whole; change the rest."""
        if "rules" in names:
            self.replace(item)
        rest = [name for name in names if name != "rules"]
        return super().change(item, rest) if rest else self.find() or item

    def replace(self, item: Item) -> None:
        """Give the role these rules instead of those it has; importing none is no import."""
        rules = self.options["rules"]
        if rules:
            self.send("importRole", name=item["name"], type=item["type"], rules=rules, forced=True)
            return
        for rule in item["rules"]:
            self.send("deleteRolePermission", id=rule["id"])


def main() -> None:
    """Entry point."""
    run(Role)


if __name__ == "__main__":
    main()
