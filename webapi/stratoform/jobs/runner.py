"""Runs one job: forward through its steps (stretch.py), and back through their undos when one fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.db.types import now

from . import queue
from .saga import Context, Saga, Step
from .stretch import Hooks, Stretch
from .tables import FAILED, RUNNING, STUCK, UNDOING, Job, JobStep

S = TypeVar("S")
log = logging.getLogger(__name__)

UNDO_ATTEMPTS = 3
REST = timedelta(seconds=30)
"""How long a stuck job rests before its undo is tried again."""
PROGRESS_INTERVAL = 0.5
"""Seconds between two progress texts written to the database."""


class LeaseLost(BaseException):
    """Another worker took the job over. No Exception: no step may catch it, this process must simply stop."""


class Runner(Generic[S]):
    """Runs jobs of known sagas for one worker.

    Args:
        db: where jobs and journal live.
        sagas: by name.
        services: handed to every step.
        hooks: told at every turn.
        worker: name of this worker, checked at every write to the journal.
    """

    def __init__(
        self, db: Database, sagas: Mapping[str, Saga[S]], services: S, hooks: Hooks, worker: str,
    ) -> None:
        self.db = db
        self.sagas = sagas
        self.services = services
        self.hooks = hooks
        self.worker = worker

    def run(self, job_id: int, job: Job | None = None) -> None:
        """Runs or resumes the job to its end. Raises nothing for the failure of a step.

        Args:
            job_id: the job.
            job: its row as it was claimed just now; in state RUNNING it never ran before and has no journal.
        """
        journal: dict[str, JobStep] = {}
        if job is None or job.state != RUNNING:
            job, journal = self._read(job_id)
            if job.state not in {RUNNING, UNDOING}:
                return  # it ended while somebody thought it an orphan
        saga = self.sagas[job.saga]
        context = Context(job.id, job.uuid, job.args, self.services, _Reporter(self, job_id))
        context.out.update({s.name: s.output or {} for s in journal.values() if s.state == "succeeded"})
        begun = set(journal)
        if job.state == RUNNING and not self._forward(saga, context, begun):
            return
        self._backward(saga, context, begun, {s.name for s in journal.values() if s.state == "undone"})

    def _read(self, job_id: int) -> tuple[Job, dict[str, JobStep]]:
        with self.db.read() as session:
            steps = session.scalars(select(JobStep).where(JobStep.job_id == job_id).order_by(JobStep.position))
            return session.get_one(Job, job_id), {step.name: step for step in steps}

    def _forward(self, saga: Saga[S], context: Context[S], begun: set[str]) -> bool:
        """Does what is not done yet. Returns True when a step failed and all must be taken back."""
        stretch = Stretch(saga, context, self.hooks, begun)
        while self._advance(stretch):
            assert stretch.act is not None  # noqa: S101 - what stopped it
            try:
                stretch.done = stretch.act.do(context, stretch.plan)
            except Exception as error:
                log.info("job %s: step %s failed", context.job_uuid, stretch.act.name, exc_info=True)
                self._write(context.job_id, partial(stretch.turn_back, stretch.position, self.hooks.describe(error)))
                return True
        return stretch.failed

    def _advance(self, stretch: Stretch[S]) -> bool:
        """Goes on to the next act, in one transaction; False at the end of the job, or when a step failed.

        The failed step's transaction was rolled back, the steps before it too: these are done again, in the
        transaction that says that all is taken back from here on.
        """
        work: Any = stretch.go_on
        limit = None
        while True:
            try:
                more = bool(self._write(stretch.context.job_id, work))
            except Exception as error:
                if stretch.position in {limit, len(stretch.saga.steps)}:
                    raise  # no step failed: the journal, or the job's end, cannot be written
                limit = stretch.position
                log.info("job %s: step %d failed", stretch.context.job_uuid, limit + 1, exc_info=True)
                work = partial(stretch.turn_back, limit, self.hooks.describe(error))
            else:
                stretch.keep()
                return more

    def _backward(self, saga: Saga[S], context: Context[S], begun: set[str], undone: set[str]) -> None:
        for position, step in reversed(list(enumerate(saga.steps))):
            if step.name not in begun or step.name in undone:
                continue
            error = self._try_to_undo(context, position, step)
            if error is not None:
                why = f"taking back '{step.text}' failed: {self.hooks.describe(error)['text']}; it will be tried again"
                self._write(context.job_id, partial(self._stick, why))
                return
        self._write(context.job_id, self._fail)

    def _try_to_undo(self, context: Context[S], position: int, step: Step[S]) -> Exception | None:
        last: Exception | None = None
        for attempt in range(1, UNDO_ATTEMPTS + 1):
            try:
                self._undo(context, position, step)
            except Exception as error:
                log.warning("job %s: undo of %s failed (attempt %d)", context.job_uuid, step.name, attempt,
                            exc_info=True)
                last = error
                time.sleep(0.05 * attempt)
            else:
                return None
        return last

    def _undo(self, context: Context[S], position: int, step: Step[S]) -> None:
        if step.undo is not None and not step.undone_in_transaction:
            step.undo(context)

        def work(session: Session, job: Job) -> None:
            if step.undo is not None and step.undone_in_transaction:
                step.undo(context, session)
            session.execute(update(JobStep).where(JobStep.job_id == job.id, JobStep.position == position)
                            .values(state="undone", ended=now()))

        self._write(context.job_id, work)

    def _fail(self, session: Session, job: Job) -> None:
        told = job.ended is not None
        _set(job, state=FAILED, ended=now(), not_before=None)
        queue.release(session, job.id)
        if not told:
            self.hooks.failed(session, job)

    def _stick(self, why: str, session: Session, job: Job) -> None:
        told = job.ended is not None
        _set(job, state=STUCK, progress=why, not_before=now() + REST, ended=job.ended or now())
        if not told:
            self.hooks.failed(session, job)

    def _write(self, job_id: int, work: Any) -> Any:
        """One journal transaction; stops at once when the job belongs to another worker by now."""
        def guarded(session: Session) -> Any:
            job = session.get_one(Job, job_id, with_for_update=True)
            if job.worker != self.worker or job.state not in {RUNNING, UNDOING}:
                raise LeaseLost(job_id)
            return work(session, job)

        return self.db.write(guarded)


class _Reporter:
    """Progress texts, at most two a second."""

    def __init__(self, runner: Runner[Any], job_id: int) -> None:
        self.runner, self.job_id, self.last = runner, job_id, 0.0

    def __call__(self, text: str) -> None:
        if time.monotonic() - self.last >= PROGRESS_INTERVAL:
            self.last = time.monotonic()
            self.runner._write(self.job_id, lambda _s, job: _set(job, progress=text))  # noqa: SLF001 - its own reporter


def _set(job: Job, **values: Any) -> None:
    for name, value in values.items():
        setattr(job, name, value)
