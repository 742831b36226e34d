#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a pod."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pod
short_description: Declare a pod
version_added: 0.1.0
description:
  - Creates, changes, enables, disables and deletes pods, the parts of a zone that share one management subnet.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the pod.
    type: str
    required: true
  zone:
    description: Zone it is in.
    type: str
    required: true
  start_ip:
    description: First address reserved for the cloud's own services. Needed to create the pod.
    type: str
  end_ip:
    description: Last reserved address.
    type: str
  netmask:
    description: Netmask of the management subnet. Needed to create the pod.
    type: str
  gateway:
    description: Gateway of the management subnet. Needed to create the pod.
    type: str
  state:
    description:
      - With V(present) the pod is there; whether it takes new work is left as it is.
      - With V(enabled) or V(disabled) it is there and takes, or does not take, new work.
    type: str
    choices: [present, enabled, disabled, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a pod
  stratoform.cloud.pod:
    name: rack1
    zone: paris
    gateway: 10.0.1.1
    netmask: 255.255.255.0
    start_ip: 10.0.1.20
    end_ip: 10.0.1.40
"""

RETURN = r"""
pod:
  description: The pod as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The pod's id.
      type: str
      sample: 0c1d0cf2-3a3b-4b39-a6a2-0d4fe2a96f0f
    name:
      description: Its name.
      type: str
      sample: rack1
    zonename:
      description: The zone it is in.
      type: str
      sample: paris
    startip:
      description: First reserved address.
      type: str
      sample: 10.0.1.20
    endip:
      description: Last reserved address.
      type: str
      sample: 10.0.1.40
    allocationstate:
      description: Enabled or Disabled.
      type: str
      sample: Enabled
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import ABSENT, Resource, run


class Pod(Resource):
    """A pod of a zone."""

    noun = "pod"
    lists, creates, updates, deletes = "listPods", "createPod", "updatePod", "deletePod"
    states = {
        "present": {},
        "enabled": {"allocation_state": "Enabled"},
        "disabled": {"allocation_state": "Disabled"},
        "absent": ABSENT,
    }
    fields = (
        Field("name", key=True, narrows="name", required=True),
        Field("zone", reference="zone", narrows="zoneid", immutable=True, on=CREATE, required=True),
        Field("start_ip"),
        Field("end_ip"),
        Field("netmask"),
        Field("gateway"),
        Field("allocation_state", option=False),
    )


def main() -> None:
    """Entry point."""
    run(Pod)


if __name__ == "__main__":
    main()
