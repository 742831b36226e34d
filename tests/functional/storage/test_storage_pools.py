"""Primary storage: what may be added where, how it is listed, when it may go."""

from __future__ import annotations

import pytest

from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone, build

GIB = 2**30


@pytest.fixture
def zone(api: Client) -> Zone:
    return build(api)


def create(api: Client, zone: Zone, **more: object) -> dict[str, object]:
    given = {"zoneid": zone.zone, "podid": zone.pod, "clusterid": zone.cluster, "name": "second",
             "url": "nfs://192.0.2.11/export/second"}
    return api.one("createStoragePool", **given | more)


def test_a_pool_is_shown_with_all_its_fields(api: Client, zone: Zone) -> None:
    pool = create(api, zone, tags="ssd, blue", capacityiops=5000, url="nfs://NFS.example.org//export/./second/")
    pool.pop("jobid", None)
    assert pool | {"id": "", "created": "", "zoneid": "", "podid": "", "clusterid": ""} == {
        "id": "", "created": "", "zoneid": "", "podid": "", "clusterid": "", "zonename": "sim", "podname": "pod",
        "clustername": "cluster", "name": "second", "ipaddress": "nfs.example.org", "path": "/export/second",
        "type": "NetworkFilesystem", "disksizetotal": 1024 * GIB, "disksizeallocated": 0, "disksizeused": 0,
        "capacityiops": 5000, "tags": "ssd,blue", "state": "Up", "scope": "CLUSTER", "hypervisor": "Simulator",
    }


def test_a_pool_is_attached_to_every_host_of_its_cluster(service: Service, api: Client) -> None:
    zone = build(api, hosts=2)
    pool = create(api, zone)["id"]
    attached = {host for host, _, key in service.cloud.simulator.inventory("pool") if key == pool}
    assert attached == set(zone.hosts)
    api("deleteStoragePool", id=pool)
    assert {key for _, _, key in service.cloud.simulator.inventory("pool")} == {zone.pool}
    assert api.items("listStoragePools", id=zone.pool)[0]["state"] == "Up"


def test_a_pool_of_the_zone_belongs_to_no_cluster(api: Client, zone: Zone) -> None:
    pool = create(api, zone, podid=None, clusterid=None, scope="zone", hypervisor="Simulator")
    assert pool["scope"] == "ZONE"
    assert "clusterid" not in pool
    assert "podid" not in pool


def test_a_directory_of_one_host_is_local_to_it(api: Client, zone: Zone) -> None:
    with pytest.raises(Refused, match="does not allow storage local to a host"):
        create(api, zone, url="filesystem://localhost/srv/vms")
    api("updateZone", id=zone.zone, localstorageenabled=True)
    pool = create(api, zone, url="filesystem://localhost/srv/vms")
    assert (pool["scope"], pool["type"], pool["path"]) == ("HOST", "Filesystem", "/srv/vms")
    with pytest.raises(Refused, match="is no host of the cluster"):
        create(api, zone, name="third", url="filesystem://elsewhere/srv/other")


BAD: tuple[tuple[dict[str, object], str], ...] = (
    ({"url": "iscsi://192.0.2.1/iqn"}, "Invalid parameter url: .* is not one of nfs://host/export"),
    ({"url": "nfs:///export"}, "names no server"),
    ({"url": "nfs://host"}, "needs an absolute path"),
    ({"url": "nfs://host/a/../../etc"}, "without '..'"),
    ({"url": "nfs://user:secret@host/export"}, "may have a host and a path only"),
    ({"url": "nfs://host;reboot/export"}, "is neither a host name nor an address"),
    ({"url": "nfs://{{ lookup('pipe', 'id') }}/x"}, "is neither a host name nor an address"),
    ({"url": "nfs://host/a%0Ab"}, "needs an absolute path"),
    ({"url": "nfs://[::1/export"}, "is no URL"),
    ({"url": "nfs://host:99999999/export"}, "is no URL"),
    ({"clusterid": None, "podid": None}, "Invalid parameter clusterid: a pool of scope CLUSTER needs it"),
    ({"scope": "zone"}, "Invalid parameter clusterid: a pool of scope ZONE belongs to no cluster"),
    ({"scope": "zone", "clusterid": None, "podid": None}, "Invalid parameter hypervisor: .* needs it"),
    ({"scope": "zone", "clusterid": None, "podid": None, "hypervisor": "KVM"}, "no connected KVM host"),
    ({"scope": "host"}, "a filesystem:// pool is a directory of one host"),
    ({"scope": "region"}, "is not one of CLUSTER, ZONE, HOST"),
    ({"hypervisor": "KVM"}, "cluster 'cluster' has Simulator"),
    ({"managed": True}, "no provider of managed storage"),
    ({"capacitybytes": 1}, "it is for managed storage"),
    ({"provider": "SolidFire"}, "is not one of DefaultPrimary"),
    ({"name": "primary"}, "Invalid parameter name: a storage pool named 'primary' exists already"),
    ({"url": "nfs://192.0.2.10/export/primary/"}, "storage pool 'primary' is there already"),
    ({"zoneid": "nonsense"}, "no zone with id 'nonsense'"),
    ({"name": " "}, "it must not be empty"),
    ({"tags": "a" * 200}, "at most 100 characters"),
)


def test_bad_input_names_the_parameter_and_leaves_nothing(service: Service, api: Client, zone: Zone) -> None:
    for given, why in BAD:
        with pytest.raises(Refused, match=why) as refusal:
            create(api, zone, **given)
        assert refusal.value.code in {431, 534}
    assert [pool["name"] for pool in api.items("listStoragePools")] == ["primary"]
    assert {key for _, _, key in service.cloud.simulator.inventory("pool")} == {zone.pool}


def test_two_pools_never_share_a_directory(api: Client, zone: Zone) -> None:
    create(api, zone, url="SharedMountPoint://localhost/mnt/vms")
    with pytest.raises(Refused, match="storage pool 'second' is there already"):
        create(api, zone, name="third", url="sharedmountpoint://elsewhere/mnt//vms/")


def test_what_the_hosts_refuse_leaves_no_trace_and_works_later(service: Service, api: Client, zone: Zone) -> None:
    service.cloud.simulator.trouble(operation="pool", failure="fail", cause="Failed to mount: no such export")
    with pytest.raises(Refused, match="no such export"):
        create(api, zone)
    assert [pool["name"] for pool in api.items("listStoragePools")] == ["primary"]
    assert create(api, zone)["state"] == "Up"


def test_a_pool_with_disks_stays(api: Client, zone: Zone) -> None:
    vm = api.job("deployVirtualMachine", **zone.deploy(name="vm"))
    for forced in (False, True):
        with pytest.raises(Refused, match=r"still has 1 volume\(s\)") as refusal:
            api("deleteStoragePool", id=zone.pool, forced=forced)
        assert refusal.value.code == 536
    assert api.one("listStoragePools", id=zone.pool)["disksizeallocated"] > 0
    api.job("destroyVirtualMachine", id=vm["id"], expunge=True)
    assert api("deleteStoragePool", id=zone.pool)["success"] == "true"
    assert api.items("listStoragePools") == []


def test_tags_and_iops_change_and_size_does_not(api: Client, zone: Zone) -> None:
    assert api.one("updateStoragePool", id=zone.pool, tags="fast", capacityiops=7)["tags"] == "fast"
    changed = api.one("updateStoragePool", id=zone.pool, tags=" ")
    assert "tags" not in changed
    assert changed["capacityiops"] == 7
    with pytest.raises(Refused, match="capacitybytes"):
        api("updateStoragePool", id=zone.pool, capacitybytes=1)


def test_lists_filter(api: Client, zone: Zone) -> None:
    create(api, zone, podid=None, clusterid=None, scope="zone", hypervisor="Simulator")

    def names(**filters: object) -> list[str]:
        return [pool["name"] for pool in api.items("listStoragePools", **filters)]

    assert names() == ["primary", "second"]
    assert names(name="second") == names(scope="ZONE") == names(path="/export/second") == ["second"]
    assert names(clusterid=zone.cluster) == names(podid=zone.pod) == names(ipaddress="192.0.2.10") == ["primary"]
    assert names(keyword="PRIM") == names(id=zone.pool) == ["primary"]
    assert names(zoneid=zone.zone, page=2, pagesize=1) == ["second"]
    assert names(name="nothing") == []


def test_users_see_no_pools(service: Service) -> None:
    with pytest.raises(Refused) as refusal:
        service.user("ann")("listStoragePools")
    assert refusal.value.code == 401
