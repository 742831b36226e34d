"""Events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import build


def test_work_leaves_a_chain_of_events(api: Client) -> None:
    zone = build(api)
    vm = api.job("deployVirtualMachine", **zone.deploy(name="first"))
    chain = api.items("listEvents", type="VM.CREATE")[::-1]
    assert [event["state"] for event in chain] == ["Scheduled", "Started", "Completed"]
    assert {event["parentid"] for event in chain[1:]} == {chain[0]["id"]}
    assert len({event["jobid"] for event in chain}) == 1
    assert chain[0] | {"id": "", "created": "", "jobid": "", "domainid": "", "description": ""} == {
        "id": "", "created": "", "jobid": "", "domainid": "", "description": "", "username": "admin",
        "type": "VM.CREATE", "level": "INFO", "account": "admin", "domain": "ROOT", "state": "Scheduled"}
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
