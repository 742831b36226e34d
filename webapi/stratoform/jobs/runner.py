"""Runs one job: forward through its steps, and back through their undos when one fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.db.types import now

from . import queue
from .saga import Context, Output, Saga, Step
from .tables import FAILED, RUNNING, STUCK, SUCCEEDED, UNDOING, Job, JobStep

S = TypeVar("S")
log = logging.getLogger(__name__)

UNDO_ATTEMPTS = 3
REST = timedelta(seconds=30)
"""How long a stuck job rests before its undo is tried again."""
PROGRESS_INTERVAL = 0.5
"""Seconds between two progress texts written to the database."""


class LeaseLost(BaseException):
    """Another worker took the job over. No Exception: no step may catch it, this process must simply stop."""


class Hooks(Protocol):
    """What the product does at the turns of a job, inside the transaction that makes the turn."""

    def started(self, session: Session, job: Job) -> None:
        """The job was taken by a worker for the first time."""

    def succeeded(self, session: Session, job: Job) -> dict[str, Any] | None:
        """All steps are done; returns what the job's asker is told."""

    def failed(self, session: Session, job: Job) -> None:
        """``job.error`` says why; its steps are taken back, or rest half taken back (state stuck)."""

    def describe(self, error: Exception) -> dict[str, Any]:
        """The error as data; the key ``text`` is for people."""


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

    def run(self, job_id: int) -> None:
        """Runs or resumes the job to its end. Raises nothing for the failure of a step."""
        with self.db.read() as session:
            job = session.get_one(Job, job_id)
            journal = {
                step.name: step
                for step in session.scalars(select(JobStep).where(JobStep.job_id == job_id).order_by(JobStep.position))
            }
        saga = self.sagas[job.saga]
        context = Context(job.id, job.uuid, job.args, self.services, _Reporter(self, job_id))
        context.out.update({s.name: s.output or {} for s in journal.values() if s.state == "succeeded"})
        begun = set(journal)
        if job.state == RUNNING and not self._forward(saga, context, begun, first=not journal):
            return
        self._backward(saga, context, begun, {s.name for s in journal.values() if s.state == "undone"})

    def _forward(self, saga: Saga[S], context: Context[S], begun: set[str], *, first: bool) -> bool:
        """Does what is not done yet. Returns True when a step failed and all must be taken back."""
        if first:
            self._write(context.job_id, self.hooks.started)
        for position, step in enumerate(saga.steps):
            if step.name in context.out:
                continue
            begun.add(step.name)
            try:
                context.out[step.name] = self._do(context, position, step, self._text(saga, position)) or {}
            except Exception as error:
                log.info("job %s: step %s failed", context.job_uuid, step.name, exc_info=True)
                self._write(context.job_id, partial(
                    _turn_back, self.hooks.describe(error), (position, step.name), self._text(saga, position)))
                return True
        self._write(context.job_id, self._succeed)
        return False

    def _do(self, context: Context[S], position: int, step: Step[S], text: str) -> Output:
        if step.in_transaction:
            def work(session: Session, job: Job) -> Output:
                output = step.do(context, session)
                job.progress = text
                _note(session, (job.id, position), step.name, "succeeded", output)
                return output

            in_one: Output = self._write(context.job_id, work)
            return in_one

        def begin(session: Session, job: Job) -> None:
            job.progress = text
            _note(session, (job.id, position), step.name, "started")

        self._write(context.job_id, begin)
        output = step.do(context)
        self._write(
            context.job_id, lambda s, job: _note(s, (job.id, position), step.name, "succeeded", output),
        )
        return output

    @staticmethod
    def _text(saga: Saga[S], position: int) -> str:
        return f"{position + 1}/{len(saga.steps)} {saga.steps[position].text}"

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
        if step.undo is not None and not step.in_transaction:
            step.undo(context)

        def work(session: Session, job: Job) -> None:
            if step.undo is not None and step.in_transaction:
                step.undo(context, session)
            _note(session, (job.id, position), step.name, "undone")

        self._write(context.job_id, work)

    def _succeed(self, session: Session, job: Job) -> None:
        _set(job, state=SUCCEEDED, ended=now(), progress="")
        queue.release(session, job.id)
        session.flush()  # the answer shows the object as it is when no job is changing it any more
        job.result = self.hooks.succeeded(session, job)

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
            if job.worker != self.worker:
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


def _turn_back(
    description: dict[str, Any], step: tuple[int, str], text: str, session: Session, job: Job,
) -> None:
    """From here on everything is taken back, the failed step first: it may have acted, or stand for the request."""
    _note(session, (job.id, step[0]), step[1], "started")
    _set(job, state=UNDOING, error=description, progress=text)


def _note(session: Session, key: tuple[int, int], name: str, state: str, output: Output = None) -> None:
    row = session.get(JobStep, key)
    if row is None:
        row = JobStep(job_id=key[0], position=key[1], name=name, state=state)
        session.add(row)
    row.state = state
    row.ended = None if state == "started" else now()
    if output is not None:
        row.output = dict(output)
