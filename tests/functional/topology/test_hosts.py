"""Hosts as administrators meet them, on the simulator."""

from __future__ import annotations

import pytest
from tests.support.client import Refused

from stratoform.model.topology import Host


def test_a_host_tells_what_it_is(api, cluster, add_host):
    host = add_host("h0", hosttags="ssd,big,ssd")
    assert (host["state"], host["resourcestate"], host["type"]) == ("Up", "Enabled", "Routing")
    assert (host["cpunumber"], host["cpuspeed"], host["memorytotal"]) == (4, 2000, 8 * 2**30)
    assert (host["hosttags"], host["hypervisor"], host["clusterid"]) == ("ssd,big", "Simulator", cluster["id"])
    assert (host["cpuallocated"], host["memoryallocated"], host["cpuwithoverprovisioning"]) == ("0%", 0, "8000.0")
    assert api.one("listHosts", id=host["id"]) == host


def test_passwords_are_sealed_and_never_shown(api, service, add_host):
    host = add_host("h0", password="s3cret {{ x }}")
    with service.cloud.db.read() as session:
        kept = session.query(Host.password).filter(Host.uuid == host["id"]).scalar()
    assert "s3cret" not in kept
    assert service.cloud.vault.open(kept) == "s3cret {{ x }}"
    assert "s3cret" not in str(api("listHosts")) + str(api("listEvents")) + str(api("listAsyncJobs"))


def test_a_host_may_bring_its_cluster(api, add_host):
    first = add_host("h1", clusterid=None, clustername="fresh")
    second = add_host("h2", clusterid=None, clustername="fresh")
    assert first["clusterid"] == second["clusterid"]
    assert len(api.items("listClusters", name="fresh")) == 1


BAD_HOSTS = [
    ({"url": "http://sim/c0/taken?cpus=1"}, "url"), ({"url": "sim"}, "url"), ({"url": "ftp://h"}, "url"),
    ({"url": "http://user@h"}, "url"), ({"url": "http://[::1"}, "url"), ({"url": "http://h:x"}, "url"),
    ({"hypervisor": "KVM"}, "hypervisor"), ({"hypervisor": "XenServer"}, "XenServer is not offered"),
    ({"clusterid": None}, "clusterid"), ({"clustername": "c1"}, "clusterid"), ({"username": "a b"}, "username"),
    ({"password": "a\nb"}, "password"), ({"allocationstate": "Enable"}, "allocationstate"),
]


def test_a_bad_host_is_refused_by_name(api, add_host):
    add_host("taken")
    for params, word in BAD_HOSTS:
        with pytest.raises(Refused, match=word) as refused:
            add_host("h9", **params)
        assert refused.value.code == 431
        assert len(api.items("listHosts")) == 1


@pytest.mark.parametrize("url", ["http://10.0.0.1/path", "http://10.0.0.1:22", "http://300.1.1.1", "http://a_b",
                                 "http://-oProxyCommand=x", "http://h?cpus=1"])
def test_only_an_address_addresses_a_real_host(api, zone, pod, url):
    with pytest.raises(Refused, match="url"):
        api("addHost", zoneid=zone["id"], podid=pod["id"], clustername="k", hypervisor="KVM", username="root",
            password="", url=url)
    assert api("listClusters") == {}


def test_a_host_that_does_not_answer_leaves_nothing(api, service, add_host):
    service.cloud.simulator.trouble(operation="facts", failure="unreachable", cause="no route")
    with pytest.raises(Refused) as refused:
        add_host("h0")
    assert refused.value.code in {530, 534}
    assert api("listHosts") == {}
    assert add_host("h0")["state"] == "Up"


def test_filters_narrow_the_list(api, zone, pod, cluster, add_host):
    host, other = add_host("h0"), add_host("h1", allocationstate="Disabled")
    assert len(api.items("listHosts", zoneid=zone["id"], podid=pod["id"], clusterid=cluster["id"], state="Up")) == 2
    assert api.one("listHosts", resourcestate="Disabled")["id"] == other["id"]
    assert api.one("listHosts", name=host["name"])["id"] == host["id"]
    assert len(api.items("listHosts", type="Routing", hypervisor="Simulator", hahost=False, keyword="SIM")) == 2
    for none in ({"type": "SecondaryStorage"}, {"hahost": True}, {"state": "Maintenance"}, {"hypervisor": "KVM"}):
        assert api("listHosts", **none) == {}
    assert "cpuallocated" not in api.one("listHosts", id=host["id"], details="min")
    assert "cpuallocated" in api.one("listHosts", id=host["id"], details="min,capacity")
    assert len(api.items("listHosts", page=2, pagesize=1)) == 1
    with pytest.raises(Refused, match="details"):
        api("listHosts", details="everything")


def test_a_host_changes(api, add_host):
    host = add_host("h0", hosttags="old")
    category = api.items("listOsCategories")[0]
    changed = api.one("updateHost", id=host["id"], allocationstate="Disable", hosttags="a,b",
                      oscategoryid=category["id"])
    assert (changed["resourcestate"], changed["hosttags"]) == ("Disabled", "a,b")
    assert changed["oscategoryname"] == category["name"]
    with pytest.raises(Refused, match="url"):
        api("updateHost", id=host["id"], url="http://elsewhere")


def test_a_host_leaves(api, add_host):
    host = add_host("h0")
    assert api("deleteHost", id=host["id"])["success"] == "true"
    assert api("listHosts") == {}
    assert add_host("h0")["id"] != host["id"]


def test_overcommitment_shows_in_the_figures(api, add_host):
    host = add_host("h0")
    api("updateConfiguration", name="cpu.overprovisioning.factor", value="2")
    assert api.one("listHosts", id=host["id"])["cpuwithoverprovisioning"] == "16000.0"
    assert api.one("listClusters")["cpuovercommitratio"] == "2.0"
