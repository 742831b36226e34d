"""Clusters."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from stratoform.model.base import now
from stratoform.model.storage import StoragePool
from stratoform.model.topology import Cluster, Host, Pod, Zone

from .frame.base import OPERATORS, ROOT_ONLY, Command
from .frame.params import Choice, Raw, Ref, Text, refuse
from .rules.capacities import CapacityList
from .rules.places import ALLOCATION, asked, demand_free_name, demand_in_zone, not_yet, take_turn
from .views.topology import CLUSTER

HYPERVISORS = ("KVM", "Simulator", "XenServer", "VMware", "Hyperv", "BareMetal", "LXC", "Ovm")
"""Hypervisors by the names of the API."""
OFFERED = frozenset({"KVM", "Simulator"})
TYPES = ("CloudManaged", "ExternalManaged")
ONLY_VMWARE = "only VMware hosts are managed by others; give CloudManaged"
MANAGED_STATES = ("Managed", "Unmanaged")


def demand_offered(hypervisor: str) -> None:
    """Refuses a hypervisor this installation cannot drive.

    Raises:
        ApiError: naming it and those that are offered.
    """
    if hypervisor not in OFFERED:
        raise refuse("hypervisor", not_yet(hypervisor) + f"; there are {' and '.join(sorted(OFFERED))}")


class AddCluster(Command, roles=ROOT_ONLY, view=CLUSTER):
    """Adds a cluster: hosts of one hypervisor in one pod."""

    clustername = Text("Name of the cluster; unique in its pod.").required
    zoneid = Ref(Zone, "Zone of the cluster.").required
    podid = Ref(Pod, "Pod of the cluster.").required
    hypervisor = Choice("Hypervisor of all its hosts.", HYPERVISORS).required
    clustertype = Choice("CloudManaged, or ExternalManaged by a vCenter.", TYPES).required
    allocationstate = Choice("Whether guests may be placed in the cluster (default Enabled).", ALLOCATION)
    url = Text("vCenter that manages the cluster.", length=512)
    username = Text("User of that vCenter.")
    password = Raw("Password of that user.", length=255)
    vsmipaddress = Text("Address of the cluster's Nexus 1000v switch.")
    vsmusername = Text("User of that switch.")
    vsmpassword = Raw("Password of that user.", length=255)
    guestvswitchtype = Text("Kind of VMware switch that carries guest traffic.")
    guestvswitchname = Text("Name of that switch.")
    publicvswitchtype = Text("Kind of VMware switch that carries public traffic.")
    publicvswitchname = Text("Name of that switch.")

    _VMWARE = ("url", "username", "password", "vsmipaddress", "vsmusername", "vsmpassword", "guestvswitchtype",
               "guestvswitchname", "publicvswitchtype", "publicvswitchname")

    def check(self) -> None:
        """See Command.check."""
        take_turn(self.session, self.zoneid.id)
        demand_offered(self.hypervisor)
        if self.clustertype == "ExternalManaged":
            raise refuse("clustertype", ONLY_VMWARE)
        for name in self._VMWARE:
            if name in self.values:
                raise refuse(name, f"only clusters of VMware hosts take it, and this is one of {self.hypervisor} hosts")
        demand_in_zone("podid", self.podid, self.zoneid)
        demand_free_name(self.session, "clustername", self.clustername, Cluster, Cluster.pod_id == self.podid.id)

    def run(self) -> Cluster:
        """See Command.run."""
        cluster = Cluster(
            name=self.clustername, pod_id=self.podid.id, zone_id=self.zoneid.id, hypervisor=self.hypervisor,
            type=self.clustertype, allocation_state=self.allocationstate or "Enabled",
        )
        self.session.add(cluster)
        return cluster


class ListClusters(CapacityList, roles=OPERATORS, view=CLUSTER):
    """Lists clusters."""

    place = Cluster
    keyword_columns = (Cluster.name,)

    id = Ref(Cluster, "Only this cluster.")
    name_ = Text("Only clusters of this name.")
    zoneid = Ref(Zone, "Only clusters of this zone.")
    podid = Ref(Pod, "Only clusters of this pod.")
    hypervisor = Choice("Only clusters of this hypervisor.", HYPERVISORS)
    clustertype = Choice("Only clusters of this type.", TYPES)
    allocationstate = Choice("Only clusters in this allocation state.", ALLOCATION)
    managedstate = Choice("Only clusters in this managed state.", MANAGED_STATES)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [Cluster.removed.is_(None), *asked(
            (self.id, Cluster.id), (self.name_, Cluster.name), (self.zoneid, Cluster.zone_id),
            (self.podid, Cluster.pod_id), (self.hypervisor, Cluster.hypervisor), (self.clustertype, Cluster.type),
            (self.allocationstate, Cluster.allocation_state), (self.managedstate, Cluster.managed_state),
        )]


class UpdateCluster(Command, roles=ROOT_ONLY, view=CLUSTER):
    """Changes a cluster."""

    id = Ref(Cluster, "The cluster.").required
    clustername = Text("New name; unique in its pod.")
    hypervisor = Choice("Another hypervisor, while the cluster has no hosts and no storage.", HYPERVISORS)
    clustertype = Choice("Its type; CloudManaged for every hypervisor offered.", TYPES)
    allocationstate = Choice("Whether guests may be placed in the cluster.", ALLOCATION)
    managedstate = Choice("Unmanaged: the cloud places nothing in the cluster until it is Managed again.",
                          MANAGED_STATES)

    _COLUMNS = {  # noqa: RUF012 - parameter to column
        "clustername": "name", "hypervisor": "hypervisor", "allocationstate": "allocation_state",
        "managedstate": "managed_state",
    }

    def check(self) -> None:
        """See Command.check."""
        cluster = self.id
        if self.clustername is not None:
            demand_free_name(self.session, "clustername", self.clustername, Cluster,
                             Cluster.pod_id == cluster.pod_id, Cluster.id != cluster.id)
        if self.clustertype == "ExternalManaged":
            raise refuse("clustertype", ONLY_VMWARE)
        if self.hypervisor is not None and self.hypervisor != cluster.hypervisor:
            demand_offered(self.hypervisor)
            self.refuse_while_used(cluster, (Host, Host.cluster_id), (StoragePool, StoragePool.cluster_id))

    def run(self) -> Cluster:
        """See Command.run."""
        self.assign(self.id, self._COLUMNS)
        return self.id


class DeleteCluster(Command, roles=ROOT_ONLY):
    """Deletes an empty cluster."""

    id = Ref(Cluster, "The cluster.").required

    def check(self) -> None:
        """See Command.check."""
        self.refuse_while_used(self.id, (Host, Host.cluster_id), (StoragePool, StoragePool.cluster_id))

    def run(self) -> None:
        """See Command.run."""
        self.id.removed = now()
