"""Many at once: capacity is never exceeded, nobody who would fit is lost, and no address is given twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from stratoform.model.addresses import text
from stratoform.model.compute import Vm
from stratoform.model.network import Nic
from tests.conftest import Service
from tests.functional.scheduler.conftest import Place
from tests.support.client import Client, Refused

THREADS = 16


@pytest.fixture
def services(place: Place, make_service: Callable[..., Service]) -> list[Service]:
    """The service of the place and a second one, as another process would run, on the same database."""
    second = make_service()
    second.cloud.runner.worker = "second"  # in one process both would have one name
    second.cloud.jobs._heartbeat()
    return [place.service, second]


def at_once(services: list[Service], place: Place, params: Callable[[int], dict[str, Any]]) -> list[Any]:
    """Asks for THREADS deployments at the same moment; the final state or the refusal of each."""
    gate = threading.Barrier(THREADS)
    jobs: list[Any] = [None] * THREADS

    def ask(number: int) -> None:
        http = services[number % len(services)].admin.http.application.test_client()
        client = Client(http, place.admin.key, place.admin.secret)
        gate.wait(10)
        try:
            jobs[number] = client("deployVirtualMachine", **place.zone.deploy(**params(number)))["jobid"]
        except Refused as refused:
            jobs[number] = refused

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [job if isinstance(job, Refused) else _end(place.admin, job) for job in jobs]


def _end(client: Client, job: str) -> Any:
    try:
        return client.await_job(job, limit=60)["state"]
    except Refused as refused:
        return refused


def refusals(outcomes: list[Any]) -> list[Any]:
    return [outcome for outcome in outcomes if outcome != "Running"]


def test_hosts_take_exactly_what_fits(place: Place, services: list[Service]) -> None:
    """One host has CPU for 3 machines and memory for 5, the other CPU for 6 and memory for 4: 7 fit."""
    place.admin("updateHost", id=place.first, allocationstate="Disable")
    hosts = {place.host("cpu", cpus=3, mhz=1000, memory=5): 3, place.host("memory", cpus=6, mhz=1000, memory=4): 4}
    offering = place.offering(cpus=1, speed=1000, memory=1024)
    outcomes = at_once(services, place, lambda n: {"serviceofferingid": offering, "name": f"m{n}"})
    refused = refusals(outcomes)
    assert len(refused) == THREADS - 7, refused
    for refusal in refused:
        assert isinstance(refusal, Refused), repr(refusal)
        assert refusal.code == 533
        assert "No host can take a machine of 1 x 1000 MHz and 1024 MB: " in refusal.text
    machines = place.admin.items("listVirtualMachines", listall=True)
    assert Counter(vm["hostid"] for vm in machines) == hosts
    domains = place.service.cloud.simulator.inventory("domain")
    assert Counter(host for host, _, _ in domains) == hosts
    assert len(place.service.cloud.simulator.inventory("volume")) == len(machines) == 7
    place.admin.job("destroyVirtualMachine", id=machines[0]["id"], expunge=True)
    vm = place.deploy(cpus=1, speed=1000, memory=1024)
    assert vm["hostid"] == machines[0]["hostid"]


def test_pools_promise_exactly_what_they_have(place: Place, services: list[Service]) -> None:
    """A disk has 64 MiB, as a template's copy; a pool of 340 MiB may promise 1.7 times that: a copy and 8 disks."""
    place.fill(place.zone.pool, capacity=340 * 2**20)
    outcomes = at_once(services, place, lambda n: {"name": f"m{n}", "serviceofferingid": place.zone.offering})
    refused = refusals(outcomes)
    assert len(refused) == THREADS - 8, refused
    assert all(isinstance(r, Refused) and r.code == 533 and "GB to promise" in r.text for r in refused), refused
    assert len(place.service.cloud.simulator.inventory("volume")) == 8


@pytest.mark.parametrize("fresh", [False, True], ids=["router there", "router yet to be placed"])
def test_no_address_is_given_twice_and_none_is_lost(place: Place, services: list[Service], fresh: bool) -> None:
    """A network of ten addresses, one of them for its router."""
    network = place.admin.one(
        "createNetwork", zoneid=place.zone.zone, name="narrow", displaytext="-", vlan="300", gateway="10.3.1.1",
        networkofferingid=place.admin.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"],
        netmask="255.255.255.0", startip="10.3.1.10", endip="10.3.1.19")["id"]
    if not fresh:
        vm = place.admin.job("deployVirtualMachine", **place.zone.deploy(networkids=network))["id"]
        place.admin.job("destroyVirtualMachine", id=vm, expunge=True)
    outcomes = at_once(services, place, lambda n: {"networkids": network, "name": f"m{n}"})
    refused = refusals(outcomes)
    assert len(refused) == THREADS - 9, refused
    assert all(isinstance(r, Refused) and r.code == 533 and "Network narrow has no free address" in r.text
               for r in refused), refused
    with place.service.cloud.db.read() as session:
        held = [text(ip) for ip in session.scalars(select(Nic.ip).where(Nic.ip >= 10 << 24 | 3 << 16))]
        assert session.scalar(select(func.count(Vm.id)).where(Vm.removed.is_(None))) == 9
    assert sorted(held) == [f"10.3.1.{n}" for n in range(10, 20)]
    (router,) = [r for r in place.service.cloud.simulator.inventory("router").values()
                 if r["interfaces"][0]["address"].startswith("10.3.1.")]
    shown = [vm["nic"][0]["ipaddress"] for vm in place.admin.items("listVirtualMachines", listall=True)]
    assert sorted(lease["ip"] for lease in router["dhcp"]) == sorted(shown)
    assert len(set(shown)) == 9


def test_one_address_asked_for_by_many_goes_to_one(place: Place, services: list[Service]) -> None:
    outcomes = at_once(services, place, lambda n: {"ipaddress": "10.1.1.99", "name": f"m{n}"})
    refused = refusals(outcomes)
    assert len(refused) == THREADS - 1, refused
    assert all(isinstance(r, Refused) and r.code in {431, 533} and "10.1.1.99" in r.text for r in refused), refused
    assert [vm["nic"][0]["ipaddress"] for vm in place.admin.items("listVirtualMachines")] == ["10.1.1.99"]


def test_one_name_asked_for_by_many_goes_to_one(place: Place, services: list[Service]) -> None:
    outcomes = at_once(services, place, lambda n: {"name": ("twin", "TWIN", "Twin")[n % 3], "group": "twins"})
    refused = refusals(outcomes)
    assert len(refused) == THREADS - 1, refused
    assert all(isinstance(r, Refused) and r.code == 431 and "'twin'" in r.text.lower() for r in refused), refused
    assert [vm["name"].lower() for vm in place.admin.items("listVirtualMachines")] == ["twin"]


def test_many_machines_of_one_group_and_template_are_all_made(place: Place, services: list[Service]) -> None:
    """They meet at the group, the template's copy, the router's place and the network's addresses."""
    os_type = place.admin.items("listOsTypes")[0]["id"]
    template = place.admin.one("registerTemplate", name="fresh", displaytext="-", format="QCOW2", ostypeid=os_type,
                               hypervisor="Simulator", zoneid=place.zone.zone, url="http://192.0.2.10/f.qcow2")["id"]
    place.zone.await_template(place.admin, template)
    outcomes = at_once(services, place, lambda n: {"templateid": template, "group": "many", "name": f"m{n}"})
    assert refusals(outcomes) == []
    machines = place.admin.items("listVirtualMachines", listall=True)
    assert len({vm["groupid"] for vm in machines}) == 1
    assert len({vm["nic"][0]["ipaddress"] for vm in machines}) == THREADS
