"""Events."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from stratoform.commands.frame.base import REGISTRY
from stratoform.config import home
from stratoform.model.base import now
from stratoform.model.event_types import EVENT_TYPES, REFERENCE
from stratoform.model.records import Event
from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone, build


def test_work_leaves_a_chain_of_events(api: Client) -> None:
    zone = build(api)
    vm = api.job("deployVirtualMachine", **zone.deploy(name="first"))
    chain = api.items("listEvents", type="VM.CREATE")[::-1]
    assert [event["state"] for event in chain] == ["Scheduled", "Started", "Completed"]
    assert {event["parentid"] for event in chain[1:]} == {chain[0]["id"]}
    assert len({event["jobid"] for event in chain}) == 1
    assert chain[0] | {"id": "", "created": "", "jobid": "", "domainid": "", "description": ""} == {
        "id": "", "created": "", "jobid": "", "domainid": "", "description": "", "username": "admin",
        "type": "VM.CREATE", "level": "INFO", "account": "admin", "domain": "ROOT", "state": "Scheduled",
        "resourceid": vm["id"], "resourcetype": "VirtualMachine", "archived": False}
    assert vm["displayname"] in chain[0]["description"]
    ids = [event["id"] for event in api.items("listEvents")]
    assert ids[0] != ids[-1]
    assert api.one("listEvents", id=ids[0])["id"] == ids[0]


def test_lists_filter(service: Service, api: Client) -> None:
    api("createServiceOffering", name="tiny", displaytext="tiny")
    today = datetime.now(UTC).date()

    def found(**filters: object) -> int:
        return len(api.items("listEvents", type="SERVICE.OFFERING.CREATE", **filters))

    assert found() == found(level="info") == found(keyword="offering") == 1
    assert found(level="ERROR") == 0
    # A date alone is the whole day, at either end.
    assert found(startdate=today, enddate=today) == 1
    assert found(startdate=today + timedelta(days=1)) == found(enddate=today - timedelta(days=1)) == 0
    assert found(startdate=datetime.now(UTC).strftime("%Y-%m-%dT00:00:00+0000")) == 1
    assert found(entrytime=3600, duration=0) == 0  # it completed
    assert service.user("ann").items("listEvents", listall=True) == []
    for given, why in (
        ({"level": "LOUD"}, "is not one of INFO, WARN, ERROR"),
        ({"startdate": "yesterday"}, "Invalid parameter startdate: 'yesterday' is no date"),
        ({"startdate": "2026-11-20", "enddate": "2026-11-19"}, "it is before startdate"),
        ({"duration": 5}, "Invalid parameter entrytime: it must be given together with duration"),
        ({"duration": 5, "entrytime": 5}, "it must be more than the duration"),
        ({"id": "x"}, "no event with id"),
    ):
        with pytest.raises(Refused, match=why):
            api("listEvents", **given)


def test_work_that_takes_long_is_found(service: Service, api: Client) -> None:
    zone = build(api)
    service.cloud.simulator.trouble(operation="domain", failure="", wait=2.0)
    job = api("deployVirtualMachine", **zone.deploy(name="slow"))["jobid"]
    assert [event["jobid"] for event in api.items("listEvents", entrytime=60, duration=0)] == [job]
    assert api.items("listEvents", entrytime=60, duration=50) == []
    api.await_job(job)
    assert api.items("listEvents", entrytime=60, duration=0) == []


def test_events_name_what_was_changed_and_deleted(api: Client) -> None:
    made = api.one("createServiceOffering", name="tiny", displaytext="tiny")
    api("deleteServiceOffering", id=made["id"])
    api("updateConfiguration", name="expunge.delay", value=60)
    assert [event["description"] for event in api.items("listEvents")] == [
        "updateConfiguration expunge.delay (global): 60", "deleteServiceOffering tiny", "createServiceOffering tiny"]


def test_every_command_s_event_is_of_a_type_there_is(api: Client) -> None:
    assert {command.event for command in REGISTRY.values()} - {""} <= set(EVENT_TYPES)
    assert len(REFERENCE) == 268
    listed = api.items("listEventTypes")
    assert {one["name"] for one in listed} == set(EVENT_TYPES)
    assert all(one["description"].endswith(".") for one in listed)


def test_every_event_written_is_of_a_type_there_is() -> None:
    """The service's own events name their types in the source."""
    written = set()
    for file in (home() / "webapi" / "stratoform").rglob("*.py"):
        written |= set(re.findall(r'(?:note|_event)\([a-z_]+, (?:[a-z_]+, )?"([A-Z._]+)"', file.read_text()))
    assert {"HOST.DISCONNECT", "TEMPLATE.DOWNLOAD.FAILED", "VM.STOP"} <= written <= set(EVENT_TYPES)


def test_events_are_put_away_and_deleted(service: Service, api: Client) -> None:
    for name in ("one", "two", "three"):
        api("createServiceOffering", name=name, displaytext=name)
    three, two, one = [event["id"] for event in api.items("listEvents")]
    assert api("archiveEvents", ids=f"{one},{two}") == {"success": "true"}
    assert [event["id"] for event in api.items("listEvents")] == [three]
    assert [(e["id"], e["archived"]) for e in api.items("listEvents", archived=True)] == [
        (three, False), (two, True), (one, True)]
    api("deleteEvents", type="SERVICE.OFFERING.CREATE", enddate="2000-01-01")
    assert len(api.items("listEvents", archived=True)) == 3
    api("deleteEvents", type="SERVICE.OFFERING.CREATE", startdate="2000-01-01")
    assert api.items("listEvents", archived=True) == []
    ann = service.user("ann", path="/acme/")
    ann("createSSHKeyPair", name="hers")
    (hers,) = ann.items("listEvents")
    bob = service.user("bob", path="/acme/")
    for command in ("archiveEvents", "deleteEvents"):
        with pytest.raises(Refused, match="no event with id"):
            bob(command, ids=hers["id"])
        bob(command, type="REGISTER.SSH.KEYPAIR")
        with pytest.raises(Refused, match="one of ids, type, startdate and enddate must be given"):
            ann(command)
        with pytest.raises(Refused, match="it is before startdate"):
            ann(command, startdate="2026-11-20", enddate="2026-11-19")
        with pytest.raises(Refused, match=r"is not one of VM\.CREATE"):
            ann(command, type="NO.SUCH")
    assert ann.items("listEvents") == [hers]
    service.user("boss", kind=2, path="/acme/")("deleteEvents", ids=hers["id"])
    assert ann.items("listEvents", archived=True) == []


def test_events_are_found_by_what_they_speak_of(built_zone: Zone, service: Service) -> None:
    api = service.admin
    vm = api.job("deployVirtualMachine", **built_zone.deploy(name="first", startvm=False))["id"]
    chain = api.items("listEvents", resourceid=vm, resourcetype="virtualmachine", type="VM.CREATE")
    assert [event["state"] for event in chain] == ["Completed", "Started", "Scheduled"]
    assert {event["resourcetype"] for event in chain} == {"VirtualMachine"}
    assert [e["id"] for e in api.items("listEvents", startid=chain[-1]["id"])] == [e["id"] for e in chain]
    assert [e["state"] for e in api.items("listEvents", resourceid=vm, state="started")] == ["Started"]
    assert api.items("listEvents", resourceid=vm, resourcetype="Volume") == []


def test_a_template_that_cannot_be_fetched_is_an_error_in_the_log(built_zone: Zone, service: Service) -> None:
    api = service.admin
    service.cloud.simulator.trouble(operation="image", failure="fail", cause="no such file")
    template = api.one("registerTemplate", name="bad", displaytext="bad", format="QCOW2", hypervisor="Simulator",
                       ostypeid=api.items("listOsTypes")[0]["id"], zoneid=built_zone.zone,
                       url="http://192.0.2.10/bad.qcow2")["id"]
    limit = time.monotonic() + 10
    while not (failed := api.items("listEvents", type="TEMPLATE.DOWNLOAD.FAILED")) and time.monotonic() < limit:
        time.sleep(0.01)
    assert [(event["level"], event["resourceid"]) for event in failed] == [("ERROR", template)]
    assert "no such file" in failed[0]["description"]
    assert len(api.items("listEvents", resourceid=template, type="TEMPLATE.DOWNLOAD.START")) == 1


def test_what_the_cloud_could_not_do_is_an_event(service: Service, api: Client) -> None:
    ann = service.user("ann")
    zone = api.one("createZone", name="bare", networktype="Advanced", dns1="192.0.2.53",
                   internaldns1="192.0.2.53")["id"]
    with pytest.raises(Refused) as refusal:
        ann("registerTemplate", name="t", displaytext="t", format="QCOW2", hypervisor="Simulator", zoneid=zone,
            ostypeid=api.items("listOsTypes")[0]["id"], url="http://192.0.2.10/bad.qcow2")
    assert refusal.value.code == 534
    (event,) = ann.items("listEvents", level="ERROR")
    assert (event["type"], event["state"]) == ("TEMPLATE.CREATE", "Completed")
    assert refusal.value.text in event["description"]


def test_old_events_go(service: Service, api: Client) -> None:
    api("createServiceOffering", name="one", displaytext="one")
    (sweep,) = [r.work for r in service.cloud.reconcilers.reconcilers if r.name == "old events"]
    assert sweep() == ""
    service.cloud.db.write(lambda s: s.execute(update(Event).values(created=now() - timedelta(days=16))))
    api("updateConfiguration", name="event.purge.delay", value=0)
    assert sweep() == ""
    api("updateConfiguration", name="event.purge.delay", value=15)
    assert sweep() == "1 events older than 15 days deleted"
