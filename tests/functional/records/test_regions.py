"""Regions, capacities, and what else the cloud tells of itself."""

from __future__ import annotations

import base64
import hmac
import uuid

import pytest

from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone, build


def test_regions_are_added_changed_and_removed(service: Service, api: Client) -> None:
    assert api.items("listRegions") == [
        {"id": 1, "name": "Local", "endpoint": "http://localhost:8080/client/", "gslbserviceenabled": False,
         "portableipserviceenabled": False}]
    api("updateRegion", id=1, name="North")
    east = api.one("addRegion", id=3, name="East", endpoint="https://east.example.org/client/")
    assert east["id"] == 3
    assert [region["name"] for region in service.user("ann").items("listRegions")] == ["North", "East"]
    assert api.items("listRegions", id=3) == api.items("listRegions", name="East") == [east]
    for command, params, why in (
        ("addRegion", {"id": 3, "name": "x", "endpoint": "http://x/"}, "there is a region 3 already"),
        ("addRegion", {"id": 4, "name": "East", "endpoint": "http://x/"}, "region 3 is called 'East' already"),
        ("addRegion", {"id": 4, "name": "x", "endpoint": "ftp://x/"}, "Invalid parameter endpoint: .* is no URL"),
        ("addRegion", {"id": 4, "name": "x", "endpoint": "http://x/<a>"}, "is no URL"),
        ("addRegion", {"id": 0, "name": "x", "endpoint": "http://x/"}, "0 is not between 1 and"),
        ("updateRegion", {"id": 9, "name": "x"}, "there is no region 9"),
        ("updateRegion", {"id": 1, "name": "East"}, "region 3 is called 'East' already"),
        ("removeRegion", {"id": 9}, "there is no region 9"),
    ):
        with pytest.raises(Refused, match=why) as refusal:
            api(command, **params)
        assert refusal.value.code == 431
    with pytest.raises(Refused, match="region 1 is this cloud itself") as refusal:
        api("removeRegion", id=1)
    assert refusal.value.code == 536
    api("removeRegion", id=3)
    assert [region["id"] for region in api.items("listRegions")] == [1]


def test_capacities_are_listed(api: Client) -> None:
    assert api.items("listCapacity") == []
    zone = build(api, size="?cpus=1&mhz=1000&memory_gb=2")
    api.job("deployVirtualMachine", **zone.deploy(name="one"))
    everything = {entry["type"]: entry for entry in api.items("listCapacity")}
    assert set(everything) == {0, 1, 2, 3, 4, 5, 6, 7, 8}
    cpu = everything[1]
    assert (cpu["capacityused"], cpu["capacitytotal"], cpu["percentused"]) == (500, 1000, "50")
    assert (cpu["zoneid"], "podid" in cpu) == (zone.zone, False)
    assert everything[5]["capacitytotal"] == 191
    assert [e["type"] for e in api.items("listCapacity", type=1)] == [1]
    assert api.one("listCapacity", podid=zone.pod, type=1)["podname"] == "pod"
    assert api.one("listCapacity", clusterid=zone.cluster, type=1, fetchlatest=True)["clustername"] == "cluster"
    fullest = api.items("listCapacity", sortby="usage", zoneid=zone.zone)
    assert (fullest[0]["type"], fullest[0]["podid"]) == (1, zone.pod)
    assert api.items("listCapacity", sortby="usage", podid=zone.pod)[0]["clusterid"] == zone.cluster
    page = api("listCapacity", page=2, pagesize=4)
    assert (page["count"], len(page["capacity"])) == (9, 4)
    other = api.one("createZone", name="other", networktype="Advanced", dns1="192.0.2.53", internaldns1="192.0.2.53")
    with pytest.raises(Refused, match="the pod is not in that zone"):
        api("listCapacity", zoneid=other["id"], podid=zone.pod)


def test_the_cloud_is_identified_to_users_of_other_services(service: Service, api: Client) -> None:
    user = api.items("listUsers", username="admin")[0]["id"]
    told = api.one("getCloudIdentifier", userid=user)
    assert uuid.UUID(told["cloudidentifier"])
    expected = hmac.digest(api.secret.encode(), told["cloudidentifier"].encode(), "sha1")
    assert base64.b64decode(told["signature"]) == expected
    with pytest.raises(Refused, match="no user with id"):
        service.user("ann")("getCloudIdentifier", userid=user)
    service.user("dora", kind=2)
    with pytest.raises(Refused, match="no user with id"):
        service.user("boss", kind=2)("getCloudIdentifier", userid=user)


def test_planners_are_listed(api: Client) -> None:
    assert api("listDeploymentPlanners") == {"count": 1, "deploymentPlanner": [{"name": "FirstFitPlanner"}]}


def test_hosts_take_only_so_many_machines(built_zone: Zone, service: Service) -> None:
    api = service.admin
    kinds = {entry["hypervisor"]: entry for entry in api.items("listHypervisorCapabilities")}
    assert set(kinds) == {"KVM", "Simulator"}
    assert "maxguestslimit" not in kinds["Simulator"]
    id_ = kinds["Simulator"]["id"]
    assert api.one("updateHypervisorCapabilities", id=id_, maxguestslimit=1)["maxguestslimit"] == 1
    assert api.one("listHypervisorCapabilities", hypervisor="simulator")["maxguestslimit"] == 1
    api.job("deployVirtualMachine", **built_zone.deploy(name="one"))
    with pytest.raises(Refused, match="1 has as many machines as a Simulator host may") as refusal:
        api.job("deployVirtualMachine", **built_zone.deploy(name="two"))
    assert refusal.value.code == 533
    api("updateHypervisorCapabilities", hypervisor="Simulator", hypervisorversion="default", maxguestslimit=2)
    for params in ({}, {"id": id_, "hypervisor": "KVM"}):
        with pytest.raises(Refused, match="give the id of an entry"):
            api("updateHypervisorCapabilities", **params)
    api.job("deployVirtualMachine", **built_zone.deploy(name="two"))
    for params, why in (({"maxguestslimit": 0}, "0 is not between 1 and"), ({"id": "x"}, "no hypervisor with id"),
                        ({"securitygroupenabled": True}, "Simulator hosts have no security groups yet")):
        with pytest.raises(Refused, match=why):
            api("updateHypervisorCapabilities", **{"id": id_, **params})
