"""Hosts."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import ColumnElement, false, select

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Order
from stratoform.model.capacity import MIB
from stratoform.model.compute import HOLDS_CAPACITY, GuestOsCategory, ServiceOffering, Vm
from stratoform.model.storage import StoragePool, Volume
from stratoform.model.topology import HOST_STATES, Cluster, Host, Pod, Zone
from stratoform.nodes.port import size_in
from stratoform.sagas import host_add, host_remove

from .clusters import HYPERVISORS, demand_offered
from .frame.answer import Answer, Many
from .frame.base import OPERATORS, ROOT_ONLY, Command, ListCommand, WaitingCommand
from .frame.params import Bool, Choice, ListOf, Raw, Ref, Text, refuse, shown
from .rules.places import ALLOCATION, asked, demand_free_name, demand_in_zone, take_turn
from .rules.tags import TagList
from .views.capacity import loads
from .views.topology import HOST

TYPES = ("Routing", "SecondaryStorage", "SecondaryStorageVM", "ConsoleProxy", "Storage", "ExternalFirewall",
         "ExternalLoadBalancer", "LocalSecondaryStorage", "L2Networking")
STATES = (*HOST_STATES.states, "Down", "Maintenance", "Rebalancing", "Unknown")
RESOURCE_STATES = ("Creating", "Enabled", "Disabled", "PrepareForMaintenance", "ErrorInMaintenance", "Maintenance",
                   "Error")
FIGURES = ("cpuallocated", "memoryallocated", "cpuwithoverprovisioning")
_USER = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?", re.IGNORECASE)
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
                   re.IGNORECASE)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in {"http", "https"} and parts.hostname and parts.port is None
    except ValueError:  # brackets that hold no IPv6 address, a port that is no number
        well_formed = False
    if not well_formed or parts.username is not None or parts.fragment:
        raise refuse("url", f"{shown(url)} is no host's url; it is http://<address or name>, without user or port")
    return parts


def address_in(url: str, hypervisor: str) -> str:
    """The address a host's url gives: an IP address or DNS name; of a simulated host, its place and name.

    Raises:
        ApiError: the url is none.
    """
    parts = _split(url)
    host = parts.hostname or ""
    if hypervisor == "Simulator":
        try:
            size_in(url)
        except ValueError as error:
            raise refuse("url", str(error)) from None
        return host + parts.path.rstrip("/")
    if parts.path.strip("/") or parts.query:
        raise refuse("url", f"{shown(url)} has a path; a {hypervisor} host's url is http://<address or name>")
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        address = "" if re.fullmatch(r"[0-9.]+", host) or not _NAME.fullmatch(host) else host
    if not address or "%" in address:  # Python takes any text at all for the interface of fe80::1%eth0
        raise refuse("url", f"{shown(host)} is neither an IP address nor a DNS name")
    return address


class AddHost(WaitingCommand, roles=OPERATORS, view=HOST):
    """Adds a host: the cloud logs in, asks what it is, attaches its cluster's storage and takes it into service."""

    answers_list = True

    zoneid = Ref(Zone, "Zone of the host.").required
    podid = Ref(Pod, "Pod of the host.").required
    clusterid = Ref(Cluster, "Cluster of the host; or give clustername.")
    clustername = Text("Name of its cluster in the pod, which is made when there is none.")
    hypervisor = Choice("Hypervisor of the host.", HYPERVISORS).required
    url = Text("Where the host is: http://<address or name>; simulated hosts: http://sim/<place>/<name>.").required
    username = Text("User the cloud logs in as; may become root.", length=33).required
    password = Raw("Password of that user; empty: by key.", length=255).required
    hosttags = TagList("Tags of the host, separated by commas; offerings ask for them.")
    allocationstate = Choice("Whether guests may be placed on the host (default Enabled).", ALLOCATION)

    def check(self) -> None:
        """See Command.check."""
        take_turn(self.session, self.zoneid.id)
        demand_in_zone("podid", self.podid, self.zoneid)
        demand_offered(self.hypervisor)
        if not _USER.fullmatch(self.username):
            raise refuse("username", f"{shown(self.username)} is no name of a Unix user")
        if any(ord(c) < ord(" ") for c in self.password):
            raise refuse("password", "it must not contain control characters or line breaks")
        cluster = self._cluster()
        if cluster is not None and cluster.hypervisor != self.hypervisor:
            raise refuse("hypervisor", f"cluster '{cluster.name}' is for {cluster.hypervisor} hosts")
        twin = self.context.live(Host, Host.address == address_in(self.url, self.hypervisor))
        if twin is not None:
            raise refuse("url", f"host '{twin.name}' has the address {twin.address} already")

    def _cluster(self) -> Cluster | None:
        """The cluster asked for; None when it is yet to be made."""
        if (self.clusterid is None) == (self.clustername is None):
            raise refuse("clusterid", "give either clusterid or clustername")
        if self.clusterid is None:
            return self.context.live(Cluster, Cluster.pod_id == self.podid.id, Cluster.name == self.clustername)
        if self.clusterid.pod_id != self.podid.id:
            raise refuse("clusterid", f"cluster '{self.clusterid.name}' is not in pod '{self.podid.name}'")
        return self.clusterid

    def prepare(self) -> Host:
        """See AsyncCommand.prepare."""
        cluster = self._cluster()
        if cluster is None:
            assert self.clustername is not None  # noqa: S101 - _cluster() demands one of the two
            demand_free_name(self.session, "clustername", self.clustername, Cluster, Cluster.pod_id == self.podid.id)
            cluster = Cluster(name=self.clustername, pod_id=self.podid.id, zone_id=self.zoneid.id,
                              hypervisor=self.hypervisor)
            self.session.add(cluster)
            self.session.flush()
        address = address_in(self.url, self.hypervisor)
        host = Host(
            name=address, url=self.url, address=address, username=self.username,
            password=self.context.shared.vault.seal(self.password) if self.password else None,
            zone_id=self.zoneid.id, pod_id=self.podid.id, cluster_id=cluster.id, hypervisor=self.hypervisor,
            resource_state=self.allocationstate or "Enabled", tags=list(dict.fromkeys(self.hosttags or [])),
        )
        self.session.add(host)
        return host

    def order(self, subject: Host) -> Order:
        """See AsyncCommand.order."""
        return host_add.order(subject)


class ListHosts(ListCommand, roles=OPERATORS, view=HOST):
    """Lists hosts."""

    keyword_columns = (Host.name,)

    id = Ref(Host, "Only this host.")
    name_ = Text("Only hosts of this name.")
    zoneid = Ref(Zone, "Only hosts of this zone.")
    podid = Ref(Pod, "Only hosts of this pod.")
    clusterid = Ref(Cluster, "Only hosts of this cluster.")
    hypervisor = Choice("Only hosts of this hypervisor.", HYPERVISORS)
    state = Choice("Only hosts in this state.", STATES)
    resourcestate = Choice("Only hosts in this resource state.", RESOURCE_STATES)
    type = Choice("Only hosts of this type; those that run guests are Routing.", TYPES)
    hahost = Bool("True: only hosts kept for restarted guests; false: only others.")
    virtualmachineid = Ref(Vm, "Only hosts this running machine could move to, and whether they have room.")
    details = ListOf(Choice("Which details: all (default), capacity, events, stats, or min for none.",
                            ("all", "capacity", "events", "stats", "min")))

    def check(self) -> None:
        """See Command.check."""
        if self.virtualmachineid is not None and self.virtualmachineid.state != "Running":
            raise refuse("virtualmachineid", f"the machine is {self.virtualmachineid.state}; only a running one moves")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted: list[ColumnElement[bool]] = [Host.removed.is_(None), *asked(
            (self.id, Host.id), (self.name_, Host.name), (self.zoneid, Host.zone_id), (self.podid, Host.pod_id),
            (self.clusterid, Host.cluster_id), (self.hypervisor, Host.hypervisor), (self.state, Host.state),
            (self.resourcestate, Host.resource_state),
        )]
        if self.type not in {None, "Routing"} or self.hahost:
            wanted.append(false())
        if self.virtualmachineid is not None:
            vm = self.virtualmachineid
            wanted += [Host.zone_id == vm.zone_id, Host.hypervisor == vm.hypervisor, Host.id != (vm.host_id or 0)]
        return wanted

    def run(self) -> Answer:
        """See Command.run."""
        answer = super().run()
        assert isinstance(answer, Many)  # noqa: S101 - lists answer so
        items: list[dict[str, Any]] = [dict(item) for item in answer.items]
        if self.details is not None and not {"all", "capacity"} & set(self.details):
            items = [{k: v for k, v in item.items() if k not in FIGURES} for item in items]
        if self.virtualmachineid is not None:
            self._judge(self.virtualmachineid, items)
        return Many(answer.key, items, answer.count)

    def _judge(self, vm: Vm, items: list[dict[str, Any]]) -> None:
        """Says of each host whether the machine has room there and fits its tags."""
        offering = self.session.get_one(ServiceOffering, vm.service_offering_id)
        rows = {row.uuid: row for row in self.session.scalars(
            select(Host).where(Host.uuid.in_([item["id"] for item in items])))}
        held = loads(self.session, [row.id for row in rows.values()])
        for item in items:
            host = rows[item["id"]]
            mhz, memory = held[host.id].free
            item["hasenoughcapacity"] = mhz >= vm.cpus * vm.speed and memory >= vm.memory * MIB
            item["suitableformigration"] = (
                item["hasenoughcapacity"] and host.state == "Up" and host.resource_state == "Enabled"
                and set(offering.host_tags) <= set(host.tags)
            )


class UpdateHost(Command, roles=ROOT_ONLY, view=HOST):
    """Changes a host."""

    id = Ref(Host, "The host.").required
    allocationstate = Choice("Enable, or Disable: no new guests are placed on it.",
                             ("Enable", "Disable", "Enabled", "Disabled"))
    hosttags = TagList("Tags of the host, separated by commas; they replace the ones it has.")
    oscategoryid = Ref(GuestOsCategory, "Guest OS category the host is preferred for.")
    url = Text("New url of a secondary storage host.")

    def check(self) -> None:
        """See Command.check."""
        if self.allocationstate is not None and self.id.resource_state not in ALLOCATION:
            raise refuse("allocationstate", f"host '{self.id.name}' is in {self.id.resource_state}; end it with "
                                            "cancelHostMaintenance")
        if self.url is not None:
            raise refuse("url", "only hosts of secondary storage take it, and this one runs guests; a host whose "
                                "address changed is removed and added again")

    def run(self) -> Host:
        """See Command.run."""
        if self.allocationstate is not None:
            self.id.resource_state = "Enabled" if self.allocationstate.startswith("Enable") else "Disabled"
        if self.hosttags is not None:
            self.id.tags = list(dict.fromkeys(self.hosttags))
        if self.oscategoryid is not None:
            self.id.os_category_id = self.oscategoryid.id
        return self.id


class DeleteHost(WaitingCommand, roles=OPERATORS):
    """Removes a host from the cloud; its own disks are left alone."""

    id = Ref(Host, "The host.").required
    forced = Bool("True: even when guests run on it, which count as stopped then, or when it does not answer.")
    forcedestroylocalstorage = Bool("True: its local pools leave the cloud with it, if no disks are on them.")

    def check(self) -> None:
        """See Command.check."""
        host = self.id
        guests = self.context.all(Vm, Vm.host_id == host.id, Vm.state.in_(HOLDS_CAPACITY))
        moving = [vm for vm in guests if vm.state != "Running"]
        if guests and (moving or not self.forced):
            names = ", ".join(vm.name for vm in guests[:5])
            way = "wait until their jobs are over" if moving else "stop or move them first, or give forced=true"
            raise ApiError(Fault.IN_USE, f"Unable to execute deleteHost: {len(guests)} virtual machine(s) are on host "
                                         f"'{host.name}' ({names}); {way}", [("vm", vm.uuid) for vm in guests[:5]])
        for pool in self.context.all(StoragePool, StoragePool.host_id == host.id):
            disks = self.context.all(Volume, Volume.pool_id == pool.id)
            if disks or not self.forcedestroylocalstorage:
                way = f"it holds {len(disks)} disk(s)" if disks else "give forcedestroylocalstorage=true to let it go"
                raise ApiError(Fault.IN_USE, f"Unable to execute deleteHost: host '{host.name}' has the local storage "
                                             f"pool '{pool.name}'; {way}", [("storage_pool", pool.uuid)])

    def prepare(self) -> Host:
        """See AsyncCommand.prepare."""
        return self.id

    def order(self, subject: Host) -> Order:
        """See AsyncCommand.order."""
        return host_remove.order(subject, forced=bool(self.forced))
