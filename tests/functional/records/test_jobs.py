"""Jobs as their askers see them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone, build


@pytest.fixture
def zone(api: Client) -> Zone:
    return build(api)


def ended(client: Client, job: str) -> dict[str, Any]:
    with suppress(Refused):
        client.await_job(job)
    answer: dict[str, Any] = client("queryAsyncJobResult", jobid=job)
    return answer


def test_a_job_shows_its_progress_and_its_answer(service: Service, api: Client, zone: Zone) -> None:
    service.cloud.simulator.trouble(operation="domain", failure="", wait=1.0)
    accepted = api("deployVirtualMachine", **zone.deploy(name="first"))
    seen = set()
    while (job := api("queryAsyncJobResult", jobid=accepted["jobid"]))["jobstatus"] == 0:
        seen.add(job["jobprogress"])
        assert (job["jobprocstatus"], job["jobresultcode"]) == (0, 0)
        assert "jobresult" not in job
    assert any("/" in text for text in seen)  # "5/9 Starting the machine"
    assert (job["jobstatus"], job["jobresultcode"], job["jobresulttype"]) == (1, 0, "object")
    assert job["jobresult"]["virtualmachine"]["id"] == accepted["id"] == job["jobinstanceid"]
    assert (job["cmd"], job["jobinstancetype"]) == ("deployVirtualMachine", "VirtualMachine")
    assert {"accountid", "userid", "created"} <= set(job)
    assert "jobprogress" not in job


def test_a_failed_job_says_why_with_the_code_of_the_error(service: Service, api: Client, zone: Zone) -> None:
    service.cloud.simulator.trouble(operation="domain", failure="fail", cause="no such bridge")
    job = ended(api, api("deployVirtualMachine", **zone.deploy(name="first"))["jobid"])
    assert (job["jobstatus"], job["jobresultcode"]) == (2, 530)
    error = job["jobresult"]
    assert (error["errorcode"], error["cserrorcode"]) == (530, 4250)
    assert "no such bridge" in error["errortext"]


def test_jobs_are_seen_by_owner_and_administrators_only(service: Service, api: Client, zone: Zone) -> None:
    ann, bob = service.user("ann", path="/acme/"), service.user("bob", path="/acme/")
    boss, other = service.user("boss", kind=2, path="/acme/"), service.user("other", kind=2, path="/umbrella/")
    rootboss = service.user("rootboss", kind=2)
    hers = ann("deployVirtualMachine", **zone.deploy(name="hers", startvm=False))["jobid"]
    ended(ann, hers)
    for client in (ann, boss, rootboss, api):
        assert client("queryAsyncJobResult", jobid=hers)["jobstatus"] == 1
    for client in (bob, other):
        with pytest.raises(Refused, match="or it is not yours to see") as refusal:
            client("queryAsyncJobResult", jobid=hers)
        assert refusal.value.code == 431
    # What a root administrator's job tells is not for domain administrators, not even those of the root domain.
    his = api("deployVirtualMachine", **zone.deploy(name="his", startvm=False))["jobid"]
    ended(api, his)
    with pytest.raises(Refused):
        rootboss("queryAsyncJobResult", jobid=his)

    def commands(client: Client, **filters: Any) -> list[str]:
        return [job["cmd"] for job in client.items("listAsyncJobs", **filters)]

    assert commands(ann) == commands(boss, listall=True) == commands(rootboss, listall=True) == ["deployVirtualMachine"]
    assert commands(bob, listall=True) == commands(other, listall=True) == commands(boss) == []
    assert hers in [job["jobid"] for job in api.items("listAsyncJobs", listall=True)]
    assert hers not in [job["jobid"] for job in api.items("listAsyncJobs")]


def test_lists_filter_and_page(api: Client, zone: Zone) -> None:
    jobs = api("listAsyncJobs")
    assert jobs["count"] == len(jobs["asyncjobs"]) > 3
    assert jobs["asyncjobs"][-1]["cmd"] == "createPhysicalNetwork"
    assert {job["cmd"] for job in api.items("listAsyncJobs", keyword="POOL")} == {"createStoragePool"}
    page = api("listAsyncJobs", page=2, pagesize=2)
    assert page["count"] == jobs["count"]
    assert [job["jobid"] for job in page["asyncjobs"]] == [job["jobid"] for job in jobs["asyncjobs"][2:4]]
    assert api.items("listAsyncJobs", startdate="2099-01-01") == []
    assert api.items("listAsyncJobs", keyword="nothing") == []
    with pytest.raises(Refused, match="jobid"):
        api("queryAsyncJobResult", jobid=zone.zone)
