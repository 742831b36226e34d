#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster
short_description: Declare a cluster
version_added: 0.1.0
description:
  - Creates, changes, enables, disables and deletes clusters, the groups of like hosts that share primary storage.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  zone:
    description: Zone it is in.
    type: str
    required: true
  pod:
    description: Pod it is in.
    type: str
    required: true
  hypervisor:
    description: Hypervisor of its hosts, for instance V(KVM) or V(Simulator). Needed to create it; cannot be changed.
    type: str
  cluster_type:
    description: Who manages the hosts, the cloud or a manager of their own such as vCenter. Cannot be changed.
    type: str
    choices: [CloudManaged, ExternalManaged]
    default: CloudManaged
  managed_state:
    description: Whether the cloud manages the cluster's hosts.
    type: str
    choices: [Managed, Unmanaged]
  url:
    description: Address of the external manager. Used on creation only.
    type: str
  username:
    description: User at the external manager. Used on creation only.
    type: str
  password:
    description: Password at the external manager. Used on creation only.
    type: str
  vsm_ip_address:
    description: Address of the virtual supervisor module of a Nexus switch. Used on creation only.
    type: str
  vsm_username:
    description: User at the virtual supervisor module. Used on creation only.
    type: str
  vsm_password:
    description: Password at the virtual supervisor module. Used on creation only.
    type: str
  guest_vswitch_type:
    description: Kind of virtual switch for guest traffic. Used on creation only.
    type: str
  guest_vswitch_name:
    description: Name of the virtual switch for guest traffic. Used on creation only.
    type: str
  public_vswitch_type:
    description: Kind of virtual switch for public traffic. Used on creation only.
    type: str
  public_vswitch_name:
    description: Name of the virtual switch for public traffic. Used on creation only.
    type: str
  state:
    description:
      - With V(present) the cluster is there; whether it takes new work is left as it is.
      - With V(enabled) or V(disabled) it is there and takes, or does not take, new work.
    type: str
    choices: [present, enabled, disabled, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a KVM cluster
  stratoform.cloud.cluster:
    name: kvm1
    zone: paris
    pod: rack1
    hypervisor: KVM
"""

RETURN = r"""
cluster:
  description: The cluster as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The cluster's id.
      type: str
      sample: 5ad5c0f1-1a53-4c5f-8f1e-04bdb8a9d3a7
    name:
      description: Its name.
      type: str
      sample: kvm1
    zonename:
      description: The zone it is in.
      type: str
      sample: paris
    podname:
      description: The pod it is in.
      type: str
      sample: rack1
    hypervisortype:
      description: Hypervisor of its hosts.
      type: str
      sample: KVM
    allocationstate:
      description: Enabled or Disabled.
      type: str
      sample: Enabled
    managedstate:
      description: Managed or Unmanaged.
      type: str
      sample: Managed
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import ABSENT, Resource, run


class Cluster(Resource):
    """A cluster of a pod."""

    noun = "cluster"
    lists, creates, updates, deletes = "listClusters", "addCluster", "updateCluster", "deleteCluster"
    states = {
        "present": {},
        "enabled": {"allocation_state": "Enabled"},
        "disabled": {"allocation_state": "Disabled"},
        "absent": ABSENT,
    }
    fields = (
        Field("name", api="clustername", key=True, narrows="name", required=True),
        Field("zone", reference="zone", narrows="zoneid", immutable=True, on=CREATE, required=True),
        Field("pod", reference="pod", narrows="podid", immutable=True, on=CREATE, required=True),
        Field("hypervisor", shown="hypervisortype", immutable=True, on=CREATE),
        Field(
            "cluster_type",
            choices=("CloudManaged", "ExternalManaged"),
            default="CloudManaged",
            immutable=True,
            on=CREATE,
        ),
        Field("managed_state", choices=("Managed", "Unmanaged"), on=UPDATE),
        Field("url", shown=None, on=CREATE),
        Field("username", shown=None, on=CREATE),
        Field("password", shown=None, on=CREATE, no_log=True),
        Field("vsm_ip_address", shown=None, on=CREATE),
        Field("vsm_username", shown=None, on=CREATE),
        Field("vsm_password", shown=None, on=CREATE, no_log=True),
        Field("guest_vswitch_type", shown=None, on=CREATE),
        Field("guest_vswitch_name", shown=None, on=CREATE),
        Field("public_vswitch_type", shown=None, on=CREATE),
        Field("public_vswitch_name", shown=None, on=CREATE),
        Field("allocation_state", option=False),
    )


def main() -> None:
    """Entry point."""
    run(Cluster)


if __name__ == "__main__":
    main()
