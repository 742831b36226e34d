"""Who cannot be placed is told, constraint by constraint, how many hosts or pools each excluded; who rules, which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stratoform.model.topology import HOST_STATES, Host
from tests.functional.scheduler.conftest import Place
from tests.support.client import Refused

pytestmark = pytest.mark.sqlite_only

HOST, POOL = "sim-c0-h0", "primary"


def told(place: Place, why: str, name: str, params: dict[str, Any] | None = None, **offering: Any) -> None:
    """Both are told why; only the administrator is told whom it concerns."""
    before = len(place.service.cloud.simulator.inventory())
    text = place.refusal(place.admin, params, **offering)
    assert f"1 {why} ({name})" in text
    users = place.refusal(place.user, params, **offering)
    assert users == text.replace(f" ({name})", "")
    for client in (place.admin, place.user):
        assert client.items("listVirtualMachines", listall=True) == client.items("listVolumes", listall=True) == []
    assert len(place.service.cloud.simulator.inventory()) == before


def test_what_a_host_lacks_is_told_with_the_most_there_is(place: Place) -> None:
    told(place, "has fewer than 33 CPUs, most there is: 32 CPUs", HOST, cpus=33)
    told(place, "has CPUs slower than 2401 MHz, most there is: 2400 MHz", HOST, speed=2401)
    told(place, "has less than 131073 MB of memory free, most there is: 131072 MB", HOST, memory=131_073)
    told(place, "lacks the tag 'ssd'", HOST, hosttags="ssd")
    told(place, "lacks the tag 'sd'", HOST, hosttags="sd,x")
    assert place.refusal(place.user, cpus=33, speed=2401, memory=131_073) == (
        "No host can take a machine of 33 x 2401 MHz and 131073 MB: 1 has fewer than 33 CPUs, most there is: 32 CPUs")


def test_what_is_in_use_is_not_free(place: Place) -> None:
    vm = place.deploy(cpus=20, speed=2400, memory=100_000)["id"]
    assert "1 has less than 31200 MHz of CPU free, most there is: 28800 MHz (sim-c0-h0)" in place.refusal(
        place.admin, cpus=13, speed=2400)
    assert "1 has less than 31073 MB of memory free, most there is: 31072 MB (sim-c0-h0)" in place.refusal(
        place.admin, memory=31_073)
    place.admin.job("stopVirtualMachine", id=vm)
    assert place.deploy(cpus=13, speed=2400, memory=31_073)["state"] == "Running"
    assert "1 has less than 48000 MHz of CPU free" in _start(place, vm)


def _start(place: Place, vm: str) -> str:
    with pytest.raises(Refused) as refused:
        place.admin.job("startVirtualMachine", id=vm)
    assert place.admin.one("listVirtualMachines", id=vm)["state"] == "Stopped"
    return refused.value.text


def _disconnect(place: Place) -> None:
    def work(session: Any) -> None:
        HOST_STATES.move(session, session.query(Host).filter(Host.uuid == place.first).one(), "disconnect")

    place.service.cloud.db.write(work)


def _connect(place: Place) -> None:
    def work(session: Any) -> None:
        HOST_STATES.move(session, session.query(Host).filter(Host.uuid == place.first).one(), "connect")

    place.service.cloud.db.write(work)


CLOSED = "is in a disabled zone, pod or cluster"
SWITCHES: dict[str, tuple[str, Callable[[Place, bool], Any]]] = {
    "host": ("is disabled or in maintenance", lambda p, on: p.admin(
        "updateHost", id=p.first, allocationstate="Enable" if on else "Disable")),
    "cluster": (CLOSED, lambda p, on: p.admin(
        "updateCluster", id=p.zone.cluster, allocationstate="Enabled" if on else "Disabled")),
    "management": (CLOSED, lambda p, on: p.admin(
        "updateCluster", id=p.zone.cluster, managedstate="Managed" if on else "Unmanaged")),
    "pod": (CLOSED, lambda p, on: p.admin(
        "updatePod", id=p.zone.pod, allocationstate="Enabled" if on else "Disabled")),
    "connection": ("is not connected", lambda p, on: _connect(p) if on else _disconnect(p)),
}


def test_what_is_switched_off_takes_nobody_until_it_is_on_again(place: Place) -> None:
    for why, switch in SWITCHES.values():
        switch(place, False)
        told(place, why, HOST)
        switch(place, True)
    assert place.deploy()["state"] == "Running"


def test_a_disabled_zone_takes_nobody(place: Place) -> None:
    place.admin("updateZone", id=place.zone.zone, allocationstate="Disabled")
    assert f"1 {CLOSED} ({HOST})" in place.refusal(place.admin)
    with pytest.raises(Refused, match="Invalid parameter zoneid: zone sim is disabled") as refused:
        place.deploy(place.user)
    assert refused.value.code == 431
    place.admin("updateZone", id=place.zone.zone, allocationstate="Enabled")
    assert place.deploy(place.user)["state"] == "Running"


def test_what_a_pool_lacks_is_told(place: Place) -> None:
    told(place, "lacks the tag 'fast'", POOL, tags="fast")
    assert "No primary storage pool can take a disk of 0.06 GB: " in place.refusal(place.user, tags="fast")
    told(place, "is shared, but the offering asks for local storage", POOL, storagetype="local")
    place.fill(place.zone.pool, capacity=2**30, used=2**30)
    assert "1 is fuller than " in place.refusal(place.user)
    assert f"({POOL}" not in place.refusal(place.user)
    assert f"({POOL})" in place.refusal(place.admin)
    place.fill(place.zone.pool, capacity=2**26, used=0)
    assert "1 has less than 0.06 GB to promise, most there is: 0 GB" in place.refusal(place.user)
    assert f"({POOL})" in place.refusal(place.admin)
    place.fill(place.zone.pool, capacity=2**40, used=0)
    assert place.deploy()["state"] == "Running"


def test_a_demanded_host_is_the_only_one_looked_at(place: Place) -> None:
    big, small = place.first, place.host("small", memory=1)
    wanted = {"hostid": small}
    text = place.refusal(place.admin, wanted, memory=2048)
    assert "1 is not the host asked for (sim-c0-h0)" in text
    assert "1 has less than 2048 MB of memory free, most there is: 1024 MB (sim-c0-small)" in text
    params = place.zone.deploy(serviceofferingid=place.offering(memory=512))
    for host in (small, big):
        assert place.admin.job("deployVirtualMachine", **params, hostid=host)["hostid"] == host
    with pytest.raises(Refused, match="hostid is for root administrators only"):
        place.user("deployVirtualMachine", **params, hostid=big)


def test_each_host_is_counted_once_at_the_first_constraint_it_misses(place: Place) -> None:
    place.admin("updateHost", id=place.first, allocationstate="Disable")
    other = place.cluster("other")
    place.admin("updateCluster", id=other, allocationstate="Disabled")
    place.host("closed", clusterid=other)
    for number in range(7):
        place.host(f"plain{number}")
    place.host("few", hosttags="ssd", cpus=1)
    place.host("slow", hosttags="ssd", mhz=900)
    place.host("poor", hosttags="ssd", memory=0.5)
    text = place.refusal(place.admin, cpus=2, speed=1000, memory=1024, hosttags="ssd")
    assert text == (
        "No host can take a machine of 2 x 1000 MHz and 1024 MB: 1 is in a disabled zone, pod or cluster "
        "(sim-c0-closed); 1 is disabled or in maintenance (sim-c0-h0); 7 lack the tag 'ssd' (sim-c0-plain0, "
        "sim-c0-plain1, sim-c0-plain2, sim-c0-plain3, sim-c0-plain4, ...); 1 has fewer than 2 CPUs, most there is: "
        "4 CPUs (sim-c0-few); 1 has CPUs slower than 1000 MHz, most there is: 2000 MHz (sim-c0-slow); 1 has less "
        "than 1024 MB of memory free, most there is: 512 MB (sim-c0-poor)")
    assert place.refusal(place.user, cpus=2, speed=1000, memory=1024, hosttags="ssd") == (
        "No host can take a machine of 2 x 1000 MHz and 1024 MB: 1 is in a disabled zone, pod or cluster; 1 is "
        "disabled or in maintenance; 7 lack the tag 'ssd'; 1 has fewer than 2 CPUs, most there is: 4 CPUs; 1 has "
        "CPUs slower than 1000 MHz, most there is: 2000 MHz; 1 has less than 1024 MB of memory free, most there is: "
        "512 MB")


def test_a_zone_without_hosts_says_so(place: Place) -> None:
    place.admin("deleteHost", id=place.first, forced=True)
    assert place.refusal(place.user) == (
        "No host can take a machine of 1 x 500 MHz and 128 MB: there is no host at all")
