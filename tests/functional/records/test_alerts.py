"""Alerts: raised once while something is wrong, over when it is, told by mail, put away and deleted."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from stratoform.jobs.tables import STUCK, Job, Worker
from stratoform.model.alerts import AlertType
from stratoform.model.base import now
from stratoform.model.topology import Host
from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.mailserver import mail_server
from tests.support.zone import Zone, build


def run(service: Service, name: str) -> str:
    """Runs one reconciler now."""
    (item,) = [r for r in service.cloud.reconcilers.reconcilers if r.name == name]
    service.cloud.reconcilers.run_one(item)
    return item.status


def alerts(api: Client, **filters: Any) -> list[tuple[int, str]]:
    return [(alert["type"], alert["name"]) for alert in api.items("listAlerts", **filters)]


def test_there_are_the_types_of_the_reference() -> None:
    assert [int(kind) for kind in AlertType] == list(range(26))


def test_a_host_that_is_away_is_an_alert_until_it_is_back(built_zone: Zone, service: Service) -> None:
    api, watch = service.admin, service.cloud.host_watch
    host = built_zone.hosts[0]
    watch.host_down(host, "no answer")
    assert run(service, "faults") == ""  # alert.wait: it may be back in a moment

    def away(seconds: int) -> None:
        since = now() - timedelta(seconds=seconds)
        service.cloud.db.write(lambda s: s.execute(update(Host).where(Host.uuid == host).values(disconnected=since)))

    away(200)
    assert run(service, "faults") == "1 alerts raised, 0 over"
    assert run(service, "faults") == ""
    (alert,) = api.items("listAlerts")
    assert (alert["type"], "resolved" in alert) == (6, False)
    assert "is Disconnected since" in alert["description"]
    assert api.items("listAlerts", type="host") == api.items("listAlerts", type=6) == [alert]
    assert api.items("listAlerts", type="CPU") == api.items("listAlerts", type=0) == []
    watch.host_up(host, {})
    assert run(service, "faults") == "0 alerts raised, 1 over"
    assert "resolved" in api.one("listAlerts")
    watch.host_down(host, "again")
    away(200)
    assert run(service, "faults") == "1 alerts raised, 0 over"
    assert len(api.items("listAlerts")) == 2


def shortage(service: Service) -> str:
    (item,) = [r for r in service.cloud.reconcilers.reconcilers if r.name == "shortages"]
    item.work.__self__._checked = 0.0
    service.cloud.reconcilers.run_one(item)
    return item.status


def test_capacities_above_their_thresholds_are_alerts(service: Service, api: Client) -> None:
    zone = build(api, size="?cpus=1&mhz=1000&memory_gb=2")
    assert shortage(service) == ""
    vm = api.job("deployVirtualMachine", **zone.deploy(name="big"))["id"]  # 500 MHz, 512 MB
    assert shortage(service) == ""
    setting = "cluster.cpu.allocated.capacity.notificationthreshold"
    api("updateConfiguration", name=setting, value=0.4, clusterid=zone.cluster)
    assert shortage(service) == "1 alerts raised, 0 over"
    assert alerts(api) == [(1, "Low on CPU in cluster cluster")]
    assert "50.0 % is used, more than the 40 %" in api.one("listAlerts")["description"]
    assert shortage(service) == ""
    api.job("destroyVirtualMachine", id=vm, expunge=True)
    assert shortage(service) == "0 alerts raised, 1 over"
    (item,) = [r for r in service.cloud.reconcilers.reconcilers if r.name == "shortages"]
    assert item.work() == ""  # capacity.check.period


def test_stuck_work_and_a_service_that_died_are_alerts(service: Service, api: Client) -> None:
    build(api)

    def trouble(session: Any) -> None:
        job = session.scalar(select(Job).limit(1))
        job.state, job.progress, job.not_before = STUCK, "taking back failed", now() + timedelta(hours=1)
        name = service.cloud.runner.worker.rpartition("/")[0] + "/1"  # another life of the same process number
        session.add(Worker(name=name, seen=now()))

    service.cloud.db.write(trouble)
    assert run(service, "faults") == "2 alerts raised, 0 over"
    found = api.items("listAlerts", keyword="STUCK")
    assert [alert["type"] for alert in found] == [13]
    assert "taking back failed" in found[0]["description"]
    assert alerts(api, name="The service ended without being stopped") == [
        (13, "The service ended without being stopped")]


def test_alerts_are_told_by_mail_once(service: Service, api: Client) -> None:
    with mail_server() as mail:
        for name, value in (("alert.email.addresses", "ops@example.org, boss@example.org"),
                            ("alert.email.sender", "cloud@example.org"), ("alert.smtp.host", "127.0.0.1"),
                            ("alert.smtp.port", mail.port)):
            api("updateConfiguration", name=name, value=value)
        for number in range(2):
            api.job("generateAlert", type=6, name=f"fire {number}", description="the rack burns")
        assert run(service, "alerts") == "2 alerts told to 2 addresses"
        assert run(service, "alerts") == ""
        run(service, "mail")
        for job in api.items("listAsyncJobs", listall=True):
            api.await_job(job["jobid"])
    (letter,) = mail.letters
    assert letter["To"] == "ops@example.org, boss@example.org"
    assert letter["Subject"] == "[alert] 2 alerts, first: fire 0"
    assert letter.get_content().count("the rack burns") == 2


def test_without_addresses_nobody_is_told_later(service: Service, api: Client) -> None:
    api.job("generateAlert", type=6, name="fire", description="the rack burns")
    assert run(service, "alerts") == ""
    api("updateConfiguration", name="alert.email.addresses", value="ops@example.org")
    assert run(service, "alerts") == ""
    with pytest.raises(Refused, match="is mail addresses, separated by commas"):
        api("updateConfiguration", name="alert.email.addresses", value="a@b,,c")


def test_a_template_that_cannot_be_fetched_is_an_alert(built_zone: Zone, service: Service) -> None:
    api = service.admin
    service.cloud.simulator.trouble(operation="image", failure="fail", cause="no such file")
    api("registerTemplate", name="bad", displaytext="bad", format="QCOW2", hypervisor="Simulator",
        ostypeid=api.items("listOsTypes")[0]["id"], zoneid=built_zone.zone, url="http://192.0.2.10/bad.qcow2")
    limit = time.monotonic() + 10
    while not alerts(api) and time.monotonic() < limit:
        time.sleep(0.01)
    assert alerts(api) == [(11, "Template download failed")]


def test_alerts_are_put_away_and_deleted(service: Service, api: Client) -> None:
    for kind in (0, 6, 6):
        api.job("generateAlert", type=kind, name="x", description="x")
    one, two, three = [alert["id"] for alert in api.items("listAlerts")]
    api("archiveAlerts", ids=one)
    assert [alert["id"] for alert in api.items("listAlerts")] == [two, three]
    api("deleteAlerts", type="MEMORY", startdate="2000-01-01")
    assert [alert["id"] for alert in api.items("listAlerts")] == [two]
    api("deleteAlerts", enddate="2000-01-01")
    assert alerts(api, id=two) == [(6, "x")]
    rita = service.user("rita", kind=3)
    assert alerts(rita) == [(6, "x")]
    for params, why in (({}, "one of ids, type"), ({"type": 26}, "is no type of alert; they are 0"),
                        ({"ids": "x"}, "no alert with id")):
        with pytest.raises(Refused, match=why):
            api("deleteAlerts", **params)
    with pytest.raises(Refused, match="Invalid parameter type: 'FIRE' is no type of alert"):
        api("generateAlert", type="FIRE", name="x", description="x")
