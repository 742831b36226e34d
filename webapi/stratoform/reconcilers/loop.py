"""The one loop that runs reconcilers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


@dataclass
class Reconciler:
    """Something that must stay true.

    Attributes:
        name: for logs.
        every: seconds between two runs, when nobody signals.
        work: makes it true; returns one line saying what it did, '' for nothing.
        status: the last line, and when.
    """

    name: str
    every: float
    work: Callable[[], str]
    status: str = ""
    ran: float = field(default=0.0)


class Loop:
    """Runs reconcilers one after the other in one thread; each when its time has come or it was signalled."""

    def __init__(self, reconcilers: Sequence[Reconciler]) -> None:
        self.reconcilers = list(reconcilers)
        self._signalled: set[str] = set()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reconcilers", daemon=True)

    def start(self) -> None:
        """Starts the thread; everything runs once at once."""
        self._thread.start()

    def signal(self, name: str) -> None:
        """Runs the reconciler soon."""
        self._signalled.add(name)
        self._wake.set()

    def stop(self) -> None:
        """Stops after the reconciler under way."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.is_set():
            now = time.monotonic()
            for item in self.reconcilers:
                if self._stop.is_set():
                    return
                if item.name in self._signalled or not item.ran or now - item.ran >= item.every:
                    self._signalled.discard(item.name)
                    self.run_one(item)
            due = min(item.ran + item.every for item in self.reconcilers) - time.monotonic()
            self._wake.wait(max(0.05, min(due, 60)))
            self._wake.clear()

    @staticmethod
    def run_one(item: Reconciler) -> None:
        """Runs one reconciler now and keeps its status; an error is its status, and the next run tries again."""
        try:
            item.status = item.work()
            if item.status:
                log.info("%s: %s", item.name, item.status)
        except Exception as error:
            item.status = f"failed: {error}"
            log.exception("reconciler %s failed; it runs again in %.0f s", item.name, item.every)
        item.ran = time.monotonic()
