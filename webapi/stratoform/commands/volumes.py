"""Volumes: the disks of machines."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, false

from stratoform.model.compute import Vm
from stratoform.model.storage import StoragePool, Volume
from stratoform.model.topology import Host, Pod, Zone

from .frame.base import EVERYONE
from .frame.owned import OwnedList
from .frame.params import Choice, Details, Ref, Text
from .views.storage import VOLUME

TYPES: Final = ("ROOT", "DATADISK")


class ListVolumes(OwnedList, roles=EVERYONE, view=VOLUME):
    """Lists disks."""

    keyword_columns = (Volume.name, Volume.type)

    hostid = Ref(Host, "Only disks of machines on this host.", admin=True)
    id = Ref(Volume, "Only this disk.")
    name_ = Text("Only the disk of this name.")
    podid = Ref(Pod, "Only disks on pools of this pod.", admin=True)
    type = Choice("Only disks of this type.", TYPES)
    virtualmachineid = Ref(Vm, "Only disks of this machine.", noun="virtual machine")
    zoneid = Ref(Zone, "Only disks in this zone.")
    storageid = Ref(StoragePool, "Only disks on this pool.", since="4.3", admin=True)
    tags = Details("Only disks with these tags.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [Volume.removed.is_(None), *self.owned_conditions(Volume), *self.matching({
            "hostid": Vm.host_id, "id": Volume.id, "name": Volume.name, "podid": StoragePool.pod_id,
            "type": Volume.type, "virtualmachineid": Volume.vm_id, "zoneid": Volume.zone_id,
            "storageid": Volume.pool_id,
        })]
        if not self.caller.is_root:
            wanted.append(Volume.display_volume.is_(True))
        if self.tags:
            wanted.append(false())  # no disk has any until there are commands to tag
        return wanted
