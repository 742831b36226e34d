"""Pods and clusters as administrators meet them."""

from __future__ import annotations

import pytest
from tests.functional.topology.conftest import POD
from tests.support.client import Refused


def test_a_pod_shows_what_it_was_made_with(api, zone, pod):
    assert {k: pod[k] for k in POD} == POD
    assert (pod["zonename"], pod["allocationstate"]) == ("z1", "Enabled")
    assert api.one("listPods", zoneid=zone["id"], name="p1") == pod
    assert api("listPods", name="P1x") == {}
    assert api.one("listPods", keyword="P")["id"] == pod["id"]


def test_the_end_of_a_pod_is_the_end_of_its_subnet(api, zone):
    made = api.one("createPod", zoneid=zone["id"], name="p", gateway="203.0.113.254", netmask="255.255.255.0",
                   startip="203.0.113.10")
    assert made["endip"] == "203.0.113.253"


BAD_PODS = [
    ({"name": "p1", "gateway": "203.0.113.1", "startip": "203.0.113.10", "endip": "203.0.113.20"}, "name"),
    ({}, "overlaps"),
    ({"startip": "203.0.113.10"}, "startip"),
    ({"startip": "198.51.100.30", "endip": "198.51.100.29"}, "endip"),
    ({"startip": "198.51.100.30", "endip": "198.51.100.255"}, "endip"),
    ({"startip": "198.51.100.30", "endip": "198.51.100.40", "gateway": "198.51.100.35"}, "gateway"),
    ({"netmask": "255.0.255.0"}, "netmask"), ({"netmask": "255.255.255.255"}, "netmask"),
    ({"gateway": "198.51.100.0"}, "gateway"),
    ({"startip": "198.51.100.30; reboot"}, "startip"),
]


@pytest.mark.usefixtures("pod")
def test_a_bad_pod_is_refused_by_name(api, zone):
    for params, word in BAD_PODS:
        with pytest.raises(Refused, match=word) as refused:
            api("createPod", **{"zoneid": zone["id"], "name": "p2", **POD, **params})
        assert refused.value.code == 431
        assert len(api.items("listPods")) == 1


def test_a_pod_changes(api, pod):
    changed = api.one("updatePod", id=pod["id"], name="rack", startip="198.51.100.5", allocationstate="Disabled")
    assert (changed["name"], changed["startip"], changed["allocationstate"]) == ("rack", "198.51.100.5", "Disabled")
    assert api.one("listPods", allocationstate="Disabled")["id"] == pod["id"]
    with pytest.raises(Refused, match="endip"):
        api("updatePod", id=pod["id"], endip="203.0.113.9")


def test_a_pod_goes_when_nothing_is_in_it(api, pod, cluster):
    with pytest.raises(Refused, match="c1"):
        api("deletePod", id=pod["id"])
    api("deleteCluster", id=cluster["id"])
    api("deletePod", id=pod["id"])
    assert api("listPods") == {}


def test_a_cluster_shows_what_it_was_made_with(api, pod, cluster):
    assert cluster["hypervisortype"] == "Simulator"
    assert (cluster["podname"], cluster["zonename"], cluster["managedstate"]) == ("p1", "z1", "Managed")
    assert (cluster["cpuovercommitratio"], cluster["memoryovercommitratio"]) == ("1.0", "1.0")
    for name, value in {"hypervisor": "simulator", "podid": pod["id"], "managedstate": "Managed", "keyword": "C",
                        "clustertype": "CloudManaged", "allocationstate": "Enabled", "name": "c1"}.items():
        assert api.one("listClusters", **{name: value})["id"] == cluster["id"]
    assert api("listClusters", hypervisor="KVM") == {}


BAD_CLUSTERS = [
    ({"clustername": "c1"}, "clustername"), ({"hypervisor": "VMware"}, "VMware is not offered"),
    ({"hypervisor": "Acme"}, "hypervisor"), ({"clustertype": "ExternalManaged"}, "clustertype"),
    ({"url": "http://vcenter"}, "url"), ({"vsmpassword": "x"}, "vsmpassword"), ({"podid": "nowhere"}, "podid"),
]


@pytest.mark.usefixtures("cluster")
def test_a_bad_cluster_is_refused_by_name(api, zone, pod):
    wanted = {"zoneid": zone["id"], "podid": pod["id"], "clustername": "c2", "hypervisor": "KVM",
              "clustertype": "CloudManaged"}
    for params, word in BAD_CLUSTERS:
        with pytest.raises(Refused, match=word):
            api("addCluster", **(wanted | params))


def test_a_cluster_is_in_the_zone_of_its_pod(api, make_zone, pod):
    other = make_zone(name="z2")
    with pytest.raises(Refused, match="'p1' is not in zone 'z2'"):
        api("addCluster", zoneid=other["id"], podid=pod["id"], clustername="c", hypervisor="KVM",
            clustertype="CloudManaged")


def test_a_cluster_changes_its_hypervisor_only_while_empty(api, cluster, add_host):
    assert api.one("updateCluster", id=cluster["id"], hypervisor="KVM")["hypervisortype"] == "KVM"
    api("updateCluster", id=cluster["id"], hypervisor="Simulator", clustername="named", managedstate="Unmanaged")
    assert api.one("listClusters", managedstate="Unmanaged")["name"] == "named"
    host = add_host()
    with pytest.raises(Refused, match=host["name"]):
        api("updateCluster", id=cluster["id"], hypervisor="KVM")
    with pytest.raises(Refused, match=host["name"]):
        api("deleteCluster", id=cluster["id"])
