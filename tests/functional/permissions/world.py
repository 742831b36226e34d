"""A cloud in which there is something of everything, for tests that go through all commands.

It is built once and laid back after every change, so a test may do to it what it likes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from stratoform.app import create_app, create_cloud
from stratoform.config import Config, home
from stratoform.jobs.tables import FAILED, SUCCEEDED, Job
from stratoform.model.bootstrap import admin_keys
from stratoform.model.tenancy import Domain
from tests.conftest import Service
from tests.functional.permissions.recipes import KEY
from tests.support import slapd
from tests.support.client import Client
from tests.support.slapd import Directory
from tests.support.slate import differences, snapshot
from tests.support.zone import Zone, build

ROLES = {"user": 0, "admin": 1, "domain-admin": 2, "resource-admin": 3}
"""What the matrix calls account types."""
PEOPLE = {
    "alice": ("user", "/"), "bob": ("user", "/"), "dora": ("domain-admin", "/d/"), "rita": ("resource-admin", "/"),
}
"""Account to (role, path of its domain). Bob is the stranger: nothing of his is anybody else's."""

Things = dict[str, str]


@dataclass
class World:
    """A running service, its people and what they own.

    Attributes:
        clients: by account.
        things: by account, what recipes call ``@name``.
    """

    service: Service
    clients: dict[str, Client] = field(default_factory=dict)
    things: dict[str, Things] = field(default_factory=dict)

    def keep(self) -> None:
        """Makes the present state the one ``restore`` comes back to."""
        self.settle()
        file = self.service.cloud.db.engine.url.database
        assert file is not None
        self._file = sqlite3.connect(file, isolation_level=None)
        self._image = sqlite3.connect(":memory:")
        self._file.backup(self._image)
        self._seen, self._slate = self._version(), self._look()

    def restore(self) -> None:
        """Waits for the jobs under way and makes everything as it was. Quick when nobody wrote."""
        if self._version() != self._seen:
            self.settle()
            self._image.backup(self._file)
            self._seen = self._version()

    def changes(self) -> dict[str, Any]:
        """What is not as it was kept; {} when nothing is. Quick when nobody wrote."""
        version = self._version()
        if version == self._seen:
            return {}
        found = differences(self._slate, self._look())
        if not found:  # a worker's sign of life
            self._seen = version
        return found

    def _version(self) -> int:
        """Changes with every transaction that wrote something."""
        return int(self._file.execute("pragma data_version").fetchone()[0])

    def _look(self) -> dict[str, Any]:
        more = {table: self._file.execute(f"select * from {table}").fetchall()  # noqa: S608 - names of ours
                for table in ("event", "setting_value", "account", "domain", "user", "job")}
        return snapshot(self.service.cloud) | more

    def settle(self, limit: float = 20) -> None:
        """Waits until no job is under way."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            with self.service.cloud.db.read() as session:
                if session.scalar(select(Job.id).where(Job.state.not_in((SUCCEEDED, FAILED))).limit(1)) is None:
                    return
            time.sleep(0.005)
        raise TimeoutError

    def close(self) -> None:
        """Ends the service."""
        self.service.cloud.jobs.stop()
        self.service.cloud.db.close()
        self._file.close()
        self._image.close()


def create(folder: Path, database: str, directory: Directory) -> World:
    """Builds the world on a migrated, empty SQLite database."""
    cloud = create_cloud(Config(var=folder / "var", database=database, home=home(), threads=8, simulated=True))
    cloud.jobs.start()
    with cloud.db.read() as session:
        keys = admin_keys(session, cloud.vault)
    world = World(Service(cloud, Client(create_app(cloud).test_client(), *keys)))
    world.clients["admin"] = world.service.admin
    place = build(world.service.admin)
    shared = _infrastructure(world.service.admin, place) | _roles_and_domains(world.service.admin)
    shared |= _directory(world.service.admin, directory) | _far(world.service.admin)
    for name, (role, path) in PEOPLE.items():
        world.clients[name] = world.service.user(name, ROLES[role], path)
    for number, name in enumerate(world.clients):
        world.things[name] = shared | _belongings(world, name, number, place)
        world.things[name] |= _people(world, name, world.things[name]["domain"])
    idle = _idle(world.service.admin, place)
    for things in world.things.values():
        things.update(idle)
    world.keep()
    return world


def _infrastructure(api: Client, place: Zone) -> Things:
    """What belongs to nobody: the parts of the zone, and spare ones that may be deleted."""
    zone = place.zone
    offering = api.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"]
    spare_zone = api.one("createZone", name="spare", networktype="Advanced", dns1="192.0.2.53",
                         internaldns1="192.0.2.53")["id"]
    api("addRegion", id=2, name="spare", endpoint="https://spare.example.org/client/")
    spare_pod = api.one("createPod", name="spare", zoneid=zone, gateway="10.7.1.1", netmask="255.255.255.0",
                        startip="10.7.1.10", endip="10.7.1.20")["id"]
    wire = api.job("createPhysicalNetwork", zoneid=zone, name="spare", tags="spare")["id"]
    cluster = {"zoneid": zone, "podid": place.pod, "hypervisor": "Simulator", "clustertype": "CloudManaged"}
    return {
        "zone": zone, "pod": place.pod, "cluster": place.cluster, "host": place.hosts[0], "pool": place.pool,
        "store": place.store, "wire": place.physical_network, "network": place.network, "offering": place.offering,
        "template": place.template, "network_offering": offering,
        "traffic": api.items("listTrafficTypes", physicalnetworkid=place.physical_network)[0]["id"],
        "hypervisor": api.items("listHypervisorCapabilities")[0]["id"],
        "os_type": api.items("listOsTypes")[0]["id"], "os_category": api.items("listOsCategories")[0]["id"],
        **_providers(api, wire, spare_zone),
        "spare_zone": spare_zone, "spare_pod": spare_pod, "spare_wire": wire,
        "spare_cluster": api.one("addCluster", clustername="spare", **cluster)["id"],
        "spare_traffic": api.job("addTrafficType", physicalnetworkid=wire, traffictype="Guest")["id"],
        "spare_range": api.one("createVlanIpRange", networkid=place.network, startip="10.1.1.240")["id"],
        "spare_network": api.one("createNetwork", name="spare", displaytext="spare", networkofferingid=offering,
                                 zoneid=zone, vlan="800", gateway="10.8.1.1", netmask="255.255.255.0",
                                 startip="10.8.1.10", endip="10.8.1.20")["id"],
        "spare_offering": api.one("createServiceOffering", name="spare", displaytext="spare", cpunumber=1,
                                  cpuspeed=100, memory=64)["id"],
        "spare_disk_offering": api.one("createDiskOffering", name="spare", displaytext="spare", disksize=1)["id"],
        "spare_network_offering": api.one(
            "createNetworkOffering", name="spare", displaytext="spare", traffictype="Guest", guestiptype="Shared",
            supportedservices="Dhcp", specifyvlan=True, specifyipranges=True)["id"],
    }


def _providers(api: Client, wire: str, spare_zone: str) -> Things:
    """Providers of network services: one as it comes, one without its element, and a wire without any."""
    wires = {name: api.job("createPhysicalNetwork", zoneid=spare_zone, name=name)["id"] for name in ("bare", "plain")}
    for bare in wires.values():
        api.job("deleteNetworkServiceProvider",
                id=api.one("listNetworkServiceProviders", physicalnetworkid=bare)["id"])
    provider = api.one("listNetworkServiceProviders", physicalnetworkid=wire)["id"]
    return {
        "bare_wire": wires["bare"], "provider": provider,
        "element": api.one("listVirtualRouterElements", nspid=provider)["id"],
        "plain_provider": api.job("addNetworkServiceProvider", physicalnetworkid=wires["plain"],
                                  name="VirtualRouter")["id"],
    }


def _roles_and_domains(api: Client) -> Things:
    """A role made here, with one rule, and a domain in which nothing is."""
    role = api.one("createRole", name="spare", type="User")["id"]
    return {
        "spare_role": role, "spare_domain": api.one("createDomain", name="spare")["id"],
        "spare_rule": api.one("createRolePermission", roleid=role, rule="listZones", permission="allow")["id"],
    }


def _far(api: Client) -> Things:
    """What is offered to a domain in which nobody of the PEOPLE is."""
    domain = api.one("createDomain", name="far")["id"]
    shown = {"name": "far", "displaytext": "far", "domainid": domain}
    return {
        "far_domain": domain,
        "far_zone": api.one("createZone", name="far", networktype="Advanced", dns1="192.0.2.53",
                            internaldns1="192.0.2.53", domainid=domain)["id"],
        "far_offering": api.one("createServiceOffering", cpunumber=1, cpuspeed=100, memory=64, **shown)["id"],
        "far_disk_offering": api.one("createDiskOffering", disksize=1, **shown)["id"],
        "far_role": api.one("createRole", name="far", type="User", ispublic=False)["id"],
    }


def _directory(api: Client, directory: Directory) -> Things:
    """A directory the service was told of."""
    for name, value in (("basedn", slapd.BASE), ("bind.principal", slapd.SEARCHER),
                        ("bind.password", slapd.SEARCHER_PASSWORD), ("read.timeout", "5000")):
        api("updateConfiguration", name=f"ldap.{name}", value=value)
    made = api.one("addLdapConfiguration", hostname="localhost", port=directory.port)
    return {"ldap": made["id"], "ldap_port": str(directory.port)}


def _people(world: World, name: str, domain: str) -> Things:
    """The account itself, and one in its power: its own, where it has none over others."""
    admin = world.service.admin
    person = {"email": "p@example.org", "firstname": "First", "lastname": "Last", "password": "a good password"}
    mine = admin.one("listAccounts", name=name, domainid=domain)
    own = mine["user"][0]
    if name in {"admin", "dora"}:
        made = admin.one("createAccount", username=f"below {name}", accounttype=0, domainid=domain, **person)
        user = made["user"][0]["id"]
    else:
        made = mine
        user = admin.one("createUser", username=f"beside {name}", account=name, domainid=domain, **person)["id"]
    return {"account_id": mine["id"], "user": own["id"], "api_key": own["apikey"],
            "below": made["name"], "below_id": made["id"], "below_user": user}


def _idle(api: Client, place: Zone) -> Things:
    """Hosts and storage on which nothing was placed, since they came last; one of each is in maintenance."""
    where = {"zoneid": place.zone, "podid": place.pod, "clusterid": place.cluster}
    hosts = {f"{name}_host": api.one("addHost", hypervisor="Simulator", username="root", password="none",
                                     url=f"http://sim/c0/{name}", **where)["id"] for name in ("spare", "resting")}
    pools = {f"{name}_pool": api.one("createStoragePool", name=name, url=f"nfs://192.0.2.10/export/{name}-pool",
                                     **where)["id"] for name in ("spare", "resting")}
    api.job("prepareHostForMaintenance", id=hosts["resting_host"])
    api.job("enableStorageMaintenance", id=pools["resting_pool"])
    return {
        **hosts, **pools,
        "spare_store": api.one("addImageStore", zoneid=place.zone, name="spare", provider="NFS",
                               url="nfs://192.0.2.10/export/spare")["id"],
    }


def _belongings(world: World, name: str, number: int, place: Zone) -> Things:
    """One thing of each owned kind for an account."""
    admin, mine = world.service.admin, world.clients[name]
    path = PEOPLE[name][1] if name in PEOPLE else "/"
    with world.service.cloud.db.read() as session:
        domain = session.scalars(select(Domain.uuid).where(Domain.path == path)).one()
    network = admin.one(
        "createNetwork", name=f"of {name}", displaytext="-", acltype="Account", account=name, domainid=domain,
        networkofferingid=admin.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"],
        zoneid=place.zone, vlan=str(810 + number), gateway=f"10.8.{10 + number}.1", netmask="255.255.255.0",
        startip=f"10.8.{10 + number}.10", endip=f"10.8.{10 + number}.20")["id"]
    template = mine.one(
        "registerTemplate", name=f"of {name}", displaytext="-", format="QCOW2", hypervisor="Simulator",
        ostypeid=mine.items("listOsTypes")[0]["id"], zoneid=place.zone, url="http://images.example.org/a.qcow2")["id"]
    mine.one("registerSSHKeyPair", name=f"key of {name}", publickey=KEY)
    started = {kind: mine("deployVirtualMachine", **place.deploy(name=f"{name}-{kind}", group=f"group of {name}"))
               for kind in ("running", "stopped", "destroyed")}
    machines = {kind: mine.await_job(job["jobid"]) for kind, job in started.items()}
    mine.job("createTags", resourcetype="UserVm", resourceids=machines["running"]["id"],
             **{"tags[0].key": "kept", "tags[0].value": "x"})
    mine.job("stopVirtualMachine", id=machines["stopped"]["id"])
    mine.job("destroyVirtualMachine", id=machines["destroyed"]["id"])
    running = machines["running"]
    custom = mine.items("listDiskOfferings", name="Custom")[0]["id"]
    disk, spare = (mine.job("createVolume", name=f"{kind} of {name}", zoneid=place.zone, diskofferingid=custom,
                            size=1)["id"] for kind in ("disk", "spare"))
    mine.job("attachVolume", id=disk, virtualmachineid=running["id"])
    place.await_template(admin, template)
    return _team(world, name, path) | {
        "own_network": network, "own_template": template, "key": f"key of {name}", "vm": running["id"],
        "stopped_vm": machines["stopped"]["id"], "destroyed_vm": machines["destroyed"]["id"],
        "group": running["groupid"], "disk": disk, "spare_disk": spare,
        "volume": mine.items("listVolumes", virtualmachineid=running["id"], type="ROOT")[0]["id"],
        "event": mine.items("listEvents")[0]["id"], "job": started["running"]["jobid"], "account": name,
        "domain": domain,
    }


def _team(world: World, name: str, path: str) -> Things:
    """A project of the account's with a member, somebody it invites, and a project that invites the account."""
    mine, host = world.clients[name], world.service.user(f"host of {name}", 0, path)
    for peer in ("member", "peer"):
        world.service.user(f"{peer} of {name}", 0, path)
    project = mine.job("createProject", name=f"project of {name}")["id"]
    inviting = host.job("createProject", name=f"inviting {name}")["id"]
    mine.job("addAccountToProject", projectid=project, account=f"member of {name}")
    world.service.admin("updateConfiguration", name="project.invite.required", value="true")
    mine.job("addAccountToProject", projectid=project, account=f"peer of {name}")
    host.job("addAccountToProject", projectid=inviting, account=name)
    world.service.admin("updateConfiguration", name="project.invite.required")
    return {
        "project": project, "inviting": inviting, "member": f"member of {name}", "peer": f"peer of {name}",
        "invitation": mine.items("listProjectInvitations", projectid=project)[0]["id"],
    }


@pytest.fixture(scope="session")
def lived_in(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world, built once."""
    folder = tmp_path_factory.mktemp("world")
    file = folder / "cloud.db"
    file.write_bytes(sqlite_template.read_bytes())
    (folder / "slapd").mkdir()
    with slapd.server(folder / "slapd") as directory:
        world = create(folder, f"sqlite:///{file}", directory)
        yield world
        world.close()


@pytest.fixture
def world(lived_in: World) -> Iterator[World]:
    """The world as it was built, and restored afterwards."""
    lived_in.restore()
    yield lived_in
    lived_in.settle()
