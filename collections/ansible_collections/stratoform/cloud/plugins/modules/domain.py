#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a domain."""

from __future__ import annotations

DOCUMENTATION = r"""
module: domain
short_description: Declare a domain
version_added: 0.2.0
description:
  - Creates, changes and deletes domains, the tree in which accounts are.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the domain, unique in O(parent).
    type: str
    required: true
  parent:
    description: Domain (name, path or id) it is in. The caller's own when not given, for administrators V(ROOT).
    type: str
  network_domain:
    description: DNS suffix of networks of its accounts.
    type: str
  cleanup:
    description: With O(state=absent), deletes all that is in the domain, too. Without it, only empty ones are deleted.
    type: bool
    default: false
  state:
    description: Whether there is such a domain.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a domain
  stratoform.cloud.domain:
    name: north
    parent: ROOT/sales
    network_domain: north.example.org
"""

RETURN = r"""
domain:
  description: The domain as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The domain's id.
      type: str
      sample: 0c1d0cf2-3a3b-4b39-a6a2-0d4fe2a96f0f
    path:
      description: Its name behind those it is in.
      type: str
      sample: ROOT/sales/north
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Item, Resource, run


class Domain(Resource):
    """A domain, known by its name within another."""

    noun = "domain"
    lists, creates, updates, deletes = "listDomainChildren", "createDomain", "updateDomain", "deleteDomain"
    fields = (
        Field("name", key=True, narrows="name", required=True),
        Field("parent", reference="parent_domain", narrows="id", immutable=True, on=CREATE),
        Field("network_domain"),
        Field("cleanup", api=None, shown=None, type="bool", default=False),
    )

    def remove(self, item: Item) -> None:
        """Delete the domain, with all that is in it when told to."""
        self.send(self.deletes, id=item["id"], cleanup=self.options["cleanup"])


def main() -> None:
    """Entry point."""
    run(Domain)


if __name__ == "__main__":
    main()
