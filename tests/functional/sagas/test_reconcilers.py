"""What must stay true becomes true again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from stratoform.jobs.tables import Job
from stratoform.model.base import now
from stratoform.model.compute import Vm
from stratoform.nodes.simulator import SimObject
from tests.conftest import Service
from tests.functional.sagas.test_generated import settled
from tests.support.client import Client
from tests.support.zone import Zone, build


@pytest.fixture
def zone(built_zone: Zone) -> Zone:
    return built_zone


def reconcile(service: Service, name: str) -> str:
    """Runs one reconciler to its end, with the jobs it ordered."""
    item = next(r for r in service.cloud.reconcilers.reconcilers if r.name == name)
    service.cloud.reconcilers.run_one(item)
    settled(service)
    return item.status


def test_a_guest_that_died_is_shown_stopped_and_can_be_started(zone: Zone, service: Service, api: Client) -> None:
    vm = api.job("deployVirtualMachine", **zone.deploy(name="victim"))
    ((host, _, domain),) = service.cloud.simulator.inventory("domain")
    service.cloud.simulator.vanish(host, domain)
    assert reconcile(service, "simulated hosts") == "1 machines were not in the state recorded"
    assert api.one("listVirtualMachines", id=vm["id"])["state"] == "Stopped"
    assert any("stopped outside" in e["description"] for e in api.items("listEvents", type="VM.STOP"))
    assert api.job("startVirtualMachine", id=vm["id"])["state"] == "Running"
    assert reconcile(service, "simulated hosts") == ""


def test_destroyed_machines_are_expunged_in_time_and_not_before(zone: Zone, service: Service, api: Client) -> None:
    vm = api.job("deployVirtualMachine", **zone.deploy(name="old"))["id"]
    api.job("destroyVirtualMachine", id=vm)
    assert reconcile(service, "expunge") == ""
    assert api.one("listVirtualMachines", id=vm)["state"] == "Destroyed"
    service.cloud.db.write(lambda s: setattr(
        s.query(Vm).filter(Vm.uuid == vm).one(), "destroyed", now() - timedelta(days=2)))
    api("updateConfiguration", name="expunge.interval", value="1")
    next(r for r in service.cloud.reconcilers.reconcilers if r.name == "expunge").work.__self__._expunged = 0.0
    assert reconcile(service, "expunge") == "1 machines to expunge"
    assert api.items("listVirtualMachines", listall=True) == []
    assert service.cloud.simulator.inventory("volume") == {}


def test_copies_of_a_deleted_template_go_with_their_last_disk(zone: Zone, service: Service, api: Client) -> None:
    vm = api.job("deployVirtualMachine", **zone.deploy(name="user"))["id"]
    api.job("deleteTemplate", id=zone.template)
    assert reconcile(service, "template copies") == ""
    assert service.cloud.simulator.inventory("template") != {}
    api.job("destroyVirtualMachine", id=vm, expunge=True)
    assert reconcile(service, "template copies") == "copies of 1 deleted templates to remove"
    assert service.cloud.simulator.inventory("template") == {}


def test_a_router_learns_what_it_was_not_told(zone: Zone, service: Service, api: Client) -> None:
    service.cloud.simulator.trouble(operation="router", cause="no luck", remaining=5)
    vm = api.job("deployVirtualMachine", **zone.deploy(name="known", startvm=False))["id"]
    api.job("destroyVirtualMachine", id=vm, expunge=True)
    service.cloud.simulator.heal()
    assert reconcile(service, "routers") == "1 routers to repair"
    ((_, spec),) = service.cloud.simulator.inventory("router").items()
    assert spec["dhcp"] == []
    assert reconcile(service, "routers") == ""


def test_a_router_moves_from_a_lost_host_and_is_removed_there_when_it_returns(service: Service, api: Client) -> None:
    zone = build(api, hosts=2)
    first = api.job("deployVirtualMachine", **zone.deploy(name="one"))
    lost = first["hostid"]
    service.cloud.host_watch.host_down(lost, "power cut")
    assert next(h["state"] for h in api.items("listHosts", id=lost)) == "Disconnected"
    second = api.job("deployVirtualMachine", **zone.deploy(name="two"))
    assert second["hostid"] != lost
    homes = {host for host, _, _ in service.cloud.simulator.inventory("router")}
    assert homes == {lost, second["hostid"]}  # the lost one cannot be told yet
    assert reconcile(service, "routers") == ""
    service.cloud.host_watch.host_up(lost, {first["instancename"]: first["id"]})
    assert reconcile(service, "routers") == "1 routers to repair"
    assert {host for host, _, _ in service.cloud.simulator.inventory("router")} == {second["hostid"]}
    assert api.one("listVirtualMachines", id=first["id"])["state"] == "Running"


def test_routers_of_a_host_that_came_back_are_told_again(zone: Zone, service: Service, api: Client) -> None:
    api.job("deployVirtualMachine", **zone.deploy(name="one"))
    (host,) = api.items("listHosts", type="Routing")
    service.cloud.host_watch.host_down(host["id"], "reboot")
    service.cloud.db.write(lambda s: s.execute(delete(SimObject).where(SimObject.kind == "router")))
    service.cloud.host_watch.host_up(host["id"], {})
    assert reconcile(service, "routers") == "1 routers to repair"
    assert len(service.cloud.simulator.inventory("router")) == 1


def test_old_jobs_and_their_logs_are_forgotten(zone: Zone, service: Service, api: Client) -> None:
    job = api("deployVirtualMachine", **zone.deploy(name="one"))["jobid"]
    api.await_job(job)
    log = service.cloud.config.var / "log" / "jobs" / f"{job}.log"
    assert log.exists()
    assert reconcile(service, "old jobs") == ""
    service.cloud.db.write(lambda s: setattr(
        s.query(Job).filter(Job.uuid == job).one(), "ended", now() - timedelta(days=2)))
    assert reconcile(service, "old jobs").endswith("old jobs forgotten")
    assert not log.exists()
