"""A zone whose hosts and pools can be made as a test needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import update

from stratoform.model.storage import StoragePool
from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone


@dataclass
class Place:
    """The zone, an administrator and a user.

    Attributes:
        first: the host that is there from the start: 32 CPUs of 2400 MHz, 128 GB.
    """

    service: Service
    zone: Zone
    admin: Client
    user: Client
    offerings: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> str:
        return self.zone.hosts[0]

    def host(self, name: str, *, cpus: int = 4, mhz: int = 2000, memory: float = 4, **more: Any) -> str:
        """Adds a host with so many CPUs and GB; its id."""
        where = {"zoneid": self.zone.zone, "podid": self.zone.pod, "clusterid": self.zone.cluster, **more}
        return str(self.admin.one("addHost", username="root", password="x", hypervisor="Simulator",
                                  url=f"http://sim/c0/{name}?cpus={cpus}&mhz={mhz}&memory_gb={memory}", **where)["id"])

    def cluster(self, name: str) -> str:
        """Adds a cluster to the pod; its id."""
        return str(self.admin.one("addCluster", zoneid=self.zone.zone, podid=self.zone.pod, clustername=name,
                                  hypervisor="Simulator", clustertype="CloudManaged")["id"])

    def pool(self, name: str, **more: Any) -> str:
        """Adds a pool; its id."""
        where = {"zoneid": self.zone.zone, "podid": self.zone.pod, "clusterid": self.zone.cluster, **more}
        return str(self.admin.one("createStoragePool", name=name, url=f"nfs://192.0.2.10/export/{name}", **where)["id"])

    def fill(self, pool: str, **columns: int) -> None:
        """Sets what the pool's file system says of itself."""
        self.service.cloud.db.write(lambda session: session.execute(
            update(StoragePool).where(StoragePool.uuid == pool).values(**columns)))

    def offering(self, cpus: int = 1, speed: int = 500, memory: int = 128, **more: Any) -> str:
        """An offering like this; its id."""
        name = f"{cpus} x {speed}, {memory} {sorted(more.items())}"
        if name not in self.offerings:
            made = self.admin.one("createServiceOffering", name=name, displaytext="-", cpunumber=cpus, cpuspeed=speed,
                                  memory=memory, **more)
            self.offerings[name] = made["id"]
        return self.offerings[name]

    def deploy(self, client: Client | None = None, **offering: Any) -> Any:
        """Deploys a machine of such an offering to the end."""
        return (client or self.admin).job("deployVirtualMachine",
                                          **self.zone.deploy(serviceofferingid=self.offering(**offering)))

    def refusal(self, client: Client, params: dict[str, Any] | None = None, **offering: Any) -> str:
        """Why a machine of such an offering cannot be placed."""
        wanted = self.zone.deploy(serviceofferingid=self.offering(**offering)) | (params or {})
        with pytest.raises(Refused) as refused:
            client.job("deployVirtualMachine", **wanted)
        assert refused.value.code == 533
        return refused.value.text


@pytest.fixture
def place(built_zone: Zone, service: Service) -> Place:
    """Machines of every size are asked for, so the accounts' own limits must not be in the way."""
    for what in ("user.vms", "cpus", "memory", "volumes", "primary.storage"):
        service.admin("updateConfiguration", name=f"max.account.{what}", value="-1")
    return Place(service, built_zone, service.admin, service.user("ulla"))
