"""In-process dispatch: one thread claims, a pool of threads runs. The embedded default."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import select

from stratoform.db.types import now

from . import queue
from .runner import LeaseLost, Runner
from .tables import QUEUED, RUNNING, UNDOING, Job

log = logging.getLogger(__name__)

POLL = 2.0
"""Seconds between two looks at the queue when nobody calls: finds work enqueued by other processes."""
HEARTBEAT = 5.0
LOOK = 0.5
"""Seconds between two looks at a job another process may be running."""


class Dispatcher:
    """Claims jobs for one runner while threads are free.

    Args:
        runner: runs what is claimed.
        threads: how many jobs run at once.
    """

    def __init__(self, runner: Runner[Any], threads: int = 16) -> None:
        self.runner = runner
        self._ended = threading.Condition()  # some job of this process ended
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self._active: set[int] = set()  # jobs this process is running
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="job-dispatch", daemon=True)
        self._beat = 0.0

    def start(self) -> None:
        """Takes over what dead workers left, then starts claiming."""
        self._heartbeat()
        self._thread.start()

    def wake(self) -> None:
        """Something was enqueued: look now."""
        self._wake.set()

    def wait(self, uuid: str, seconds: float) -> bool:
        """Waits for the end of a job, whichever process runs it; True when it ended within the time."""
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            with self._ended:
                with self.runner.db.read() as session:
                    state = session.scalar(select(Job.state).where(Job.uuid == uuid))
                if state not in {QUEUED, RUNNING, UNDOING}:
                    return True
                self._ended.wait(min(LOOK, left))
        return False

    def stop(self) -> None:
        """Stops claiming and waits for the jobs under way."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=True)

    def _loop(self) -> None:
        woken = True
        while not self._stop.is_set():
            try:
                self._claim(look_first=not woken)
                if time.monotonic() - self._beat >= HEARTBEAT:
                    self._heartbeat()
            except Exception:
                log.exception("the job queue could not be read; looking again")
            woken = self._wake.wait(POLL)
            self._wake.clear()

    def _heartbeat(self) -> None:
        self._beat = time.monotonic()
        worker, db = self.runner.worker, self.runner.db
        db.write(lambda s: queue.heartbeat(s, worker, now()))
        active = set(self._active)  # before the queue is read: a job that ends meanwhile is no orphan
        for job_id in db.write(lambda s: queue.reclaim(s, worker, now(), active)):
            log.info("job %d resumes here: nobody was running it", job_id)
            self._submit(job_id)

    def _claim(self, *, look_first: bool) -> None:
        """Takes as many jobs as threads are free; ``look_first`` without writing, for idle times."""
        free = self.threads - len(self._active)
        if self._stop.is_set() or free <= 0:
            return
        if look_first:
            with self.runner.db.read() as session:
                if not queue.waiting(session, now()):
                    return
        for job in self.runner.db.write(lambda s: queue.claim(s, self.runner.worker, now(), free)):
            self._submit(job.id, job)

    def _submit(self, job_id: int, job: Job | None = None) -> None:
        self._active.add(job_id)
        self._pool.submit(self._run, job_id, job)

    def _run(self, job_id: int, job: Job | None) -> None:
        try:
            self.runner.run(job_id, job)
        except LeaseLost:
            log.warning("job %d was taken over by another worker", job_id)
        except Exception:
            log.exception("job %d could not be journaled; it resumes at the next heartbeat", job_id)
        finally:
            self._active.discard(job_id)
            self._wake.set()
            with self._ended:
                self._ended.notify_all()
