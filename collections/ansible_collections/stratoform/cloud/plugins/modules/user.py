#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a user."""

from __future__ import annotations

DOCUMENTATION = r"""
module: user
short_description: Declare a user
version_added: 0.2.0
description:
  - Creates, changes, enables, disables, locks and deletes users, who speak for an account.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name the user logs in with, unique in the domain.
    type: str
    required: true
  domain:
    description: Domain (name, path or id) of O(account).
    type: str
    default: ROOT
  account:
    description: Account the user speaks for. Needed to create the user.
    type: str
  password:
    description: Password, used on creation only. Needed to create the user.
    type: str
  email:
    description: E-mail address. Needed to create the user.
    type: str
  first_name:
    description: First name. Needed to create the user.
    type: str
  last_name:
    description: Last name. Needed to create the user.
    type: str
  timezone:
    description: Time zone.
    type: str
  state:
    description:
      - With V(present) the user is there; whether enabled is left as it is.
      - V(locked) and V(disabled) users can do nothing.
    type: str
    choices: [present, enabled, disabled, locked, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a second user of an account
  stratoform.cloud.user:
    name: bert
    account: shop
    domain: ROOT/sales
    password: "{{ vault_bert_password }}"
    email: bert@example.org
    first_name: Bert
    last_name: Baum
"""

RETURN = r"""
user:
  description: The user as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The user's id.
      type: str
      sample: 0c1d0cf2-3a3b-4b39-a6a2-0d4fe2a96f0f
    username:
      description: The name the user logs in with.
      type: str
      sample: bert
    state:
      description: Whether the user is enabled, disabled or locked.
      type: str
      sample: enabled
"""

from collections.abc import Collection

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import ABSENT, Item, Resource, run

COMMANDS = {"enabled": ("enableUser",), "disabled": ("disableUser",), "locked": ("enableUser", "lockUser")}


class User(Resource):
    """A user, known by name within a domain."""

    noun = "user"
    lists, creates, updates, deletes = "listUsers", "createUser", "updateUser", "deleteUser"
    listing = {"listall": True}
    states = {
        "present": {},
        "enabled": {"user_state": "enabled"},
        "disabled": {"user_state": "disabled"},
        "locked": {"user_state": "locked"},
        "absent": ABSENT,
    }
    fields = (
        Field("name", api="username", shown="username", key=True, narrows="username", on=CREATE, required=True),
        Field("domain", reference="domain", narrows="domainid", immutable=True, on=CREATE, default="ROOT"),
        Field("account", immutable=True, on=CREATE),
        Field("password", shown=None, on=CREATE, no_log=True),
        Field("email"),
        Field("first_name"),
        Field("last_name"),
        Field("timezone"),
        Field("user_state", api=None, shown="state", option=False, on=UPDATE),
    )

    def change(self, item: Item, names: Collection[str]) -> Item:
        """Enable, disable or lock the user by the commands there are for it; change the rest."""
        if "user_state" in names:
            for command in COMMANDS[(self.states[self.options["state"]] or {})["user_state"]]:
                self.send(command, id=item["id"])
        rest = [name for name in names if name != "user_state"]
        return super().change(item, rest) if rest else self.find() or item


def main() -> None:
    """Entry point."""
    run(User)


if __name__ == "__main__":
    main()
