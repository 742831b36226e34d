#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare an account."""

from __future__ import annotations

DOCUMENTATION = r"""
module: account
short_description: Declare an account
version_added: 0.2.0
description:
  - Creates, changes, enables, disables, locks and deletes accounts, which own instances, volumes and networks.
  - An account is created with its first user; further ones are declared by M(stratoform.cloud.user).
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the account, unique in its domain.
    type: str
    required: true
  domain:
    description: Domain (name, path or id) it is in.
    type: str
    default: ROOT
  role:
    description: What its users may do. V(User) when a new account declares none.
    type: str
  username:
    description: Name of its first user, used on creation only. O(name) when not given.
    type: str
  password:
    description: Password of its first user, used on creation only. Needed to create the account.
    type: str
  email:
    description: E-mail address of its first user, used on creation only. Needed to create the account.
    type: str
  first_name:
    description: First name of its first user, used on creation only. Needed to create the account.
    type: str
  last_name:
    description: Last name of its first user, used on creation only. Needed to create the account.
    type: str
  timezone:
    description: Time zone of its first user, used on creation only.
    type: str
  network_domain:
    description: DNS suffix of its networks.
    type: str
  details:
    description: Free pairs of key and value; those that are not named here stay.
    type: dict
  state:
    description:
      - With V(present) the account is there; whether it is enabled is left as it is.
      - V(locked), its users can do nothing; V(disabled), its instances are stopped, too.
      - V(absent), it is deleted with all it owns.
    type: str
    choices: [present, enabled, disabled, locked, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare an account
  stratoform.cloud.account:
    name: shop
    domain: ROOT/sales
    username: anna
    password: "{{ vault_anna_password }}"
    email: anna@example.org
    first_name: Anna
    last_name: Alt
"""

RETURN = r"""
account:
  description: The account as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The account's id.
      type: str
      sample: 0c1d0cf2-3a3b-4b39-a6a2-0d4fe2a96f0f
    name:
      description: Its name.
      type: str
      sample: shop
    state:
      description: Whether it is enabled, disabled or locked.
      type: str
      sample: enabled
    user:
      description: Its users.
      type: list
      elements: dict
"""

from collections.abc import Collection

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import ABSENT, Item, Resource, run


class Account(Resource):
    """An account, known by its name within a domain."""

    noun = "account"
    lists, creates, updates, deletes = "listAccounts", "createAccount", "updateAccount", "deleteAccount"
    listing = {"listall": True}
    states = {
        "present": {},
        "enabled": {"account_state": "enabled"},
        "disabled": {"account_state": "disabled"},
        "locked": {"account_state": "locked"},
        "absent": ABSENT,
    }
    fields = (
        Field("name", api="account", shown="name", key=True, narrows="name", on=CREATE, required=True),
        Field("domain", reference="domain", narrows="domainid", immutable=True, on=CREATE, default="ROOT"),
        Field("role", reference="role"),
        Field("username", shown=None, on=CREATE),
        Field("password", shown=None, on=CREATE, no_log=True),
        Field("email", shown=None, on=CREATE),
        Field("first_name", shown=None, on=CREATE),
        Field("last_name", shown=None, on=CREATE),
        Field("timezone", shown=None, on=CREATE),
        Field("network_domain"),
        Field("details", api="accountdetails", shown="accountdetails", type="dict"),
        Field("account_state", api=None, shown="state", option=False, on=UPDATE),
    )

    def create(self) -> Item:
        """Make the account and its first user."""
        arguments = self.arguments(field for field in self.fields if field.on != UPDATE)
        arguments["username"] = arguments["username"] or self.options["name"]
        if not arguments["roleid"]:
            arguments["accounttype"] = 0
        return self.send(self.creates, **arguments)

    def change(self, item: Item, names: Collection[str]) -> Item:
        """Enable, disable or lock the account by the commands there are for it; change the rest."""
        if "account_state" in names:
            self.switch(item)
        rest = [name for name in names if name != "account_state"]
        return super().change(item, rest) if rest else self.find() or item

    def switch(self, item: Item) -> None:
        """Bring the account into the declared state; a disabled one is locked by way of enabled."""
        state = (self.states[self.options["state"]] or {})["account_state"]
        if state == "enabled" or (state == "locked" and item["state"] == "disabled"):
            self.send("enableAccount", id=item["id"])
        if state != "enabled":
            self.send("disableAccount", id=item["id"], lock=state == "locked")


def main() -> None:
    """Entry point."""
    run(Account)


if __name__ == "__main__":
    main()
