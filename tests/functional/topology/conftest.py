"""Places to test in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

POD = {"gateway": "198.51.100.1", "netmask": "255.255.255.0", "startip": "198.51.100.10", "endip": "198.51.100.20"}


@pytest.fixture
def make_zone(api) -> Callable[..., Any]:
    def make(name: str = "z1", **more: Any) -> Any:
        wanted = {"networktype": "Advanced", "dns1": "192.0.2.53", "internaldns1": "192.0.2.53", **more}
        return api.one("createZone", name=name, **wanted)

    return make


@pytest.fixture
def zone(make_zone) -> Any:
    return make_zone()


@pytest.fixture
def pod(api, zone) -> Any:
    return api.one("createPod", zoneid=zone["id"], name="p1", **POD)


@pytest.fixture
def cluster(api, zone, pod) -> Any:
    return api.one("addCluster", zoneid=zone["id"], podid=pod["id"], clustername="c1", hypervisor="Simulator",
                   clustertype="CloudManaged")


@pytest.fixture
def add_host(api, zone, pod, cluster) -> Callable[..., Any]:
    def add(name: str = "h0", **more: Any) -> Any:
        wanted = {"zoneid": zone["id"], "podid": pod["id"], "clusterid": cluster["id"], "hypervisor": "Simulator",
                  "username": "root", "password": "", "url": f"http://sim/c0/{name}?cpus=4&mhz=2000&memory_gb=8"}
        return api.one("addHost", **{k: v for k, v in (wanted | more).items() if v is not None})

    return add
