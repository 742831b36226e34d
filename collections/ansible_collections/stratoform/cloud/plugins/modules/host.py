#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a hypervisor host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host
short_description: Declare a hypervisor host
version_added: 0.1.0
description:
  - Adds hypervisor hosts to a cluster, changes their tags, enables, disables and removes them.
  - A host is known by the address in O(url) or, because the cloud names a host as it names itself, by O(name).
author: Stratoform contributors (@stratoform)
options:
  url:
    description: Address of the host, for instance V(http://10.0.1.21).
    type: str
    required: true
  name:
    description: Name under which the cloud shows the host, where the address alone does not tell it.
    type: str
  zone:
    description: Zone it is in.
    type: str
    required: true
  pod:
    description: Pod it is in. Needed to add the host; cannot be changed.
    type: str
  cluster:
    description: Cluster it is in. Cannot be changed.
    type: str
  hypervisor:
    description: Hypervisor, for instance V(KVM) or V(Simulator). Needed to add the host; cannot be changed.
    type: str
  username:
    description: User as which the cloud logs in to the host. Used when the host is added.
    type: str
    default: root
  password:
    description: Password of O(username); may be empty where a key lets the cloud in. Used when the host is added.
    type: str
    default: ""
  host_tags:
    description: Tags that service offerings ask for.
    type: list
    elements: str
  os_category:
    description: Operating-system category of the guests that the host prefers.
    type: str
  forced:
    description: With O(state=absent), remove the host although instances run on it.
    type: bool
    default: false
  force_destroy_local_storage:
    description: With O(state=absent), also give up the host's local storage.
    type: bool
    default: false
  state:
    description:
      - With V(present) the host is there; whether it takes new work is left as it is.
      - With V(enabled) or V(disabled) it is there and takes, or does not take, new work.
    type: str
    choices: [present, enabled, disabled, absent]
    default: present
  wait:
    description: Whether to wait until the host is Up.
    type: bool
    default: true
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a KVM host
  stratoform.cloud.host:
    url: http://10.0.1.21
    zone: paris
    pod: rack1
    cluster: kvm1
    hypervisor: KVM
    host_tags: [ssd]

- name: Declare a simulated host
  stratoform.cloud.host:
    url: http://sim/c0/h0
    zone: paris
    pod: rack1
    cluster: simulated
    hypervisor: Simulator
"""

RETURN = r"""
host:
  description: The host as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The host's id.
      type: str
      sample: 1a5ac9a4-2a71-4a6c-a8b5-5d9d5a4f9c9a
    name:
      description: Its own name.
      type: str
      sample: node21
    ipaddress:
      description: Its address.
      type: str
      sample: 10.0.1.21
    state:
      description: Up when it is connected.
      type: str
      sample: Up
    resourcestate:
      description: Enabled when it takes new work.
      type: str
      sample: Enabled
    cpunumber:
      description: Its processors.
      type: int
      sample: 32
    memorytotal:
      description: Its memory in bytes.
      type: int
      sample: 137438953472
    hosttags:
      description: Its tags, separated by commas.
      type: str
      sample: ssd
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import ABSENT, Item, Resource, run

RESOURCE_STATE = {"Enable": "Enabled", "Disable": "Disabled"}
"""updateHost takes the verb; the answer shows the state."""


def known_as(url: str, name: str | None) -> set[str]:
    """What a host may be called in answers: the declared name alone, or what its URL tells.

    Simulated hosts share a server name; the URL's path tells them apart.
    """
    if name:
        return {name}
    parts = urlsplit(url)
    server, path = parts.hostname or url, parts.path.strip("/")
    return {url, f"{server}/{path}", f"{server}/{path}".replace("/", "-")} if path else {server}


class Host(Resource):
    """A hypervisor host."""

    noun = "host"
    lists, creates, updates, deletes = "listHosts", "addHost", "updateHost", "deleteHost"
    listing = {"type": "Routing"}
    waits = True
    states = {
        "present": {},
        "enabled": {"resource_state": "Enable"},
        "disabled": {"resource_state": "Disable"},
        "absent": ABSENT,
    }
    fields = (
        Field("url", shown=None, on=CREATE, required=True),
        Field("name", api=None, shown=None),
        Field("zone", reference="zone", narrows="zoneid", immutable=True, on=CREATE, required=True),
        Field("pod", reference="pod", immutable=True, on=CREATE),
        Field("cluster", reference="cluster", immutable=True, on=CREATE),
        Field("hypervisor", immutable=True, on=CREATE),
        Field("username", shown=None, on=CREATE, default="root"),
        Field("password", shown=None, on=CREATE, default="", no_log=True),
        Field("host_tags", type="list", elements="str"),
        Field("os_category", reference="os_category", on=UPDATE),
        Field(
            "resource_state",
            api="allocationstate",
            shown="resourcestate",
            clean=lambda value: RESOURCE_STATE.get(value, value),
            option=False,
            on=UPDATE,
        ),
        Field("forced", api=None, shown=None, type="bool", default=False),
        Field("force_destroy_local_storage", api=None, shown=None, type="bool", default=False),
    )

    @property
    def title(self) -> str:
        """The host as an error speaks of it."""
        return "host {!r}".format(self.options["url"])

    def choose(self, found: Sequence[Item]) -> Item | None:
        """The host that carries one of its names as name or as address."""
        names = known_as(self.options["url"], self.options.get("name"))
        return super().choose([item for item in found if names & {item.get("name"), item.get("ipaddress")}])

    def remove(self, item: Item) -> None:
        """Remove the host, with its instances when forced."""
        self.send(
            self.deletes,
            id=item["id"],
            forced=self.options["forced"],
            forcedestroylocalstorage=self.options["force_destroy_local_storage"],
        )

    def settle(self, item: Item) -> Item:
        """Wait until the host is Up."""
        self.doing = "connect"
        return self.watch(item, lambda host: host.get("state") == "Up", "state")


def main() -> None:
    """Entry point."""
    run(Host)


if __name__ == "__main__":
    main()
