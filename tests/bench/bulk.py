"""Fills a migrated database with a cloud of any size, in batches and without the API: 25,000 hosts in a minute.

A table is filled by the function registered for it in ``FILLERS``, in their order; one that the models do not have is
skipped, and so are columns. A new kind of object needs one more function there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, func, select

from stratoform.db.database import Database
from stratoform.model.base import Base, now
from stratoform.model.bootstrap import bootstrap, new_key
from stratoform.model.compute import GuestOs, ServiceOffering
from stratoform.model.network import NetworkOffering
from stratoform.model.tenancy import Domain
from stratoform.nodes.simulator import Base as SimulatorBase
from stratoform.secrets import Vault

Row = dict[str, Any]
BATCH = 2000
GIB = 2**30
ISOLATED = "DefaultIsolatedNetworkOfferingWithSourceNatService"


@dataclass(frozen=True)
class Scale:
    """How much there is. The defaults are the reference's published scale test."""

    hosts: int = 25_000
    accounts: int = 25_000
    vms: int = 25_000  # two volumes and at least one NIC each
    networks: int = 25_000  # an address range and a router each
    events: int = 100_000
    templates: int = 2_000
    offerings: int = 500
    branches: tuple[int, ...] = (5, 20, 30)  # domains below each domain, level by level
    own: int = 1_000  # of machines, networks and events: those of the one user who is measured


@dataclass
class World:
    """What has been filled in so far: the ids the next rows refer to.

    Attributes:
        first: table name to the row id of the first row made here.
        uuids: table name to the uuids of the rows made here.
        domains: (row id, path) of the domains made here, parents first.
        keys: name of a measured caller to its API key and secret key.
    """

    scale: Scale
    vault: Vault
    seeded: dict[str, int]
    dice: random.Random = field(default_factory=lambda: random.Random(25))  # noqa: S311 - the same cloud every time
    first: dict[str, int] = field(default_factory=dict)
    uuids: dict[str, list[str]] = field(default_factory=dict)
    domains: list[tuple[int, str]] = field(default_factory=list)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)

    def uuid(self) -> str:
        """A random uuid."""
        text = f"{self.dice.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def account(self, number: int) -> Row:
        """Owner of the object of that number: the measured user has the first ones, each other account one."""
        index = 0 if number < self.scale.own else number % self.scale.accounts
        return {"account_id": self.first["account"] + index, "domain_id": self.domain_of(index)}

    def domain_of(self, account: int) -> int:
        """Row id of the domain an account is in: the measured accounts near the top, all others spread."""
        return self.domains[0 if account < len(CALLERS) else account % len(self.domains)][0]

    def running(self, vm: int) -> bool:
        """Four machines of five run."""
        return vm % 5 != 0

    def created(self, number: int) -> Any:
        """A moment of the last two days: older events may be cleaned away."""
        return now() - timedelta(days=2) + timedelta(seconds=number)


CALLERS = {"user": 0, "domain admin": 2}
"""Measured callers to the type of their account; they are the first accounts, of the first domain."""


def _domains(world: World) -> Iterator[Row]:
    level = [(world.seeded["domain"], "/")]
    for depth, width in enumerate(world.scale.branches):
        below = []
        for parent, path in level:
            for number in range(width):
                row_id, name = world.first["domain"] + len(world.domains), f"d{depth}-{number}"
                world.domains.append((row_id, f"{path}{name}/"))
                below.append(world.domains[-1])
                yield {"name": name, "parent_id": parent, "path": f"{path}{name}/", "level": depth + 1}
        level = below


def _accounts(world: World) -> Iterator[Row]:
    measured = list(CALLERS.items())
    for n in range(world.scale.accounts):
        name, kind = measured[n] if n < len(measured) else (f"account-{n:05}", 0)
        yield {"name": name, "domain_id": world.domain_of(n), "type": kind}


def _users(world: World) -> Iterator[Row]:
    measured = list(CALLERS)
    for n in range(world.scale.accounts):
        row = {"name": f"user-{n:05}", "account_id": world.first["account"] + n, "first_name": "Jo", "last_name": "Doe",
               "email": f"user-{n:05}@example.com"}
        if n < len(measured):
            world.keys[measured[n]] = key, secret = new_key(), new_key()
            row |= {"api_key": key, "secret_key": world.vault.seal(secret)}
        yield row


def _zones(_world: World) -> Iterator[Row]:
    yield {"name": "zone", "dns1": "192.0.2.53", "internal_dns1": "192.0.2.53", "network_type": "Advanced"}


def _wires(world: World) -> Iterator[Row]:
    yield {"name": "wire", "zone_id": world.first["zone"], "state": "Enabled", "isolation_methods": ["VLAN"]}


def _pods(world: World) -> Iterator[Row]:
    for n in range(max(1, world.scale.hosts // 250)):
        yield {"name": f"pod-{n:03}", "zone_id": world.first["zone"], "gateway": "198.51.100.1",
               "netmask": "255.255.255.0", "start_ip": "198.51.100.10", "end_ip": "198.51.100.200"}


def _clusters(world: World) -> Iterator[Row]:
    for n in range(max(1, world.scale.hosts // 25)):
        yield {"name": f"cluster-{n:04}", "pod_id": world.first["pod"] + n // 10, "zone_id": world.first["zone"],
               "hypervisor": "Simulator"}


def _hosts(world: World) -> Iterator[Row]:
    for n in range(world.scale.hosts):
        address = f"http://sim/c{n // 25}/h{n}"
        yield {"name": f"host-{n:05}", "url": address, "address": address, "zone_id": world.first["zone"],
               "pod_id": world.first["pod"] + n // 250, "cluster_id": world.first["cluster"] + n // 25,
               "hypervisor": "Simulator", "hypervisor_version": "1.0", "state": "Up", "cpus": 64, "cpu_sockets": 2,
               "cpu_mhz": 2400, "memory": 256 * GIB, "capabilities": "hvm", "last_pinged": now()}


def _pools(world: World) -> Iterator[Row]:
    for n in range(max(1, world.scale.hosts // 25)):
        yield {"name": f"pool-{n:04}", "type": "NetworkFilesystem", "zone_id": world.first["zone"],
               "pod_id": world.first["pod"] + n // 10, "cluster_id": world.first["cluster"] + n, "scope": "CLUSTER",
               "hypervisor": "Simulator", "address": "192.0.2.10", "path": f"/export/pool-{n}", "state": "Up",
               "capacity": 1024 * GIB}


def _stores(world: World) -> Iterator[Row]:
    yield {"name": "secondary", "url": "nfs://192.0.2.10/export/secondary", "protocol": "nfs", "provider": "NFS",
           "zone_id": world.first["zone"], "state": "Up", "capacity": 1024 * GIB}


def _templates(world: World) -> Iterator[Row]:
    for n in range(world.scale.templates):
        yield {"name": f"template-{n:05}", "display_text": f"Template {n}", **world.account(world.scale.own + n),
               "zone_id": world.first["zone"], "url": "http://192.0.2.10/tiny.qcow2", "format": "QCOW2",
               "hypervisor": "Simulator", "guest_os_id": world.seeded["guest_os"], "is_public": n % 2 == 0,
               "is_featured": n % 4 == 0, "state": "Ready", "status": "Download Complete", "size": GIB,
               "image_store_id": world.first["image_store"]}


def _service_offerings(world: World) -> Iterator[Row]:
    for n in range(world.scale.offerings):
        yield {"name": f"offering-{n:04}", "display_text": f"Offering {n}", "cpus": 1 + n % 4, "speed": 500,
               "memory": 512}


def _disk_offerings(world: World) -> Iterator[Row]:
    for n in range(world.scale.offerings):
        yield {"name": f"disk-offering-{n:04}", "display_text": f"Disk offering {n}", "size": (n + 1) * GIB,
               "disk_size": (n + 1) * GIB, "storage_type": "shared"}


def _networks(world: World) -> Iterator[Row]:
    for n in range(world.scale.networks):
        prefix = f"10.{n // 256 % 256}.{n % 256}"
        yield {"name": f"network-{n:05}", "display_text": f"Network {n}",
               "offering_id": world.seeded["network_offering"],
               "physical_network_id": world.first["physical_network"], "zone_id": world.first["zone"],
               **world.account(n), "acl_type": "Account", "guest_type": "Isolated", "state": "Implemented",
               "gateway": f"{prefix}.1", "netmask": "255.255.255.0", "cidr": f"{prefix}.0/24",
               "vlan": str(n % 4094 + 1), "network_domain": f"n{n}.cloud.internal", "generation": 1}


def _base(network: int) -> int:
    return (10 << 24) + (network % 65536 << 8)


def _ranges(world: World) -> Iterator[Row]:
    for n in range(world.scale.networks):
        yield {"zone_id": world.first["zone"], "network_id": world.first["network"] + n,
               "physical_network_id": world.first["physical_network"], "for_virtual_network": False,
               "gateway": "10.0.0.1", "netmask": "255.255.255.0", "start": _base(n) + 10, "end": _base(n) + 200}


def _routers(world: World) -> Iterator[Row]:
    for n in range(world.scale.networks):
        yield {"network_id": world.first["network"] + n, "host_id": world.first["host"] + n % world.scale.hosts,
               "zone_id": world.first["zone"], "name": f"r-{n}", "state": "Running", "applied": 1}


def _vms(world: World) -> Iterator[Row]:
    for n in range(world.scale.vms):
        yield {"name": f"vm-{n:05}", "display_name": f"Machine {n}", "instance_name": f"i-{n}-VM", **world.account(n),
               "zone_id": world.first["zone"],
               "host_id": world.first["host"] + n % world.scale.hosts if world.running(n) else None,
               "template_id": world.first["template"] + n % world.scale.templates,
               "service_offering_id": world.first["service_offering"] + n % world.scale.offerings,
               "guest_os_id": world.seeded["guest_os"], "hypervisor": "Simulator",
               "state": "Running" if world.running(n) else "Stopped", "cpus": 1, "speed": 500, "memory": 512,
               "created": world.created(n)}


def _volumes(world: World) -> Iterator[Row]:
    for n in range(2 * world.scale.vms):
        vm, root = n // 2, n % 2 == 0
        yield {"name": f"{'ROOT' if root else 'DATA'}-{vm}", "type": "ROOT" if root else "DATADISK",
               **world.account(vm), "zone_id": world.first["zone"], "vm_id": world.first["vm"] + vm,
               "pool_id": world.first["storage_pool"] + vm % world.scale.hosts // 25,
               "template_id": world.first["template"] + vm % world.scale.templates if root else None,
               "service_offering_id":
                   world.first["service_offering"] + vm % world.scale.offerings if root else None,
               "device_id": 0 if root else 1, "size": 8 * GIB, "state": "Ready", "attached": now(), "path": f"v{n}"}


def _nics(world: World) -> Iterator[Row]:
    for n in range(world.scale.vms):
        for device in range(2 if n % 4 == 0 else 1):  # every fourth machine has two
            network = (n + device) % world.scale.networks
            yield {"uuid": world.uuid(), "network_id": world.first["network"] + network,
                   "vm_id": world.first["vm"] + n, "mac": f"02:00:{device:02x}:" + f"{n:06x}"[:2]
                   + f":{n >> 8 & 255:02x}:{n & 255:02x}", "ip": _base(network) + 10 + device,
                   "gateway": "10.0.0.1", "netmask": "255.255.255.0", "device": device, "is_default": device == 0}


def _guests(world: World) -> Iterator[Row]:
    """What runs on the simulated hosts, so that host and database agree."""
    for n in range(world.scale.vms):
        if world.running(n):
            yield {"host": world.uuids["host"][n % world.scale.hosts], "kind": "domain", "key": f"i-{n}-VM",
                   "spec": {"uuid": world.uuids["vm"][n], "name": f"i-{n}-VM", "state": "running"}}


def _events(world: World) -> Iterator[Row]:
    for n in range(world.scale.events):
        yield {"type": ("VM.CREATE", "VM.START", "VOLUME.CREATE", "NETWORK.CREATE")[n % 4],
               "description": f"Successfully completed work number {n}", "user_id": world.first["user"],
               **world.account(n % world.scale.vms), "created": world.created(n)}


FILLERS: dict[str, Callable[[World], Iterator[Row]]] = {
    "domain": _domains, "account": _accounts, "user": _users, "zone": _zones, "physical_network": _wires,
    "pod": _pods, "cluster": _clusters, "host": _hosts, "storage_pool": _pools, "image_store": _stores,
    "template": _templates, "service_offering": _service_offerings, "disk_offering": _disk_offerings,
    "network": _networks, "ip_range": _ranges, "router": _routers, "vm": _vms, "volume": _volumes, "nic": _nics,
    "sim_object": _guests, "event": _events,
}
"""Table name to what makes its rows, in the order they refer to each other."""


def fill(db: Database, vault: Vault, scale: Scale) -> dict[str, tuple[str, str]]:
    """Fills the database; safe on one that was bootstrapped already, but not twice.

    Returns:
        Name of a measured caller (CALLERS) to its API key and secret key.
    """
    db.write(lambda session: bootstrap(session, vault))
    tables = {**Base.metadata.tables, **SimulatorBase.metadata.tables}
    with db.engine.execution_options(writing=True).connect() as connection:
        seeded = {"domain": connection.scalar(select(Domain.id).where(Domain.path == "/")) or 0,
                  "guest_os": connection.scalar(select(func.min(GuestOs.id))) or 0,
                  "service_offering": connection.scalar(select(func.min(ServiceOffering.id))) or 0,
                  "network_offering": connection.scalar(
                      select(NetworkOffering.id).where(NetworkOffering.name == ISOLATED)) or 0}
        world = World(scale, vault, seeded)
        for name, filler in FILLERS.items():
            if name in tables:
                began = time.monotonic()
                count = _insert(connection, world, tables[name], filler)
                connection.commit()
                print(f"   {name}: {count} rows in {time.monotonic() - began:.1f} s", flush=True)
    return world.keys


def _insert(connection: Connection, world: World, table: Table, filler: Callable[[World], Iterator[Row]]) -> int:
    numbered = "id" in table.c
    next_id = (connection.scalar(select(func.max(table.c.id))) or 0) + 1 if numbered else 0
    world.first[table.name] = next_id
    names = world.uuids[table.name] = []
    rows, count = filler(world), 0
    while batch := list(islice(rows, BATCH)):
        for row in batch:
            if numbered:
                row["id"] = next_id + count
            if "uuid" in table.c:
                row.setdefault("uuid", world.uuid())
                names.append(row["uuid"])
            count += 1
        # Rows of one batch name the same columns, so that one statement takes them all.
        given = {key for row in batch for key in row} & set(table.c.keys())
        connection.execute(table.insert(), [{key: row.get(key) for key in given} for row in batch])
    return count
