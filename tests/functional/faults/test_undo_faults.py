"""Taking back fails, too: the job is failed for all to see, keeps what it holds, and is cleaned up later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from stratoform.jobs import runner
from stratoform.jobs.tables import STUCK
from tests.conftest import Service
from tests.functional.faults.conftest import Cloud, refused
from tests.support.slate import snapshot

pytestmark = pytest.mark.sqlite_only

CAUSE = "Failed to start domain: no more power"


def stuck_deploy(cloud: Cloud, name: str = "m", **fault: object) -> str:
    """A deployment that fails at its last host operation and whose undo fails, too; the job's id."""
    cloud.trouble(**{"operation": "domain", "remaining": 10**6, "cause": CAUSE, **fault})
    job = cloud.user("deployVirtualMachine", **cloud.zone.deploy(name=name))["jobid"]
    refusal = refused(cloud.user.await_job, job)
    assert (refusal.code, refusal.text) == (530, CAUSE)
    return str(job)


def test_a_stuck_job_is_failed_says_what_it_waits_for_and_keeps_its_locks(cloud: Cloud) -> None:
    before = cloud.look()
    job = stuck_deploy(cloud)
    told = cloud.user("queryAsyncJobResult", jobid=job)
    assert told["jobstatus"] == 2
    assert told["jobprogress"] == f"taking back 'Powering on' failed: {CAUSE}; it will be tried again"
    now = snapshot(cloud.service.cloud)
    assert cloud.jobs() .count(STUCK) == 1
    assert sorted(name.partition(":")[0] for name in now["locks"]) == ["network", "template", "vm"]
    (vm,) = cloud.user.items("listVirtualMachines")
    assert vm["state"] == "Starting"
    assert len(now["addresses"]) == len(before["addresses"]) + 1
    # What needs the locks waits and says so; what does not goes on.
    cloud.heal()
    waiting = cloud.admin("destroyVirtualMachine", id=vm["id"])["jobid"]
    assert cloud.deploy(cloud.user, name="other")["state"] == "Running"
    told = cloud.admin("queryAsyncJobResult", jobid=waiting)
    assert (told["jobstatus"], told["jobprogress"]) == (0, "Waiting for other work on the same objects")


def test_a_stuck_job_is_tried_again_until_it_is_clean(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "REST", timedelta(milliseconds=20))
    monkeypatch.setattr(runner, "UNDO_ATTEMPTS", 1)
    template = cloud.register(cloud.user)["id"]
    cloud.deploy(cloud.user, name="first", templateid=template)
    before = cloud.look()
    cloud.trouble(operation="domain", remaining=10**6, cause=CAUSE)
    job = cloud.user("deployVirtualMachine", **cloud.zone.deploy(name="m", templateid=template))["jobid"]
    refused(cloud.user.await_job, job)
    deletion = cloud.user("deleteTemplate", id=template)["jobid"]
    states = set()

    def was_tried_again() -> bool:
        states.add(cloud.user("queryAsyncJobResult", jobid=job)["jobstatus"])
        states.add(cloud.user.items("listAsyncJobs")[1]["jobstatus"])
        assert cloud.user("queryAsyncJobResult", jobid=deletion)["jobstatus"] == 0
        with cloud.service.cloud.db.read() as session:
            left = session.connection().exec_driver_sql("select remaining from sim_fault").scalar_one()
        return left < 10**6 - 4

    cloud.until(was_tried_again)
    assert states == {2}
    cloud.heal()
    cloud.until(lambda: cloud.user("queryAsyncJobResult", jobid=deletion)["jobstatus"] == 1)
    assert cloud.user("queryAsyncJobResult", jobid=job)["jobresult"]["errortext"] == CAUSE
    after = cloud.look()
    before.pop("template")
    after.pop("template")
    assert {k: v for k, v in after.items() if k != "hosts"} == {k: v for k, v in before.items() if k != "hosts"}
    assert [e["state"] for e in cloud.user.items("listEvents", type="VM.CREATE") if "m" in e["description"].split()
            and e["level"] == "ERROR"] == ["Completed"]
    assert cloud.deploy(cloud.user, name="m")["state"] == "Running"


def test_a_stuck_job_outlives_the_service(cloud: Cloud, make_service: Callable[..., Service]) -> None:
    before = cloud.look()
    job = stuck_deploy(cloud)
    cloud.service.cloud.jobs.stop()
    heir = make_service()
    cloud.service = heir
    assert cloud.user("queryAsyncJobResult", jobid=job)["jobstatus"] == 2
    assert cloud.jobs().count(STUCK) == 1
    heir.cloud.simulator.heal()
    heir.cloud.db.write(lambda session: session.connection().exec_driver_sql(
        "update job set not_before = created where state = 'stuck'"))
    cloud.unchanged(before)


def test_a_host_that_is_away_keeps_what_was_made_on_it_until_it_is_back(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The host vanishes in the middle of a deployment: nothing can be taken back there, and nothing is forgotten."""
    monkeypatch.setattr(runner, "REST", timedelta(milliseconds=20))
    before = cloud.look()
    cloud.trouble(operation="domain", remaining=10**6, failure="unreachable")
    cloud.trouble(operation="volume", remaining=10**6, failure="unreachable", host="nobody")
    refusal = refused(cloud.deploy, cloud.user, name="m")
    assert refusal.code == 534
    assert len(cloud.service.cloud.simulator.inventory("volume")) == 1
    assert cloud.user.items("listVolumes")[0]["state"] == "Ready"
    cloud.heal()
    cloud.unchanged(before)
