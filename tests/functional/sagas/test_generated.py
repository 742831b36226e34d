"""Four tests for every step of every saga: it fails, it is repeated, its undo is repeated, its process is killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stratoform.jobs.saga import Saga, Step
from stratoform.jobs.tables import FAILED, SUCCEEDED, Job
from stratoform.sagas.registry import SAGAS
from tests.conftest import Service
from tests.functional.sagas.scenarios import SCENARIOS, Scenario, Things
from tests.support.client import Refused
from tests.support.slate import differences, snapshot
from tests.support.zone import Zone

TRANSITIONAL = {"Starting", "Stopping", "Expunging", "Creating", "Downloading"}
BY_RECONCILERS = {"template_copies", "router_repair", "account_phase", "mail_send"}
"""Sagas nobody can ask for; test_reconcilers.py tries them (account_phase: tenancy/test_deletion.py, mail_send:
mail/test_outbox.py)."""
CASES = [
    pytest.param(s, (step.name, part), id=f"{s.saga}-{step.name}" + (f"-{part}" if part != "do" else ""))
    for s in SCENARIOS for step in SAGAS[s.saga].steps for part in ("plan", "do", "record")
    if getattr(step, part) is not None
]


class Boom(Exception):
    """A failure made by the test."""


class Killed(BaseException):
    """The process died: nothing in it may react to that."""


@pytest.fixture
def zone(built_zone: Zone) -> Zone:
    return built_zone


def alter(service: Service, saga: str, change: Callable[[Step[Any]], Step[Any]]) -> None:
    """Replaces steps of a saga in this service."""
    kept = service.cloud.runner.sagas[saga]
    service.cloud.runner.sagas[saga] = Saga(saga, [change(step) for step in kept.steps])


def interrupt(name: str, part: str, happen: Callable[[], None]) -> Callable[[Step[Any]], Step[Any]]:
    """One part of the step (plan, do, record) is done and then something happens, once.

    It happens after the plan if that leaves nothing to do.
    """
    times = iter([True])

    def change(step: Step[Any]) -> Step[Any]:
        def after(this: str) -> Callable[..., Any]:
            def instead(*args: Any) -> Any:
                found = getattr(step, this)(*args)
                if (this == part or found is None) and next(times, False):
                    happen()
                return found

            return instead

        parts = {part, "plan"} if step.plan is not None else {part}
        return replace(step, **{this: after(this) for this in parts}) if step.name == name else step

    return change


def boom() -> None:
    raise Boom


def fail_after(name: str, part: str = "do") -> Callable[[Step[Any]], Step[Any]]:
    """The step acts and then fails, once: the worst moment, for something was done already."""
    return interrupt(name, part, boom)


def run(service: Service, scenario: Scenario, zone: Zone, things: Things) -> None:
    """Makes the request and waits for its job."""
    uuid = scenario.request(service.admin, zone, things)
    if uuid is not None:
        service.admin.await_job(uuid)


def settled(service: Service, limit: float = 10) -> None:
    """Waits until no job is under way."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with service.cloud.db.read() as session:
            states = set(session.scalars(session.query(Job.state).statement))
        if states <= {SUCCEEDED, FAILED}:
            return
        time.sleep(0.01)
    raise TimeoutError(states)


def unstable(service: Service) -> list[str]:
    """Rows in states that some job should be about to leave."""
    found = snapshot(service.cloud)
    return [f"{table}: {row}" for table in ("vm", "volume", "host", "storage_pool", "image_store", "template")
            for row in found[table] if TRANSITIONAL & set(row)] + list(found["locks"]) + list(found["unfinished jobs"])


@pytest.mark.parametrize(("scenario", "point"), CASES)
def test_a_failed_step_leaves_no_trace_and_the_request_can_be_repeated(
    zone: Zone, service: Service, scenario: Scenario, point: tuple[str, str],
) -> None:
    things = scenario.prepare(service.admin, zone)
    settled(service)
    before = snapshot(service.cloud)
    alter(service, scenario.saga, fail_after(*point))
    with pytest.raises(Refused):
        run(service, scenario, zone, things)
    settled(service)
    if scenario.returns:
        assert differences(before, snapshot(service.cloud)) == {}
    assert unstable(service) == []
    run(service, scenario, zone, things)
    assert scenario.holds(service.admin, zone, things)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.saga)
def test_every_step_can_be_done_twice(zone: Zone, service: Service, scenario: Scenario) -> None:
    def twice(part: Callable[..., Any]) -> Callable[..., Any]:
        def both(*args: Any) -> Any:
            part(*args)
            return part(*args)

        return both

    def change(step: Step[Any]) -> Step[Any]:
        parts = ("plan", "do", "record")
        return replace(step, **{part: twice(getattr(step, part)) for part in parts if getattr(step, part) is not None})

    things = scenario.prepare(service.admin, zone)
    alter(service, scenario.saga, change)
    run(service, scenario, zone, things)
    assert scenario.holds(service.admin, zone, things)
    assert unstable(service) == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.saga)
def test_every_undo_can_be_done_twice(zone: Zone, service: Service, scenario: Scenario) -> None:
    def change(step: Step[Any]) -> Step[Any]:
        if step.undo is None:
            return step

        def undo(*args: Any) -> None:
            assert step.undo is not None
            step.undo(*args)
            step.undo(*args)

        return replace(step, undo=undo)

    things = scenario.prepare(service.admin, zone)
    settled(service)
    before = snapshot(service.cloud)
    alter(service, scenario.saga, change)
    alter(service, scenario.saga, fail_after(SAGAS[scenario.saga].steps[-1].name))
    with pytest.raises(Refused):
        run(service, scenario, zone, things)
    settled(service)
    if scenario.returns:
        assert differences(before, snapshot(service.cloud)) == {}
    assert unstable(service) == []


@pytest.mark.parametrize(("scenario", "point"), CASES)
def test_a_killed_process_resumes(
    make_service: Callable[..., Service], zone: Zone, service: Service, scenario: Scenario, point: tuple[str, str],
) -> None:
    things = scenario.prepare(service.admin, zone)
    settled(service)
    alter(service, scenario.saga, die_after(service, *point))
    asking = threading.Thread(target=lambda: scenario.request(service.admin, zone, things))
    asking.start()
    assert service.cloud.jobs._stop.wait(10)
    heir = make_service()
    settled(heir)
    asking.join(10)
    assert scenario.holds(heir.admin, zone, things)
    assert unstable(heir) == []


def die_after(service: Service, name: str, part: str) -> Callable[[Step[Any]], Step[Any]]:
    """The process dies when the step has acted and before that is journaled: nothing it runs may write any more."""
    def die() -> None:
        service.cloud.runner.worker = "gone"
        service.cloud.jobs._stop.set()
        raise Killed

    return interrupt(name, part, die)


def test_every_saga_has_a_scenario() -> None:
    assert {s.saga for s in SCENARIOS} | BY_RECONCILERS == set(SAGAS)
