"""What places and networks show and refuse while guests run in them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.budget import counted
from tests.support.client import Refused
from tests.support.zone import build

SIZE = "?cpus=4&mhz=2000&memory_gb=8"


@pytest.fixture
def sim(api) -> Any:
    return build(api, hosts=2, size=SIZE)


@pytest.fixture
def guest(api, sim) -> Any:
    return api.job("deployVirtualMachine", **sim.deploy(name="guest", ipaddress="10.1.1.50"))


def test_figures_follow_the_guests(api, guest):
    host = api.one("listHosts", id=guest["hostid"])
    assert (host["cpuallocated"], host["memoryallocated"]) == ("6.25%", 512 * 2**20)
    shown = {c["type"]: c for c in api.one("listZones", showcapacities=True)["capacity"]}
    assert (shown[0]["capacityused"], shown[1]["capacityused"]) == (512 * 2**20, 500)
    assert shown[1]["percentused"] == "3.12"
    assert shown[8] == {**shown[8], "capacityused": 2, "capacitytotal": 191}  # the guest and its router
    assert shown[3]["capacityused"] > 0
    api.job("stopVirtualMachine", id=guest["id"])
    host = api.one("listHosts", id=guest["hostid"])
    assert (host["cpuallocated"], host["memoryallocated"]) == ("0%", 0)


def test_where_a_guest_could_move(api, sim, guest):
    (other,) = (h for h in sim.hosts if h != guest["hostid"])
    shown = api.one("listHosts", virtualmachineid=guest["id"])
    assert (shown["id"], shown["hasenoughcapacity"], shown["suitableformigration"]) == (other, True, True)
    api("updateHost", id=other, allocationstate="Disable")
    shown = api.one("listHosts", virtualmachineid=guest["id"])
    assert (shown["hasenoughcapacity"], shown["suitableformigration"]) == (True, False)
    api.job("stopVirtualMachine", id=guest["id"])
    with pytest.raises(Refused, match="Stopped"):
        api("listHosts", virtualmachineid=guest["id"])


def test_a_host_with_guests_stays(api, guest):
    with pytest.raises(Refused, match="guest") as refused:
        api("deleteHost", id=guest["hostid"])
    assert refused.value.code == 536
    api.job("stopVirtualMachine", id=guest["id"])
    api("deleteHost", id=guest["hostid"])
    assert guest["hostid"] not in {h["id"] for h in api.items("listHosts")}


def test_zones_with_guests_of_the_caller(api, service, sim, guest):
    assert api.one("listZones", available=False)["id"] == sim.zone == guest["zoneid"]
    assert service.user("joe")("listZones", available=False) == {}


def test_a_network_with_guests_stays(api, sim, guest):
    assert guest["nic"][0]["ipaddress"] == "10.1.1.50"
    with pytest.raises(Refused, match="expunge"):
        api("deleteNetwork", id=sim.network)
    span = api.one("listVlanIpRanges", networkid=sim.network)
    with pytest.raises(Refused, match="interface"):
        api("deleteVlanIpRange", id=span["id"])
    api.job("destroyVirtualMachine", id=guest["id"], expunge=True)
    assert api.job("deleteNetwork", id=sim.network) is True


def test_a_full_network_takes_no_guests(api, sim):
    small = api.one("createNetwork", name="small", displaytext="small", zoneid=sim.zone, vlan="7",
                    networkofferingid=api.one("listNetworks")["networkofferingid"], gateway="10.2.0.1",
                    netmask="255.255.255.0", startip="10.2.0.10", endip="10.2.0.11")
    assert small["canusefordeploy"] is True
    api.job("deployVirtualMachine", **sim.deploy(networkids=small["id"]))  # and its router
    assert api.one("listNetworks", canusefordeploy=False)["id"] == small["id"]
    api("createVlanIpRange", networkid=small["id"], startip="10.2.0.20")
    assert api("listNetworks", canusefordeploy=False) == {}


def test_lists_cost_the_same_for_any_number_of_rows(api, service, sim):
    lists = {
        "listZones": {"showcapacities": True}, "listPods": {"showcapacities": True},
        "listClusters": {"showcapacities": True}, "listHosts": {}, "listNetworks": {}, "listPhysicalNetworks": {},
        "listTrafficTypes": {"physicalnetworkid": sim.physical_network}, "listVlanIpRanges": {},
        "listNetworkOfferings": {},
    }

    def cost() -> dict[str, int]:
        found = {}
        for command, params in lists.items():
            with counted(service.cloud.db) as statements:
                api(command, **params)
            found[command] = len(statements)
        return found

    before = cost()
    for n in range(3):
        api("addHost", zoneid=sim.zone, podid=sim.pod, clustername=f"more{n}", hypervisor="Simulator", username="root",
            password="", url=f"http://sim/c1/h{n}{SIZE}")
        api("createVlanIpRange", networkid=sim.network, startip=f"10.1.1.{210 + n}")
    api.job("addTrafficType", physicalnetworkid=sim.physical_network, traffictype="Storage")
    assert cost() == before
    assert max(before.values()) <= 24
