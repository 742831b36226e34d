"""What kinds of hypervisors can do."""

from __future__ import annotations

from stratoform.commands.frame.view import View, col, unset
from stratoform.model.hypervisors import HypervisorCapability
from stratoform.sagas.steps_volume import DEVICES

from .records import JOB_FIELDS

_KIND = HypervisorCapability.hypervisor

HYPERVISOR_CAPABILITIES = View("hypervisorCapabilities", HypervisorCapability, (
    col("id", "string", "The entry's id.", HypervisorCapability.uuid),
    col("hypervisorversion", "string", "default: every version.", _KIND, make=lambda _kind: "default"),
    col("hypervisor", "hypervisortype", "The hypervisor.", _KIND),
    col("maxguestslimit", "long", "Most machines on one host; left out: as many as there is room for.",
        HypervisorCapability.max_guests),
    col("securitygroupenabled", "boolean", "True when security groups filter its guests.", _KIND,
        make=lambda _kind: False),
    col("maxdatavolumeslimit", "integer", "Most data disks of one machine.", _KIND, make=lambda _kind: len(DEVICES)),
    unset("maxhostspercluster", "integer", "Most hosts of one cluster; left out: any number."),
    col("storagemotionenabled", "boolean", "True when disks move with running machines.", _KIND,
        make=lambda _kind: False),
    col("vmsnapshotenabled", "boolean", "True when machines can be snapshotted with their memory.", _KIND,
        make=lambda _kind: False, since="4.16.0"),
    *JOB_FIELDS,
))
