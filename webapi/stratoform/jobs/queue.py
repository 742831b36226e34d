"""The queue: enqueue in the caller's transaction, claim one at a time, respect declared locks."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, bindparam, delete, or_, select, true, update
from sqlalchemy.orm import Session, aliased

from stratoform.db.types import new_uuid

from .tables import LIVE, QUEUED, RUNNING, STUCK, UNDOING, ClaimGuard, Job, JobLock, Worker

LEASE = timedelta(seconds=20)
"""A worker silent for so long has lost its jobs to whoever asks next."""


@dataclass(frozen=True)
class Lock:
    """A resource a job needs, e.g. ``Lock("vm:7")``; shared locks exclude only exclusive ones."""

    name: str
    exclusive: bool = True


@dataclass(frozen=True)
class Order:
    """A job to be: which saga, with what, under which locks, and who asked why."""

    saga: str
    args: Mapping[str, Any]
    locks: tuple[Lock, ...] = ()
    user_id: int = 0
    account_id: int = 0
    reason: str = ""
    subject_type: str | None = None
    subject_uuid: str | None = None
    uuid: str = field(default_factory=new_uuid)


def enqueue(session: Session, order: Order) -> Job:
    """Adds the job in the caller's transaction: it exists exactly if what it was ordered with does."""
    job = Job(
        uuid=order.uuid, saga=order.saga, args=dict(order.args), user_id=order.user_id, account_id=order.account_id,
        reason=order.reason, subject_type=order.subject_type, subject_uuid=order.subject_uuid,
    )
    session.add(job)
    session.flush()
    wanted: dict[str, bool] = {}
    for lock in order.locks:
        wanted[lock.name] = wanted.get(lock.name, False) or lock.exclusive
    session.add_all(JobLock(job_id=job.id, name=name, exclusive=exclusive) for name, exclusive in wanted.items())
    return job


def waiting(session: Session, now: datetime) -> bool:
    """True when a claim might find something: a look that writes nothing, for idle times."""
    due = or_(Job.state == QUEUED, and_(Job.state == STUCK, Job.not_before <= now))
    return session.scalar(select(Job.id).where(due).limit(1)) is not None


def _blocked(*, by_any: bool) -> ColumnElement[bool]:
    """An exclusive lock of the job is held by any other job, or any lock of it exclusively by another job.

    Two conditions, for each is a look-up in the index, however many jobs share a lock.
    """
    mine, other, holder = aliased(JobLock), aliased(JobLock), aliased(Job)
    return (
        select(mine.job_id)
        .join(other, and_(other.name == mine.name, other.job_id != mine.job_id))
        .join(holder, holder.id == other.job_id)
        .where(
            mine.job_id == Job.id, (mine if by_any else other).exclusive == true(),
            or_(other.job_id < mine.job_id, holder.state.in_(LIVE)),
        )
        .exists()
    )


# Built once: they run with every job.
_FREE = (
    select(Job).where(Job.state == QUEUED, ~_blocked(by_any=True), ~_blocked(by_any=False))
    .order_by(Job.id).limit(bindparam("most"))
)
_STUCK = (
    select(Job).where(Job.state == STUCK, Job.not_before <= bindparam("now"))
    .order_by(Job.not_before).limit(bindparam("most"))
)


def claim(session: Session, worker: str, now: datetime, most: int = 1) -> list[Job]:
    """Takes the oldest jobs that may run, at most so many.

    A queued job may run when no earlier unfinished job, and no running one, holds a conflicting lock; so no two jobs
    that are taken at once are in each other's way.
    """
    _take_turn(session)
    taken = list(session.scalars(_FREE, {"most": most}))
    if len(taken) < most:
        taken += session.scalars(_STUCK, {"now": now, "most": most - len(taken)})
    for job in taken:
        job.state = RUNNING if job.state == QUEUED else UNDOING
        job.worker = worker
    return taken


def reclaim(session: Session, worker: str, now: datetime, active: Collection[int] = ()) -> list[int]:
    """Takes over the jobs nobody runs; returns their ids, oldest first.

    Those are the jobs of workers that are gone, and this worker's own that are not among ``active``.
    """
    _take_turn(session)
    running = session.execute(
        select(Job.id, Job.worker, Worker.seen).outerjoin(Worker, Worker.name == Job.worker)
        .where(Job.state.in_((RUNNING, UNDOING))).order_by(Job.id)
    ).all()
    orphans = [
        id_ for id_, owner, seen in running
        if id_ not in active and (owner == worker or seen is None or seen < now - LEASE or process_gone(owner))
    ]
    if orphans:
        session.execute(update(Job).where(Job.id.in_(orphans), Job.state.in_((RUNNING, UNDOING))).values(worker=worker))
    session.execute(delete(Worker).where(Worker.seen < now - 10 * LEASE))
    return orphans


def heartbeat(session: Session, worker: str, now: datetime) -> None:
    """Renews the worker's lease."""
    done = cast("CursorResult[Any]", session.execute(update(Worker).where(Worker.name == worker).values(seen=now)))
    if done.rowcount == 0:
        session.add(Worker(name=worker, seen=now))


def release(session: Session, job_id: int) -> None:
    """Drops the locks of a job that ended."""
    session.execute(delete(JobLock).where(JobLock.job_id == job_id))


def unfinished(session: Session, names: Iterable[str]) -> bool:
    """True when an unfinished job holds a lock of one of these names."""
    return session.scalar(select(JobLock.job_id).where(JobLock.name.in_(list(names))).limit(1)) is not None


def worker_name() -> str:
    """This process, so that a neighbour on the same machine can see at once whether it still lives."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"


def process_gone(worker: str | None) -> bool:
    """True when the worker ran on this machine and its process is certainly over."""
    parts = (worker or "").split("/")
    if len(parts) != 3 or parts[0] != socket.gethostname() or not parts[1].isdigit():  # noqa: PLR2004 - host/pid/start
        return False
    return _started(int(parts[1])) != parts[2]


def _started(pid: int) -> str:
    """Start time of a process in clock ticks since boot (proc(5), stat field 22); '' when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:  # noqa: PTH123 - a proc file
            return stat.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _take_turn(session: Session) -> None:
    done = cast("CursorResult[Any]", session.execute(
        update(ClaimGuard).where(ClaimGuard.id == 1).values(turn=ClaimGuard.turn + 1)
    ))
    if done.rowcount == 0:
        session.add(ClaimGuard(id=1))
        session.flush()
