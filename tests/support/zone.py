"""A simulated zone, built through the API."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tests.support.client import Client


@dataclass
class Zone:
    """Ids of what a simulated zone is made of."""

    zone: str
    pod: str
    cluster: str
    physical_network: str
    network: str
    offering: str
    template: str
    hosts: list[str] = field(default_factory=list)
    pool: str = ""
    store: str = ""

    def deploy(self, **more: Any) -> dict[str, Any]:
        """Parameters of a deployment here."""
        return {"zoneid": self.zone, "serviceofferingid": self.offering, "templateid": self.template,
                "networkids": self.network, **more}

    @staticmethod
    def await_template(api: Client, template: str) -> None:
        """Waits until a template is ready."""
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            if api.items("listTemplates", templatefilter="all", id=template)[0]["isready"]:
                return
            time.sleep(0.01)
        raise TimeoutError(template)


def build(api: Client, hosts: int = 1, size: str = "") -> Zone:
    """Builds the zone.

    Args:
        api: the administrator.
        hosts: how many simulated hosts.
        size: of each, e.g. ``?cpus=4&mhz=2000&memory_gb=4``.
    """
    zone = api.one("createZone", name="sim", networktype="Advanced", dns1="192.0.2.53", internaldns1="192.0.2.53")["id"]
    physical = api.job("createPhysicalNetwork", zoneid=zone, name="wire", isolationmethods="VLAN")["id"]
    for kind in ("Guest", "Management"):
        api.job("addTrafficType", physicalnetworkid=physical, traffictype=kind, kvmnetworklabel="cloudbr0")
    api.job("updatePhysicalNetwork", id=physical, state="Enabled")
    pod = api.one("createPod", zoneid=zone, name="pod", gateway="198.51.100.1", netmask="255.255.255.0",
                  startip="198.51.100.10", endip="198.51.100.200")["id"]
    cluster = api.one("addCluster", zoneid=zone, podid=pod, clustername="cluster", hypervisor="Simulator",
                      clustertype="CloudManaged")["id"]
    found = [
        api.one("addHost", zoneid=zone, podid=pod, clusterid=cluster, hypervisor="Simulator", username="root",
                password="none", url=f"http://sim/c0/h{n}{size}")["id"]
        for n in range(hosts)
    ]
    pool = api.one("createStoragePool", zoneid=zone, podid=pod, clusterid=cluster, name="primary", scope="cluster",
                   url="nfs://192.0.2.10/export/primary")["id"]
    store = api.one("addImageStore", zoneid=zone, name="secondary", provider="NFS",
                    url="nfs://192.0.2.10/export/secondary")["id"]
    offering = api.items("listServiceOfferings", name="Small Instance")[0]["id"]
    os_type = api.items("listOsTypes")[0]["id"]
    template = api.one("registerTemplate", name="tiny", displaytext="tiny", format="QCOW2", hypervisor="Simulator",
                       ostypeid=os_type, zoneid=zone, url="http://192.0.2.10/tiny.qcow2", ispublic=True)["id"]
    net_offering = api.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"]
    network = api.one("createNetwork", zoneid=zone, name="guests", displaytext="guests", networkofferingid=net_offering,
                      gateway="10.1.1.1", netmask="255.255.255.0", startip="10.1.1.10", endip="10.1.1.200",
                      vlan="untagged")["id"]
    Zone.await_template(api, template)
    return Zone(zone, pod, cluster, physical, network, offering, template, found, pool, store)

