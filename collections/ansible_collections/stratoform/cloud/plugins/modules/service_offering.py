#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a service offering."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_offering
short_description: Declare a service offering
version_added: 0.1.0
description:
  - Creates service offerings, the sizes in which instances come, changes their text, and deletes them.
  - What an offering promises cannot be changed; declare another one.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the offering.
    type: str
    required: true
  display_text:
    description: Text that people see. Needed to create the offering.
    type: str
  cpu_number:
    description: Virtual processors.
    type: int
  cpu_speed:
    description: Speed of a processor in MHz.
    type: int
  memory:
    description: Memory in MB.
    type: int
  storage_type:
    description: Where the root volume lives.
    type: str
    choices: [shared, local]
  tags:
    description: Tags of the primary storage that may hold the root volume.
    type: list
    elements: str
  host_tags:
    description: Tag of the hosts on which instances may run.
    type: str
  domain:
    description: Domain (name, path or id) that alone may use the offering.
    type: str
  offer_ha:
    description: Whether instances are started again after their host failed.
    type: bool
  limit_cpu_use:
    description: Whether instances get no more than O(cpu_speed) even on an idle host.
    type: bool
  is_volatile:
    description: Whether the root volume is made anew at every reboot.
    type: bool
  is_system:
    description: Whether the offering is for system VMs.
    type: bool
    default: false
  system_vm_type:
    description: For which system VMs.
    type: str
    choices: [domainrouter, consoleproxy, secondarystoragevm]
  network_rate:
    description: Network rate in Mbit/s.
    type: int
  deployment_planner:
    description: Planner that chooses hosts, for instance V(FirstFitPlanner).
    type: str
  details:
    description: Details for the planner. Only the given ones are compared.
    type: dict
  bytes_read_rate:
    description: Bytes a second read from the root volume.
    type: int
  bytes_write_rate:
    description: Bytes a second written to the root volume.
    type: int
  iops_read_rate:
    description: Reads a second from the root volume.
    type: int
  iops_write_rate:
    description: Writes a second to the root volume.
    type: int
  sort_key:
    description: Place in lists. Set when the offering is created; the API does not show it.
    type: int
  state:
    description: Whether there is such an offering.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a small size
  stratoform.cloud.service_offering:
    name: small
    display_text: 1 x 1 GHz, 512 MB
    cpu_number: 1
    cpu_speed: 1000
    memory: 512
"""

RETURN = r"""
service_offering:
  description: The offering as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The offering's id.
      type: str
      sample: 0fc3cd9c-2bb4-43c7-8c2c-5f5e7fcb4d55
    name:
      description: Its name.
      type: str
      sample: small
    displaytext:
      description: Its text.
      type: str
      sample: 1 x 1 GHz, 512 MB
    cpunumber:
      description: Virtual processors.
      type: int
      sample: 1
    cpuspeed:
      description: Speed of a processor in MHz.
      type: int
      sample: 1000
    memory:
      description: Memory in MB.
      type: int
      sample: 512
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Resource, run


class ServiceOffering(Resource):
    """A size in which instances come."""

    noun = "service_offering"
    lists, creates = "listServiceOfferings", "createServiceOffering"
    updates, deletes = "updateServiceOffering", "deleteServiceOffering"
    fields = (
        Field("name", key=True, narrows="name", on=CREATE, required=True),
        Field("display_text"),
        Field("cpu_number", type="int", immutable=True, on=CREATE),
        Field("cpu_speed", type="int", immutable=True, on=CREATE),
        Field("memory", type="int", immutable=True, on=CREATE),
        Field("storage_type", choices=("shared", "local"), immutable=True, on=CREATE),
        Field("tags", type="list", elements="str", immutable=True, on=CREATE),
        Field("host_tags", immutable=True, on=CREATE),
        Field("domain", reference="domain", narrows="domainid", immutable=True, on=CREATE),
        Field("offer_ha", type="bool", immutable=True, on=CREATE),
        Field("limit_cpu_use", type="bool", immutable=True, on=CREATE),
        Field("is_volatile", type="bool", immutable=True, on=CREATE),
        Field("is_system", type="bool", narrows="issystem", immutable=True, on=CREATE, default=False),
        Field(
            "system_vm_type",
            choices=("domainrouter", "consoleproxy", "secondarystoragevm"),
            immutable=True,
            on=CREATE,
        ),
        Field("network_rate", type="int", immutable=True, on=CREATE),
        Field("deployment_planner", immutable=True, on=CREATE),
        Field(
            "details",
            api="serviceofferingdetails",
            shown="serviceofferingdetails",
            type="dict",
            pairs=True,
            immutable=True,
            on=CREATE,
        ),
        Field("bytes_read_rate", shown="diskBytesReadRate", type="int", immutable=True, on=CREATE),
        Field("bytes_write_rate", shown="diskBytesWriteRate", type="int", immutable=True, on=CREATE),
        Field("iops_read_rate", shown="diskIopsReadRate", type="int", immutable=True, on=CREATE),
        Field("iops_write_rate", shown="diskIopsWriteRate", type="int", immutable=True, on=CREATE),
        Field("sort_key", shown=None, type="int", on=UPDATE, no_log=False),
    )


def main() -> None:
    """Entry point."""
    run(ServiceOffering)


if __name__ == "__main__":
    main()
