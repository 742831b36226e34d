"""Capacities: how full the cloud is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratoform.model.topology import Cluster, Pod, Zone

from .frame.answer import Body
from .frame.base import OPERATORS
from .frame.params import Bool, Choice, Int, Ref, refuse
from .frame.plain import PlainList
from .frame.scope import visible
from .views.capacity import capacities_of
from .views.records import CAPACITY_ENTRY

Place = type[Zone] | type[Pod] | type[Cluster]


class ListCapacity(PlainList, roles=OPERATORS, view=CAPACITY_ENTRY):
    """Lists what is used and what there is of every kind of capacity, as it is now."""

    zoneid = Ref(Zone, "Only capacities of this zone.")
    podid = Ref(Pod, "Only capacities of this pod.")
    clusterid = Ref(Cluster, "Only capacities of this cluster.", since="3.0.0")
    fetchlatest = Bool("Not needed: capacities are always counted when they are asked for.", since="3.0.0")
    type = Int("Only this kind: 0 memory, 1 CPU, 2 storage, 3 storage promised, 4 public addresses, 5 private "
               "addresses, 6 secondary storage, 7 VLANs, 8 addresses of shared networks, 9 local storage.")
    sortby = Choice("Usage: the fullest first, one level below what is asked for: zones of the cloud, pods of a zone, "
                    "clusters of a pod.", ("Usage",), since="3.0.0")

    def check(self) -> None:
        """See Command.check."""
        if self.podid is not None and self.zoneid is not None and self.podid.zone_id != self.zoneid.id:
            raise refuse("podid", "the pod is not in that zone")
        if self.clusterid is not None and self.podid is not None and self.clusterid.pod_id != self.podid.id:
            raise refuse("clusterid", "the cluster is not in that pod")

    def items(self) -> list[Body]:
        """See PlainList.items."""
        place, ids = self._places()
        found = [entry for entries in capacities_of(self.session, place, ids).values() for entry in entries
                 if self.type in {None, entry["type"]}]
        if self.sortby is not None:
            found.sort(key=lambda entry: -float(entry["percentused"]))
        return found

    def _places(self) -> tuple[Place, list[int]]:
        """The places whose capacities are asked for."""
        if self.clusterid is not None:
            return Cluster, [self.clusterid.id]
        if self.podid is not None:
            return (Cluster, self._all(Cluster, Cluster.pod_id == self.podid.id)) if self.sortby else (
                Pod, [self.podid.id])
        if self.zoneid is not None:
            return (Pod, self._all(Pod, Pod.zone_id == self.zoneid.id)) if self.sortby else (Zone, [self.zoneid.id])
        return Zone, self._all(Zone)

    def _all(self, place: Place, *conditions: Any) -> list[int]:
        seen = visible(place, self.caller)
        return list(self.session.scalars(select(place.id).where(place.removed.is_(None), *seen, *conditions)))
