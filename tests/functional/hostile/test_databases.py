"""What depends on the database: how long texts may be, and which texts it takes for equal."""

from __future__ import annotations

import pytest

from tests.conftest import Service
from tests.functional.hostile.asking import ask
from tests.support.client import Client, Refused
from tests.support.zone import Zone

WHALE = "\U0001f433"  # four bytes of UTF-8
TAGS = ",".join(f"{n:02}{WHALE * 98}" for n in range(100))
"""The longest list of tags there may be."""


def test_the_longest_texts_fit(built_zone: Zone, service: Service) -> None:
    api, zone = service.admin, built_zone
    place = {"zoneid": zone.zone, "podid": zone.pod, "clusterid": zone.cluster}
    new_host = {**place, "hypervisor": "Simulator", "username": "root", "password": WHALE * 255}
    calls: list[tuple[str, dict[str, str]]] = [
        ("addHost", {**new_host, "hosttags": TAGS, "url": "http://sim/".ljust(255, "x")}),
        ("updateHost", {"id": zone.hosts[0], "hosttags": TAGS}),
        ("createStoragePool", {**place, "name": WHALE * 255, "tags": TAGS,
                               "url": f"nfs://{'a.' * 100}b/".ljust(255, WHALE)}),
        ("updateStoragePool", {"id": zone.pool, "tags": TAGS}),
        ("addImageStore", {"zoneid": zone.zone, "provider": "NFS", "url": "nfs://h/".ljust(255, WHALE)}),
        ("addSecondaryStorage", {"zoneid": zone.zone, "url": "nfs://i/".ljust(255, "x")}),
        ("createPhysicalNetwork", {"zoneid": zone.zone, "name": WHALE * 255, "networkspeed": WHALE * 255,
                                   "tags": TAGS, "vlan": ",".join(map(str, range(1, 900)))}),
        ("updatePhysicalNetwork", {"id": zone.physical_network, "tags": TAGS}),
        ("createServiceOffering", {"name": WHALE * 255, "displaytext": WHALE * 4096, "tags": TAGS, "hosttags": TAGS}),
        ("createNetworkOffering", {"name": WHALE * 255, "displaytext": WHALE * 4096, "traffictype": "Guest",
                                   "guestiptype": "Shared", "supportedservices": "Dhcp", "tags": WHALE * 255,
                                   "specifyvlan": "true", "specifyipranges": "true"}),
        ("updateConfiguration", {"name": "guest.domain.suffix", "value": ".".join(["a" * 63] * 60)}),
    ]
    for command, params in calls:
        answer = ask(api, command, params)
        assert (answer.status, answer.text) == (200, ""), command
        if "jobid" in answer.content:
            api.await_job(answer.content["jobid"])
    for command, params in calls:
        for name in [name for name, value in params.items() if value == TAGS]:
            for more, said in ((f"{TAGS},x", "at most 100 values"), ("x" * 101, "at most 100 characters")):
                with pytest.raises(Refused, match=f"Invalid parameter {name}: .*{said}") as refused:
                    api(command, **params | {name: more})
                assert refused.value.code == 431


def test_only_equal_texts_are_equal(service: Service) -> None:
    """Neither case, nor accents, nor blanks at the end, nor the plane of Unicode make names or keys equal."""
    api = service.admin
    names = (WHALE, "\U0001f680", "e", "\u00e9", "E", "\u00df", "ss", "\u0131", "i")
    for name in names:
        api("createZone", name=name, networktype="Advanced", dns1="192.0.2.53", internaldns1="192.0.2.53")
    for name in names:
        assert [zone["name"] for zone in api.items("listZones", name=name)] == [name]
    assert {zone["name"] for zone in api.items("listZones", keyword="E")} == {"e", "E"}
    for key in (api.key.swapcase(), api.key.upper(), f"{api.key} "):
        with pytest.raises(Refused, match="unable to verify user credentials"):
            Client(api.http, key, api.secret)("listZones")


def test_tags_differ_by_case(built_zone: Zone, service: Service) -> None:
    api, zone = service.admin, built_zone
    api("updateHost", id=zone.hosts[0], hosttags="SSD,a_b")
    api("updateStoragePool", id=zone.pool, tags="Fast")
    for tags in ({"hosttags": "ssd"}, {"hosttags": "axb"}, {"tags": "fast"}):
        offering = api.one("createServiceOffering", name=str(tags), displaytext="-", cpunumber=1, cpuspeed=100,
                           memory=64, **tags)["id"]
        with pytest.raises(Refused, match="1 lacks the tag"):
            api.job("deployVirtualMachine", **zone.deploy(serviceofferingid=offering))


@pytest.mark.sqlite_only
def test_a_simulated_host_has_a_sane_size(built_zone: Zone, service: Service) -> None:
    zone = built_zone
    for query in ("cpus=a", "cpus=0", "cpus=-1", "cpus=99999", "cpus=", "cpus=1e3", "mhz=nan", "memory_gb=1e308",
                  "memory_gb=inf", "memory_gb=0", "color=red", "cpus=\u0663"):
        with pytest.raises(Refused, match=r"Invalid parameter url: .*simulated host") as refused:
            service.admin("addHost", zoneid=zone.zone, podid=zone.pod, clusterid=zone.cluster, username="root",
                          hypervisor="Simulator", password="x", url=f"http://sim/c0/x?{query}")
        assert refused.value.code == 431
    assert len(service.admin.items("listHosts")) == 1
