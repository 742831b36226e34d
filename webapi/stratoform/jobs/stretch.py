"""The way from one act of a saga to the next, in one transaction.

It journals the success of the act just done, does the database steps that follow, and journals the start of the next
act, or the end of the job. So a job costs one commit an act and one more, however many steps it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from stratoform.db.types import now

from . import queue
from .saga import Context, Output, Saga, Step
from .tables import SUCCEEDED, UNDOING, Job, JobStep

S = TypeVar("S")

# Built once, for the tables: they run with every step.
_BEGIN = insert(JobStep.__table__)  # type: ignore[arg-type]  # a declared class has a Table
_END = (
    update(JobStep.__table__)  # type: ignore[arg-type]  # see above
    .where(JobStep.job_id == bindparam("of"), JobStep.position == bindparam("at"))
    .values({column: bindparam(column) for column in ("state", "output", "ended")})
)


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


class Stretch(Generic[S]):
    """How far one job is, and its transactions.

    A transaction may be run again (a lost race), so what it learns counts only after ``keep()``.

    Attributes:
        context: its ``out`` holds the outputs of all steps done so far.
        act, plan: the act whose start is journaled, and what to do it with.
        done: what it gave; set by whoever does it.
        position: of the step a transaction was busy with last; the number of steps at the job's end.
        failed: a step failed, all is to be taken back.
    """

    def __init__(self, saga: Saga[S], context: Context[S], hooks: Hooks, begun: set[str]) -> None:
        self.saga = saga
        self.context = context
        self.hooks = hooks
        self.act: Step[S] | None = None
        self.plan: Any = None
        self.done: Any = None
        self.position = 0
        self.failed = False
        self._next: tuple[Step[S] | None, Any] = None, None
        self._begun = begun  # steps with a row in the journal
        self._new: list[dict[str, Any]] = []  # rows for others: one statement writes them
        self._plans: dict[str, Any] = {}  # made early, for acts to come
        self._planned: dict[str, Any] = {}
        self._out: dict[str, Mapping[str, Any]] = context.out

    def go_on(self, session: Session, job: Job) -> bool:
        """Journals what was done and begins the next act; False when there is none and the job has succeeded."""
        if self._do(session, job, len(self.saga.steps)):
            self._write(session)
            return True
        self._write(session)
        self.position = len(self.saga.steps)
        job.state, job.ended, job.progress = SUCCEEDED, now(), ""
        queue.release(session, job.id)
        session.flush()  # the answer shows the object as it is when no job is changing it any more
        job.result = self.hooks.succeeded(session, job)
        return False

    def turn_back(self, position: int, error: dict[str, Any], session: Session, job: Job) -> None:
        """Journals what was done before a failed step, and that all is taken back from there on.

        The failed step is taken back first: it may have acted, or stand for the request.
        """
        self._do(session, job, position)
        self.position, self.failed = position, True
        self._note(session, job, position, "started")
        self._write(session)
        job.state, job.error = UNDOING, error

    def keep(self) -> None:
        """The transaction was committed."""
        self.act, self.plan = self._next
        self.done = None
        self._plans |= self._planned
        self._out = self.context.out
        self._begun |= {row["name"] for row in self._new}

    def _do(self, session: Session, job: Job, end: int) -> bool:
        """Does the steps before ``end``, up to the next act; True when there is one, False at the end."""
        self.context.out, self._new, self._next, self._planned = dict(self._out), [], (None, None), {}
        if not self._begun:
            self.hooks.started(session, job)
        for position, step in enumerate(self.saga.steps[:end]):
            if step.name in self.context.out:
                continue
            self.position = position
            output, plan = self._one(session, step)
            if step is not self.act and not step.in_transaction and (plan is not None or step.plan is None):
                self._next = step, plan
                self._plan_early(session, position + 1)
                self._note(session, job, position, "started")
                return True
            self.context.out[step.name] = output or {}
            self._note(session, job, position, "succeeded", output)
        return False

    def _one(self, session: Session, step: Step[S]) -> tuple[Output, Any]:
        """(output, plan): what the step gives if it is done by now, what it is to be done with if it is not."""
        if step is self.act:
            return step.record(self.context, session, self.done) if step.record is not None else self.done, None
        if step.in_transaction:
            return step.do(self.context, session), None
        if step.name in self._plans:
            return None, self._plans[step.name]
        return None, step.plan(self.context, session) if step.plan is not None else None

    def _plan_early(self, session: Session, position: int) -> None:
        """Plans the acts that follow at once, where they allow it: what they read is at hand now."""
        for step in self.saga.steps[position:]:
            if not step.early or step.plan is None or step.name in self._plans:
                return
            self._planned[step.name] = step.plan(self.context, session)

    def _note(self, session: Session, job: Job, position: int, state: str, output: Output = None) -> None:
        step = self.saga.steps[position]
        started = state == "started"
        if started:
            job.progress = f"{position + 1}/{len(self.saga.steps)} {step.text}"
        row = {"job_id": job.id, "position": position, "name": step.name, "state": state,
               "output": None if output is None else dict(output), "ended": None if started else now()}
        if step.name in self._begun:
            session.execute(_END, {**{c: row[c] for c in ("state", "output", "ended")}, "of": job.id, "at": position})
        else:
            self._new.append(row)

    def _write(self, session: Session) -> None:
        if self._new:
            session.execute(_BEGIN, self._new)
