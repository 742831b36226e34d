"""Primary storage pools."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, or_

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Order
from stratoform.model.storage import POOL_STATES, StoragePool, Volume
from stratoform.model.topology import Cluster, Host, Pod, Zone
from stratoform.sagas import pool_add, pool_hosts, pool_remove

from .frame.base import OPERATORS, ROOT_ONLY, Command, ListCommand, WaitingCommand
from .frame.params import Bool, Choice, Details, Long, Ref, Text, refuse, shown
from .rules.places import demand_free_name, demand_in_zone
from .rules.storage_urls import Place, place_of
from .rules.tags import TagList, Tags
from .views.storage import STORAGE_POOL

TYPES: Final = {"nfs": "NetworkFilesystem", "sharedmountpoint": "SharedMountPoint", "filesystem": "Filesystem"}
"""URL scheme to pool type (CloudStack installation guide, "Add primary storage")."""

_SCHEMES: Final = {
    "nfs": "nfs://host/export", "sharedmountpoint": "SharedMountPoint://host/path",
    "filesystem": "filesystem://host/path",
}
_DIRECTORIES: Final = ("SharedMountPoint", "Filesystem")
SCOPES: Final = ("CLUSTER", "ZONE", "HOST")
HYPERVISORS: Final = ("KVM", "Simulator")
DEFAULT_PROVIDER: Final = "DefaultPrimary"


class CreateStoragePool(WaitingCommand, roles=ROOT_ONLY, view=STORAGE_POOL):
    """Adds a primary storage pool and attaches it to the hosts that are to reach it.

    A ``filesystem`` pool is a directory of one host and always of scope HOST; its URL names the host.
    """

    clusterid = Ref(Cluster, "The cluster whose hosts reach the pool; not with scope ZONE.")
    details = Details("Free key-value pairs kept with the pool.")
    name_ = Text("Name of the pool; unique in its zone.").required
    podid = Ref(Pod, "The pod of that cluster.")
    tags = Tags("Storage tags, separated by commas; offerings ask for them.")
    url = Text("Where it is: nfs://host/export, SharedMountPoint://host/path or filesystem://host/path.").required
    zoneid = Ref(Zone, "The pool's zone.").required
    provider = Choice("Who drives the storage.", (DEFAULT_PROVIDER,))
    scope = Choice("Who reaches it: the hosts of a CLUSTER (default), of the ZONE, or one HOST.", SCOPES)
    managed = Bool("True for an array that makes a volume for each disk; this cloud drives none.")
    capacityiops = Long("I/O operations per second the pool can promise.")
    capacitybytes = Long("Size of managed storage in bytes; the size of other pools is their file system's.")
    hypervisor = Choice("Hypervisor of the hosts that reach a pool of scope ZONE.", HYPERVISORS)

    def check(self) -> None:
        """See Command.check."""
        if self.managed:
            raise refuse("managed", "no provider of managed storage is installed here; leave it out or false")
        if self.capacitybytes is not None:
            raise refuse("capacitybytes", "it is for managed storage; the size of this pool is its file system's")
        demand_free_name(self.session, "name", self.name_, StoragePool, StoragePool.zone_id == self.zoneid.id)

    def prepare(self) -> StoragePool:
        """See AsyncCommand.prepare."""
        place = place_of("url", self.url, _SCHEMES)
        pool = StoragePool(
            name=self.name_, type=TYPES[place.scheme], zone_id=self.zoneid.id, address=place.host or "localhost",
            path=place.path, provider=self.provider or DEFAULT_PROVIDER, capacity_iops=self.capacityiops,
            tags=self.tags or [], details=self.details or {},
        )
        self._set_scope(pool, place)
        self._refuse_twin(pool)
        if not pool_hosts.connected(self.session, pool):
            raise ApiError(Fault.RESOURCE_UNAVAILABLE, f"Unable to add storage pool '{pool.name}': no connected "
                                                       f"{pool.hypervisor} host would reach it; add a host first")
        self.session.add(pool)
        return pool

    def order(self, subject: StoragePool) -> Order:
        """See AsyncCommand.order."""
        return pool_add.order(subject)

    def _set_scope(self, pool: StoragePool, place: Place) -> None:
        """Who reaches the pool, from scope, cluster, pod and URL.

        Raises:
            ApiError: they are missing or do not go together.
        """
        pool.scope = self.scope or ("HOST" if pool.type == "Filesystem" else "CLUSTER")
        if place.scheme == "nfs" and not place.host:
            raise refuse("url", f"{shown(self.url)} names no server")
        if (pool.scope == "HOST") != (pool.type == "Filesystem"):
            raise refuse("scope", "a filesystem:// pool is a directory of one host, so its scope is HOST, and that of "
                                  "others is CLUSTER or ZONE; use SharedMountPoint:// for a directory all hosts share")
        if pool.scope == "ZONE":
            self._reach_zone(pool)
        else:
            self._reach_cluster(pool)
        if pool.scope == "HOST":
            pool.host_id = self._host_named(place.host, pool).id

    def _reach_zone(self, pool: StoragePool) -> None:
        if self.clusterid is not None or self.podid is not None:
            raise refuse("clusterid" if self.clusterid else "podid", "a pool of scope ZONE belongs to no cluster")
        if self.hypervisor is None:
            raise refuse("hypervisor", "a pool of scope ZONE needs it")
        pool.hypervisor = self.hypervisor

    def _reach_cluster(self, pool: StoragePool) -> None:
        if self.clusterid is None:
            raise refuse("clusterid", f"a pool of scope {pool.scope} needs it")
        demand_in_zone("clusterid", self.clusterid, self.zoneid)
        if self.podid is not None and self.podid.id != self.clusterid.pod_id:
            raise refuse("podid", f"cluster '{self.clusterid.name}' is not in pod '{self.podid.name}'")
        if self.hypervisor not in {None, self.clusterid.hypervisor}:
            raise refuse("hypervisor", f"cluster '{self.clusterid.name}' has {self.clusterid.hypervisor}")
        if self.clusterid.hypervisor not in HYPERVISORS:
            raise refuse("clusterid", f"pools of {self.clusterid.hypervisor} clusters are not made by this cloud yet")
        pool.cluster_id, pool.pod_id = self.clusterid.id, self.clusterid.pod_id
        pool.hypervisor = self.clusterid.hypervisor

    def _host_named(self, name: str, pool: StoragePool) -> Host:
        """The host of the cluster a local pool's URL names by name, address or id; 'localhost' is the only one."""
        if not self.zoneid.local_storage:
            raise refuse("zoneid", f"zone '{self.zoneid.name}' does not allow storage local to a host; "
                                   "allow it with updateZone localstorageenabled=true")
        hosts = self.context.all(Host, Host.cluster_id == pool.cluster_id)
        found = [host for host in hosts if name in {host.name.lower(), host.address.lower(), host.uuid}]
        if not found and name in {"", "localhost"} and len(hosts) == 1:
            found = hosts
        if len(found) != 1:
            raise refuse("url", f"{shown(name)} is no host of the cluster; a filesystem:// URL names the host the "
                                "directory is on, by name, address or id")
        pool.address = found[0].address
        return found[0]

    def _refuse_twin(self, pool: StoragePool) -> None:
        """Refuses a place that a pool with some of the same hosts has already: two pools would count one disk twice."""
        if pool.type == "NetworkFilesystem":
            same: list[Any] = [StoragePool.type == pool.type, StoragePool.address == pool.address]
        else:
            same = [StoragePool.type.in_(_DIRECTORIES), StoragePool.zone_id == pool.zone_id]
            if pool.cluster_id is not None:
                same.append(or_(StoragePool.cluster_id.is_(None), StoragePool.cluster_id == pool.cluster_id))
            if pool.host_id is not None:
                same.append(or_(StoragePool.host_id.is_(None), StoragePool.host_id == pool.host_id))
        twin = self.context.live(StoragePool, StoragePool.path == pool.path, *same)
        if twin is not None:
            raise ApiError(Fault.BAD_PARAMETER, f"Invalid parameter url: storage pool '{twin.name}' is there already",
                           [(twin.__tablename__, twin.uuid)])


class ListStoragePools(ListCommand, roles=OPERATORS, view=STORAGE_POOL):
    """Lists primary storage pools."""

    keyword_columns = (StoragePool.name, StoragePool.type)

    clusterid = Ref(Cluster, "Only pools of this cluster.")
    ipaddress = Text("Only pools on this server.")
    name_ = Text("Only the pool of this name.")
    path = Text("Only pools of this path.", length=1024)
    podid = Ref(Pod, "Only pools of this pod.")
    zoneid = Ref(Zone, "Only pools of this zone.")
    id = Ref(StoragePool, "Only this pool.")
    scope = Choice("Only pools of this scope.", SCOPES)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [StoragePool.removed.is_(None), *self.matching({
            "clusterid": StoragePool.cluster_id, "podid": StoragePool.pod_id, "zoneid": StoragePool.zone_id,
            "id": StoragePool.id, "ipaddress": StoragePool.address, "name": StoragePool.name,
            "path": StoragePool.path, "scope": StoragePool.scope,
        })]


class UpdateStoragePool(Command, roles=ROOT_ONLY, view=STORAGE_POOL, since="3.0.0"):
    """Changes a primary storage pool."""

    id = Ref(StoragePool, "The pool.").required
    tags = TagList("Storage tags, separated by commas; they replace the pool's. A blank one takes all away.")
    capacityiops = Long("I/O operations per second the pool can promise.")
    capacitybytes = Long("Size of managed storage in bytes; the size of other pools is their file system's.")
    enabled = Bool("False: no disks are placed on it from now on; true: they are again.", since="4.6.0")

    def check(self) -> None:
        """See Command.check."""
        if self.capacitybytes is not None:
            raise refuse("capacitybytes", "it is for managed storage; the size of this pool is its file system's")
        if self.enabled is not None and self.id.state not in {"Up", "Disabled"}:
            raise refuse("enabled", f"the pool is in {self.id.state}; end that first, with cancelStorageMaintenance")

    def run(self) -> StoragePool:
        """See Command.run."""
        self.assign(self.id, {"tags": "tags", "capacityiops": "capacity_iops"})
        if self.enabled is not None:
            POOL_STATES.move(self.session, self.id, "enable" if self.enabled else "disable")
        return self.id


class DeleteStoragePool(WaitingCommand, roles=ROOT_ONLY):
    """Removes an empty primary storage pool from the cloud and its hosts; its files stay where they are."""

    id = Ref(StoragePool, "The pool.").required
    forced = Bool("Also when a host does not answer; never with disks on it: expunge their machines first.")

    def check(self) -> None:
        """See Command.check."""
        self.refuse_while_used(self.id, (Volume, Volume.pool_id))

    def prepare(self) -> StoragePool:
        """See AsyncCommand.prepare."""
        return self.id

    def order(self, subject: StoragePool) -> Order:
        """See AsyncCommand.order."""
        return pool_remove.order(subject, forced=bool(self.forced))
