"""The engine, with sagas that know no product: order and locks, journal, undo, resumption, leases."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from stratoform.db.database import Database
from stratoform.db.types import now
from stratoform.jobs import queue, runner
from stratoform.jobs.dispatch import Dispatcher
from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.runner import LeaseLost, Runner
from stratoform.jobs.saga import Saga, act, db, planned
from stratoform.jobs.tables import FAILED, QUEUED, RUNNING, STUCK, SUCCEEDED, Base, Job, JobLock, JobStep, Worker


class Hooks:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def started(self, _session: Any, job: Job) -> None:
        self.told.append(f"started {job.saga}")

    def succeeded(self, _session: Any, job: Job) -> dict[str, Any]:
        self.told.append(f"succeeded {job.saga}")
        return {"said": job.saga}

    def failed(self, _session: Any, job: Job) -> None:
        self.told.append(f"failed {job.saga}")

    def describe(self, error: Exception) -> dict[str, Any]:
        return {"text": str(error)}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    Base.metadata.create_all(found.engine)
    yield found
    found.close()


@pytest.fixture
def log() -> list[str]:
    return []


def make_runner(database: Database, sagas: Mapping[str, Saga[Any]], log: list[str], worker: str = "me") -> Runner[Any]:
    return Runner(database, sagas, log, Hooks(), worker)


def put(database: Database, saga: str = "s", *locks: Lock) -> int:
    return database.write(lambda s: queue.enqueue(s, Order(saga, {}, locks))).id


def take(database: Database, worker: str = "me") -> int | None:
    return next((job.id for job in database.write(lambda s: queue.claim(s, worker, now()))), None)


def finish(database: Database, job_id: int) -> None:
    def work(session: Any) -> None:
        session.get_one(Job, job_id).state = SUCCEEDED
        queue.release(session, job_id)

    database.write(work)


def state(database: Database, job_id: int) -> str:
    with database.read() as session:
        return session.get_one(Job, job_id).state


def test_jobs_are_claimed_in_order_and_once(database: Database) -> None:
    first, second = put(database), put(database)
    assert [take(database), take(database), take(database)] == [first, second, None]


def test_a_job_waits_for_an_earlier_one_that_holds_its_lock(database: Database) -> None:
    first, second, other = put(database, "s", Lock("vm:1")), put(database, "s", Lock("vm:1")), put(database)
    assert take(database) == first
    assert take(database) == other
    assert take(database) is None
    finish(database, first)
    assert take(database) == second


def test_shared_locks_exclude_only_exclusive_ones(database: Database) -> None:
    readers = [put(database, "s", Lock("net:1", exclusive=False)) for _ in range(2)]
    writer, late = put(database, "s", Lock("net:1")), put(database, "s", Lock("net:1", exclusive=False))
    assert [take(database), take(database), take(database)] == [*readers, None]
    for job in readers:
        finish(database, job)
    assert take(database) == writer
    assert take(database) is None
    finish(database, writer)
    assert take(database) == late


def test_a_job_committed_late_does_not_overtake_one_that_runs(database: Database) -> None:
    early, later = put(database, "s"), put(database, "s", Lock("vm:1"))
    assert [take(database), take(database)] == [early, later]
    # As if "early" had been committed only now, with the same lock: the later one is running already.
    database.write(lambda s: (s.add(JobLock(job_id=early, name="vm:1", exclusive=True)),
                              setattr(s.get_one(Job, early), "state", QUEUED)))
    assert take(database) is None


def test_a_saga_runs_forward_and_keeps_its_outputs(database: Database, log: list[str]) -> None:
    saga = Saga("s", [
        act("a", "Doing a", lambda ctx: ctx.services.append("a") or {"x": 1}),
        db("b", "Doing b", lambda ctx, _s: {"y": ctx.out["a"]["x"] + 1}),
    ])
    job_id = put(database)
    take(database)
    made = make_runner(database, {"s": saga}, log)
    made.run(job_id)
    assert (state(database, job_id), log) == (SUCCEEDED, ["a"])
    assert made.hooks.told == ["started s", "succeeded s"]
    with database.read() as session:
        assert {s.name: s.output for s in session.scalars(select(JobStep))} == {"a": {"x": 1}, "b": {"y": 2}}
        assert session.get_one(Job, job_id).result == {"said": "s"}


def _boom(*_args: Any) -> None:
    raise RuntimeError("no luck")


def test_a_failure_undoes_what_was_begun_backwards_and_drops_the_locks(database: Database, log: list[str]) -> None:
    saga = Saga("s", [
        act("a", "A", lambda _c: None, lambda _c: log.append("undo a")),
        db("b", "B", lambda _c, _s: None, lambda _c, _s: log.append("undo b")),
        act("c", "C", _boom, lambda _c: log.append("undo c")),
        act("d", "D", lambda _c: log.append("d"), lambda _c: log.append("undo d")),
    ])
    job_id = put(database, "s", Lock("x"))
    take(database)
    make_runner(database, {"s": saga}, log).run(job_id)
    assert log == ["undo c", "undo b", "undo a"]
    with database.read() as session:
        job = session.get_one(Job, job_id)
        assert (job.state, job.error) == (FAILED, {"text": "no luck"})
        assert session.scalars(select(JobLock)).all() == []


def test_a_failed_undo_is_visible_keeps_the_locks_and_is_tried_again(
    database: Database, log: list[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "REST", timedelta(0))
    broken = [True]

    def undo(_context: Any) -> None:
        if broken:
            raise RuntimeError("host is down")
        log.append("undone")

    saga = Saga("s", [act("a", "Doing a", _boom, undo)])
    job_id = put(database, "s", Lock("x"))
    take(database)
    made = make_runner(database, {"s": saga}, log)
    made.run(job_id)
    with database.read() as session:
        job = session.get_one(Job, job_id)
        assert (job.state, job.error) == (STUCK, {"text": "no luck"})
        assert "host is down" in job.progress
        assert session.scalars(select(JobLock.name)).all() == ["x"]
    broken.clear()
    assert take(database) == job_id
    made.run(job_id)
    assert (state(database, job_id), log) == (FAILED, ["undone"])
    assert made.hooks.told == ["started s", "failed s"]  # told once


def test_a_resumed_job_repeats_the_step_under_way_and_no_other(database: Database, log: list[str]) -> None:
    class Killed(BaseException):
        """The process died."""

    dying = [True]

    def second(ctx: Any) -> None:
        ctx.services.append("second")
        if dying:
            dying.clear()
            raise Killed

    saga = Saga("s", [act("first", "F", lambda ctx: ctx.services.append("first")), act("second", "S", second)])
    job_id = put(database)
    take(database)
    with pytest.raises(Killed):
        make_runner(database, {"s": saga}, log).run(job_id)
    assert state(database, job_id) == RUNNING
    make_runner(database, {"s": saga}, log).run(job_id)
    assert (state(database, job_id), log) == (SUCCEEDED, ["first", "second", "second"])


def test_a_worker_that_lost_its_lease_writes_nothing_more(database: Database, log: list[str]) -> None:
    def lose(_ctx: Any) -> None:
        database.write(lambda s: setattr(s.get_one(Job, job_id), "worker", "another"))

    saga = Saga("s", [act("a", "A", lose), act("b", "B", lambda ctx: ctx.services.append("b"))])
    job_id = put(database)
    take(database)
    with pytest.raises(LeaseLost):
        make_runner(database, {"s": saga}, log).run(job_id)
    assert (state(database, job_id), log) == (RUNNING, [])


@pytest.mark.parametrize(("owner", "seen", "taken"), [
    ("elsewhere/1/2", timedelta(0), False),
    ("elsewhere/1/2", timedelta(seconds=60), True),
    ("never seen", None, True),
    ("me", timedelta(0), True),
])
def test_jobs_nobody_runs_are_taken_over(
    database: Database, owner: str, seen: timedelta | None, taken: bool,
) -> None:
    job_id = put(database)
    take(database, owner)
    if seen is not None:
        database.write(lambda s: s.add(Worker(name=owner, seen=now() - seen)))
    found = database.write(lambda s: queue.reclaim(s, "me", now()))
    assert found == ([job_id] if taken else [])


def test_a_dead_neighbour_on_this_machine_is_seen_at_once() -> None:
    host, pid, _ = queue.worker_name().split("/")
    assert not queue.process_gone(queue.worker_name())
    assert queue.process_gone(f"{host}/{pid}/1")


def test_the_dispatcher_runs_what_comes_and_others_can_wait_for_it(database: Database, log: list[str]) -> None:
    saga = Saga("s", [act("a", "A", lambda ctx: ctx.services.append("a"))])
    dispatcher = Dispatcher(make_runner(database, {"s": saga}, log), threads=2)
    dispatcher.start()
    try:
        jobs = [database.write(lambda s: queue.enqueue(s, Order("s", {}, (Lock("same"),)))) for _ in range(5)]
        dispatcher.wake()
        assert all(dispatcher.wait(job.uuid, 10) for job in jobs)
        assert log == ["a"] * 5
    finally:
        dispatcher.stop()


def test_concurrent_claims_give_each_job_to_one(database: Database) -> None:
    jobs = [put(database, "s", Lock(f"vm:{n % 3}")) for n in range(9)]
    claimed: list[int] = []

    def work() -> None:
        while (job := take(database)) is not None:
            claimed.append(job)
            finish(database, job)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed + list(iter(lambda: take(database), None))) == jobs


def commits(database: Database) -> list[str]:
    """Filled with each commit that comes."""
    found: list[str] = []
    event.listen(database.engine, "commit", lambda _connection: found.append("commit"))
    return found


def test_a_job_commits_once_an_act_and_once_more(database: Database, log: list[str]) -> None:
    saga = Saga("s", [
        db("a", "A", lambda _c, _s: None), act("b", "B", lambda _c: None), db("c", "C", lambda _c, _s: None),
        planned("d", "D", lambda _c, _s: None, lambda _c, _p: log.append("d")),
        planned("e", "E", lambda _c, _s: ["plan"], lambda c, p: c.services.extend(p) or 7,
                record=lambda _c, _s, done: {"recorded": done}),
        db("f", "F", lambda c, _s: {"seen": c.out["e"]["recorded"]}),
    ])
    job_id = put(database)
    (job,) = database.write(lambda s: queue.claim(s, "me", now()))
    seen = commits(database)
    make_runner(database, {"s": saga}, log).run(job_id, job)
    assert len(seen) == 3  # to b, to e, to the end
    assert log == ["plan"]  # there was nothing to do in d
    with database.read() as session:
        found = {s.name: (s.state, s.output) for s in session.scalars(select(JobStep))}
    assert found == {**dict.fromkeys("abcd", ("succeeded", None)), "e": ("succeeded", {"recorded": 7}),
                     "f": ("succeeded", {"seen": 7})}


def test_steps_before_a_failed_one_are_journaled_though_they_shared_its_transaction(
    database: Database, log: list[str],
) -> None:
    tries: list[str] = []
    saga = Saga("s", [
        act("a", "A", lambda _c: {"x": 1}, lambda _c: log.append("undo a")),
        db("b", "B", lambda _c, _s: tries.append("b") or {"try": len(tries)},
           lambda c, _s: log.append(f"undo b of try {c.out['b']['try']}")),
        db("c", "C", _boom, lambda c, _s: log.append(f"undo c, which gave {c.out.get('c')}")),
    ])
    job_id = put(database)
    take(database)
    make_runner(database, {"s": saga}, log).run(job_id)
    assert state(database, job_id) == FAILED
    assert log == ["undo c, which gave None", "undo b of try 2", "undo a"]
    assert tries == ["b", "b"]  # the first was rolled back with c


def test_what_an_early_plan_read_is_used_and_a_resumed_job_plans_again(database: Database, log: list[str]) -> None:
    class Killed(BaseException):
        """The process died."""

    def first(ctx: Any, _plan: str) -> None:
        ctx.services.append("first")
        if len(log) == 1:
            raise Killed

    plans: list[str] = []
    saga = Saga("s", [
        planned("first", "F", lambda _c, _s: "plan", first),
        planned("second", "S", lambda _c, _s: plans.append("second") or f"plan {len(plans)}",
                lambda c, plan: c.services.append(plan), early=True),
    ])
    job_id = put(database)
    take(database)
    with pytest.raises(Killed):
        make_runner(database, {"s": saga}, log).run(job_id)
    make_runner(database, {"s": saga}, log).run(job_id)
    assert (state(database, job_id), log) == (SUCCEEDED, ["first", "first", "plan 2"])


def test_a_job_that_ended_meanwhile_is_no_orphan(database: Database, log: list[str]) -> None:
    """Whoever takes it for one finds it at its end: nothing is taken back."""
    saga = Saga("s", [db("a", "A", lambda _c, _s: None, lambda _c, _s: log.append("undo"))])
    job_id = put(database)
    take(database)
    made = make_runner(database, {"s": saga}, log)
    made.run(job_id)
    made.run(job_id)
    assert (state(database, job_id), log) == (SUCCEEDED, [])
    assert made.hooks.told == ["started s", "succeeded s"]
