"""A basic zone: one guest network, whose addresses are given for a pod."""

from __future__ import annotations

from typing import Any

import pytest
from tests.functional.network.conftest import SHARED
from tests.support.client import Client, Refused
from tests.support.zone import Zone

GUESTS = {"gateway": "192.168.7.1", "netmask": "255.255.255.0", "startip": "192.168.7.50", "endip": "192.168.7.60"}


@pytest.fixture
def basic(api: Client) -> Any:
    return api.one("createZone", name="b", networktype="Basic", dns1="192.0.2.53", internaldns1="192.0.2.53")


@pytest.fixture
def wire(api: Client, basic: Any) -> Any:
    made = api.job("createPhysicalNetwork", zoneid=basic["id"], name="only")
    for kind in ("Guest", "Management"):
        api.job("addTrafficType", physicalnetworkid=made["id"], traffictype=kind)
    return api.job("updatePhysicalNetwork", id=made["id"], state="Enabled")


def pod_of(api: Client, zone: Any, name: str = "pod", third: int = 7) -> Any:
    return api.one("createPod", zoneid=zone["id"], name=name, gateway=f"192.168.{third}.1", netmask="255.255.255.0",
                   startip=f"192.168.{third}.10", endip=f"192.168.{third}.20")


@pytest.fixture
def network(api: Client, basic: Any, wire: Any, offering_of: Any) -> Any:
    assert wire["state"] == "Enabled"
    return api.one("createNetwork", zoneid=basic["id"], name="guests", displaytext="guests",
                   networkofferingid=offering_of(SHARED))


def host_in(api: Client, zone: Any, pod: Any, name: str) -> Any:
    place = {"zoneid": zone["id"], "podid": pod["id"]}
    cluster = api.one("addCluster", clustername=name, hypervisor="Simulator", clustertype="CloudManaged", **place)
    host = api.one("addHost", clusterid=cluster["id"], hypervisor="Simulator", username="root", password="x",
                   url=f"http://sim/{name}/h0", **place)
    api.one("createStoragePool", clusterid=cluster["id"], name=name, url=f"nfs://192.0.2.9/{name}", **place)
    return host


def test_the_guest_network_gets_its_subnet_from_the_first_range(api, basic, network):
    assert "gateway" not in network
    pod = pod_of(api, basic)
    made = api.one("createVlanIpRange", podid=pod["id"], forvirtualnetwork=False, **GUESTS)
    assert (made["networkid"], made["podid"], made["vlan"]) == (network["id"], pod["id"], "untagged")
    shown = api.one("listNetworks", zoneid=basic["id"])
    assert (shown["gateway"], shown["cidr"], shown["canusefordeploy"]) == ("192.168.7.1", "192.168.7.0/24", True)
    more = api.one("createVlanIpRange", podid=pod["id"], networkid=network["id"], startip="192.168.7.70")
    assert (more["gateway"], more["startip"]) == ("192.168.7.1", "192.168.7.70")


def test_machines_run_where_their_addresses_belong(api, basic, network):
    near = pod_of(api, basic)
    api.one("createVlanIpRange", podid=near["id"], **GUESTS)
    far = pod_of(api, basic, "far", 8)
    hosts = [host_in(api, basic, far, "far"), host_in(api, basic, near, "near")]
    api.one("addImageStore", zoneid=basic["id"], name="s", provider="NFS", url="nfs://192.0.2.9/s")
    template = api.one("registerTemplate", name="t", displaytext="t", format="QCOW2", hypervisor="Simulator",
                       ostypeid=api.items("listOsTypes")[0]["id"], zoneid=basic["id"], url="http://192.0.2.9/t.qcow2")
    Zone.await_template(api, template["id"])
    wanted = {"zoneid": basic["id"], "templateid": template["id"],
              "serviceofferingid": api.items("listServiceOfferings", name="Small Instance")[0]["id"]}
    vm = api.job("deployVirtualMachine", **wanted)
    assert (vm["hostid"], vm["nic"][0]["networkid"]) == (hosts[1]["id"], network["id"])
    assert vm["nic"][0]["ipaddress"] == "192.168.7.50"
    api("updateHost", id=hosts[1]["id"], allocationstate="Disable")
    with pytest.raises(Refused, match="1 is in another pod than its addresses"):
        api.job("deployVirtualMachine", **wanted)


@pytest.mark.usefixtures("network")
def test_a_basic_zone_refuses_what_only_advanced_ones_have(api, basic, offering_of):
    pod, far = pod_of(api, basic), pod_of(api, basic, "far", 8)
    again = {"zoneid": basic["id"], "name": "n", "displaytext": "n", "networkofferingid": offering_of(SHARED)}
    for more, why in (({}, "has its one guest network"), ({"gateway": "192.168.7.1"}, "createVlanIpRange podid"),
                      ({"vlan": "7"}, "untagged"), ({"acltype": "Account"}, "serves all accounts")):
        with pytest.raises(Refused, match=why):
            api("createNetwork", **again, **more)
    with pytest.raises(Refused, match="gateway"):
        api("createVlanIpRange", podid=pod["id"], startip="192.168.7.50")
    with pytest.raises(Refused, match="of which pod"):
        api("createVlanIpRange", networkid=api.one("listNetworks")["id"], **GUESTS)
    with pytest.raises(Refused, match="reserves for system"):
        api("createVlanIpRange", podid=pod["id"], **{**GUESTS, "startip": "192.168.7.15"})
    api.one("createVlanIpRange", podid=pod["id"], **GUESTS)
    with pytest.raises(Refused, match="second pod"):
        api("createVlanIpRange", podid=far["id"], gateway="192.168.8.1", netmask="255.255.255.0",
            startip="192.168.8.50")


def test_a_range_of_a_pod_is_for_basic_zones(api, zone):
    pod = pod_of(api, zone)
    with pytest.raises(Refused, match="only the guests of a basic zone"):
        api("createVlanIpRange", podid=pod["id"], **GUESTS)
