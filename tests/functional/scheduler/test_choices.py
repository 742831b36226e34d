"""Where machines go: tags, over-commitment, the emptiest host, the last host, the pool that fits."""

from __future__ import annotations

import pytest

from tests.functional.scheduler.conftest import Place

pytestmark = pytest.mark.sqlite_only


def closed(place: Place) -> Place:
    """The place without its first, large host."""
    place.admin("updateHost", id=place.first, allocationstate="Disable")
    return place


def test_tags_lead_to_the_hosts_that_have_them_all(place: Place) -> None:
    place.host("ssd", hosttags="ssd", memory=1)
    both = place.host("both", hosttags="gpu,ssd", memory=1)
    for _ in range(4):
        assert place.deploy(hosttags="ssd,gpu")["hostid"] == both
    place.admin("updateHost", id=place.first, hosttags="ssd,gpu")
    assert place.deploy(hosttags="ssd,gpu")["hostid"] == place.first


def test_the_emptiest_host_is_taken(place: Place) -> None:
    hosts = [closed(place).host(f"e{n}") for n in range(3)]
    taken = [place.deploy(memory=1024)["hostid"] for _ in range(6)]
    assert sorted(taken[:3]) == sorted(taken[3:]) == sorted(hosts)


def test_a_stopped_machine_goes_back_to_its_last_host(place: Place) -> None:
    vm = place.deploy()
    place.host("empty", cpus=32, mhz=2400, memory=256)
    place.admin.job("stopVirtualMachine", id=vm["id"])
    assert place.admin.job("startVirtualMachine", id=vm["id"])["hostid"] == vm["hostid"]
    place.admin.job("stopVirtualMachine", id=vm["id"])
    place.admin("updateHost", id=vm["hostid"], allocationstate="Disable")
    assert place.admin.job("startVirtualMachine", id=vm["id"])["hostid"] != vm["hostid"]


@pytest.mark.parametrize(("setting", "size"), [
    ("cpu.overprovisioning.factor", {"cpus": 4, "speed": 2000}), ("mem.overprovisioning.factor", {"memory": 4096}),
])
def test_over_commitment_counts_globally_and_first_of_all_for_the_cluster(
    place: Place, setting: str, size: dict[str, int],
) -> None:
    """A machine as large as a host: two fit by a factor of 2."""
    closed(place).host("a")
    other = place.cluster("other")
    host = place.host("b", clusterid=other)
    place.pool("other", clusterid=other)
    assert {place.deploy(**size)["hostid"] for _ in range(2)} >= {host}
    assert "2 have less than" in place.refusal(place.user, **size)
    place.admin("updateConfiguration", name=setting, value="2", clusterid=other)
    assert place.deploy(**size)["hostid"] == host
    assert "2 have less than" in place.refusal(place.user, **size)
    place.admin("updateConfiguration", name=setting, value="2")
    assert place.deploy(**size)["hostid"] != host
    place.admin("updateConfiguration", name=setting, value="3")
    place.admin("updateConfiguration", name=setting, value="1", clusterid=place.zone.cluster)
    assert "2 have less than" in place.refusal(place.user, **size)
    place.admin("updateConfiguration", name=setting, clusterid=place.zone.cluster)
    assert place.deploy(**size)["hostid"] != host


def test_storage_tags_lead_to_the_pools_that_have_them(place: Place) -> None:
    place.pool("slow", tags="slow")
    fast = place.pool("fast", tags="fast,ssd")
    for _ in range(3):
        vm = place.deploy(tags="ssd")
        assert place.admin.one("listVolumes", virtualmachineid=vm["id"])["storage"] == "fast"
    place.fill(fast, capacity=2**27)
    assert "2 lack the tag 'ssd'; 1 has less than" in place.refusal(place.user, tags="ssd")


def test_a_full_pool_is_passed_over(place: Place) -> None:
    empty = place.pool("empty")
    for full, column in ((place.zone.pool, "used"), (place.zone.pool, "capacity")):
        place.fill(place.zone.pool, capacity=2**40, used=0)
        place.fill(empty, capacity=2**30, used=0)
        place.fill(full, **{column: 2**40 if column == "used" else 2**26})
        vm = place.deploy()
        assert place.admin.one("listVolumes", virtualmachineid=vm["id"])["storage"] == "empty"


def test_the_one_cluster_with_the_right_storage_is_found_behind_many_others(place: Place) -> None:
    """The best hosts reach no pool with the tag; the only one that does is the least of all."""
    for number in range(12):
        place.host(f"near{number}", memory=64)
    other = place.cluster("other")
    far = place.host("far", clusterid=other, memory=1)
    place.pool("fast", clusterid=other, tags="fast")
    assert place.deploy(tags="fast")["hostid"] == far
    text = place.refusal(place.user, tags="slow")
    assert "No primary storage pool can take a disk of 0.06 GB" in text
