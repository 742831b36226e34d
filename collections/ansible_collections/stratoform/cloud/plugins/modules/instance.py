#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare an instance."""

from __future__ import annotations

DOCUMENTATION = r"""
module: instance
short_description: Declare an instance
version_added: 0.1.0
description:
  - Deploys instances (virtual machines), starts, stops, reboots, changes, destroys, recovers and expunges them.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Host name of the instance; it tells the instance from the others of its account.
    type: str
    required: true
  zone:
    description: Zone it is in.
    type: str
    required: true
  display_name:
    description: Name that people see.
    type: str
  template:
    description: Template it starts from. Needed to deploy it; cannot be changed.
    type: str
  service_offering:
    description: Its size. Needed to deploy it; cannot be changed.
    type: str
  networks:
    description: Networks it is in, the default one first. Cannot be changed.
    type: list
    elements: str
  ip_address:
    description: Its address in the default network. Cannot be changed.
    type: str
  ip6_address:
    description: Its IPv6 address in the default network. Cannot be changed.
    type: str
  ip_to_networks:
    description: Networks with the address in each, instead of O(networks). Used when it is deployed.
    type: list
    elements: dict
    suboptions:
      network:
        description: The network.
        type: str
        required: true
      ip:
        description: The address in it.
        type: str
      ipv6:
        description: The IPv6 address in it.
        type: str
  ssh_key:
    description: Name of the key pair whose owner may log in. Cannot be changed.
    type: str
  user_data:
    description:
      - Text for the operating system in it, for instance a cloud-init document or a script.
      - Given when the instance is deployed. The API of release 4.3 does not show it, so it is neither compared
        nor changed later.
    type: str
  disk_offering:
    description: Disk offering of a further volume (of the root volume, from an ISO). Used when it is deployed.
    type: str
  disk_size:
    description: Size in GB of that volume when its offering leaves it open. Used when it is deployed.
    type: int
  hypervisor:
    description: Hypervisor, for instance V(KVM), where the template does not tell. Cannot be changed.
    type: str
  host:
    description: Host on which it is deployed (administrators only). It may have moved since, so it is not compared.
    type: str
  group:
    description: Group of instances to which it belongs.
    type: str
  security_groups:
    description: Security groups it is in. Cannot be changed.
    type: list
    elements: str
  affinity_groups:
    description: Affinity groups it is in. Cannot be changed.
    type: list
    elements: str
  keyboard:
    description: Keyboard layout of its console. Used when it is deployed.
    type: str
    choices: [de, de-ch, es, fi, fr, fr-be, fr-ch, is, it, jp, nl-be, "no", pt, uk, us]
  details:
    description: Free details. Only the given ones are compared.
    type: dict
  display_vm:
    description: Whether users see it.
    type: bool
  ha_enable:
    description: Whether it is started again after its host failed.
    type: bool
  is_dynamically_scalable:
    description: Whether it may be given more memory and processors while it runs.
    type: bool
  os_type:
    description: Operating system in it. The template's when not given.
    type: str
  domain:
    description: Domain (name, path or id) of O(account). Cannot be changed.
    type: str
  account:
    description: Account that owns it. The caller's own when not given. Cannot be changed.
    type: str
  project:
    description: Project that owns it. Cannot be changed.
    type: str
  force:
    description: Whether to stop it without asking the operating system in it.
    type: bool
    default: false
  state:
    description:
      - With V(present) the instance is there; a new one is started, of one that is there the power is left as it is,
        and a destroyed one is recovered.
      - With V(started) and V(stopped) it is there and runs, or does not run.
      - With V(restarted) it is rebooted, or started if it does not run. This is a change every time.
      - With V(absent) it is destroyed; it can be recovered until the cloud expunges it.
      - With V(expunged) nothing is left of it.
    type: str
    choices: [present, started, stopped, restarted, absent, expunged]
    default: present
  wait:
    description: Whether to wait until the cloud has done what it was told.
    type: bool
    default: true
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a running instance
  stratoform.cloud.instance:
    name: web1
    zone: paris
    template: debian12
    service_offering: small
    networks: [guests]
    ssh_key: alice
    user_data: |
      #cloud-config
      packages: [nginx]
    state: started

- name: Expunge it
  stratoform.cloud.instance:
    name: web1
    zone: paris
    state: expunged
"""

RETURN = r"""
instance:
  description: The instance as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The instance's id.
      type: str
      sample: 1d1f6e0d-5c3c-4bd8-9e60-53c27d1e7a9a
    name:
      description: Its host name.
      type: str
      sample: web1
    state:
      description: Its state.
      type: str
      sample: Running
    nic:
      description: Its network interfaces.
      type: list
      elements: dict
      sample: [{ipaddress: 10.71.0.10, networkname: guests, isdefault: true}]
    templatename:
      description: The template it started from.
      type: str
      sample: debian12
    serviceofferingname:
      description: Its size.
      type: str
      sample: small
    keypair:
      description: Its key pair.
      type: str
      sample: alice
    password:
      description: Its first password, from the task that deployed it from a template that takes one.
      type: str
      sample: pK7mwq2x
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.planner import Named
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import ABSENT, Item, Resource, run

KEYBOARDS = ("de", "de-ch", "es", "fi", "fr", "fr-be", "fr-ch", "is", "it", "jp", "nl-be", "no", "pt", "uk", "us")
ADDRESS = {"network": {"type": "str", "required": True}, "ip": {"type": "str"}, "ipv6": {"type": "str"}}
MOVING = ("Starting", "Stopping", "Migrating", "Expunging")
GONE = ("Expunging", "Expunged")
RUNNING = "Running"
STOPPED = "Stopped"
DESTROYED = "Destroyed"
FAILED = "Error"
REBOOTED = "Rebooted"  # never a state the API shows, so that a reboot is always a change


def wanted_power(state: str, power: str | None) -> str:
    """The power a declared state means for an instance whose power is ``power`` (None: there is none)."""
    always = {"started": RUNNING, "stopped": STOPPED, "restarted": REBOOTED}
    if state in always:
        return RUNNING if state == "restarted" and power is None else always[state]
    return power if power in (RUNNING, STOPPED) else RUNNING


def power_commands(power: str, wanted: str) -> list[str]:
    """The commands that lead from one power state to another."""
    if wanted == REBOOTED and power == RUNNING:
        return ["rebootVirtualMachine"]
    recovered = ["recoverVirtualMachine"] if power == DESTROYED else []
    if wanted == STOPPED:
        return recovered or ["stopVirtualMachine"]
    return [*recovered, "startVirtualMachine"]


def default_nic(instance: Mapping[str, Any]) -> Mapping[str, Any]:
    """The interface in the default network."""
    nics = instance.get("nic") or [{}]
    return next((nic for nic in nics if nic.get("isdefault")), nics[0])


def networks_of(instance: Mapping[str, Any]) -> list[Named]:
    """The networks an instance is in."""
    return [Named(nic.get("networkname", ""), nic["networkid"]) for nic in instance.get("nic") or []]


class Instance(Resource):
    """A virtual machine."""

    noun = "instance"
    lists, creates = "listVirtualMachines", "deployVirtualMachine"
    updates, deletes = "updateVirtualMachine", "destroyVirtualMachine"
    waits = True
    states = {
        "present": {},
        "started": {},
        "stopped": {},
        "restarted": {},
        "absent": ABSENT,
        "expunged": ABSENT,
    }
    fields = (
        Field("name", key=True, narrows="name", on=CREATE, required=True),
        Field("zone", reference="zone", narrows="zoneid", immutable=True, on=CREATE, required=True),
        Field("display_name"),
        Field("template", reference="template", immutable=True, on=CREATE),
        Field("service_offering", reference="service_offering", immutable=True, on=CREATE),
        Field(
            "networks",
            reference="network",
            api="networkids",
            shown=networks_of,
            type="list",
            elements="str",
            immutable=True,
            on=CREATE,
        ),
        Field("ip_address", shown=lambda item: default_nic(item).get("ipaddress"), immutable=True, on=CREATE),
        Field("ip6_address", shown=lambda item: default_nic(item).get("ip6address"), immutable=True, on=CREATE),
        Field(
            "ip_to_networks",
            api="iptonetworklist",
            shown=None,
            type="list",
            elements="dict",
            options=ADDRESS,
            on=CREATE,
        ),
        Field("ssh_key", api="keypair", shown="keypair", immutable=True, on=CREATE, no_log=False),
        Field("user_data", shown=None, on=CREATE),
        Field("disk_offering", reference="disk_offering", shown=None, on=CREATE),
        Field("disk_size", api="size", shown=None, type="int", on=CREATE),
        Field("hypervisor", immutable=True, on=CREATE),
        Field("host", reference="host", shown=None, on=CREATE),
        Field("group"),
        Field(
            "security_groups",
            api="securitygroupnames",
            shown=lambda item: [group["name"] for group in item.get("securitygroup") or []],
            type="list",
            elements="str",
            immutable=True,
            on=CREATE,
        ),
        Field(
            "affinity_groups",
            api="affinitygroupnames",
            shown=lambda item: [group["name"] for group in item.get("affinitygroup") or []],
            type="list",
            elements="str",
            immutable=True,
            on=CREATE,
        ),
        Field("keyboard", shown=None, choices=KEYBOARDS, on=CREATE, no_log=False),
        Field("details", type="dict"),
        Field("display_vm", type="bool"),
        Field("ha_enable", type="bool", on=UPDATE),
        Field("is_dynamically_scalable", type="bool", on=UPDATE),
        Field(
            "os_type",
            reference="os_type",
            shown=lambda item: Named("", item["guestosid"]) if item.get("guestosid") else None,
            on=UPDATE,
        ),
        Field("domain", reference="domain", narrows="domainid", immutable=True, on=CREATE),
        Field("account", narrows="account", immutable=True, on=CREATE),
        Field("project", reference="project", narrows="projectid", immutable=True, on=CREATE),
        Field("power", api=None, shown="state", option=False),
        Field("force", api=None, shown=None, type="bool", default=False),
    )
    rules = {
        "required_by": {"account": ("domain",)},
        "mutually_exclusive": [("networks", "ip_to_networks"), ("ip_address", "ip_to_networks")],
    }

    def find(self) -> Item | None:
        """The instance, once it is neither starting nor stopping: only then its power can be told."""
        item = super().find()
        if item is None or not self.moving(item):
            return item
        look = super().find

        def settled() -> tuple[Item | None] | None:
            seen = look()
            return None if seen and self.moving(seen) else (seen,)

        return self.api.until(settled, lambda: "its power did not come to rest")[0]

    def moving(self, item: Item) -> bool:
        """Whether its power is about to change and the task wants to wait for that."""
        return bool(self.options["wait"]) and item.get("state") in MOVING

    def choose(self, found: Sequence[Item]) -> Item | None:
        """A living instance before a destroyed one of the same name, and of those the youngest."""
        there = [item for item in found if item.get("state") not in GONE]
        alive = [item for item in there if item.get("state") != DESTROYED]
        if alive or self.options["state"] == "absent":
            return super().choose(alive)
        return max(there, key=lambda item: str(item.get("created")), default=None)

    def desired(self, item: Item | None) -> dict[str, Any] | None:
        """The power that a state means depends on the power there is."""
        declared = super().desired(item)
        if declared is not None:
            declared["power"] = wanted_power(self.options["state"], item and item.get("state"))
        return declared

    def value(self, field: Field) -> Any:
        """User data travels in base64, addresses with the ids of their networks."""
        value = super().value(field)
        if field.name == "user_data" and value is not None:
            return base64.b64encode(value.encode()).decode()
        if field.name == "ip_to_networks" and value:
            rows = [{**row, "networkid": self.directory.find("network", row["network"]).id} for row in value]
            return [{key: row[key] for key in ("networkid", "ip", "ipv6") if row.get(key)} for row in rows]
        return value

    def create(self) -> Item:
        """Deploy it, running unless it is declared stopped."""
        arguments = self.arguments(field for field in self.fields if field.on != UPDATE)
        return self.send(self.creates, startvm=self.options["state"] != "stopped", **arguments)

    def change(self, item: Item, names: Collection[str]) -> Item:
        """Change its description first, then its power; what never came to life is deployed anew."""
        power = item.get("state", "")
        if power == FAILED:
            self.send(self.deletes, id=item["id"], expunge=True)
            return self.complete(self.create())
        rest = [name for name in names if name != "power"]
        if rest:
            item = super().change(item, rest)
        if "power" in names:
            for command in power_commands(power, wanted_power(self.options["state"], power)):
                forced = {"forced": self.options["force"]} if command == "stopVirtualMachine" else {}
                item = self.send(command, id=item["id"], **forced)
        return item if "id" in item else self.find() or item

    def remove(self, item: Item) -> None:
        """Destroy it, and expunge it when nothing shall be left."""
        if item.get("state") == DESTROYED:
            self.send("expungeVirtualMachine", id=item["id"])
        else:
            self.send(self.deletes, id=item["id"], expunge=self.options["state"] == "expunged")


def main() -> None:
    """Entry point."""
    run(Instance)


if __name__ == "__main__":
    main()
