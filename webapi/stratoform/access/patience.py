"""Back-off: who fails to log in waits longer each time, whether the user exists or not."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from stratoform.errors import ApiError, Fault

LONGEST: Final = 60.0
"""Seconds one waits at most."""
FORGOTTEN: Final = 900.0
"""Seconds after the last failure until the count begins again."""
MOST: Final = 10_000
"""Names remembered; the one that failed longest ago is forgotten first."""


@dataclass
class _Failures:
    count: int
    last: float

    @property
    def until(self) -> float:
        """The second failure in a row costs one second, each further one twice as much."""
        return self.last + (min(2.0 ** (self.count - 2), LONGEST) if self.count > 1 else 0.0)


class Patience:
    """Counts failures by name, in the memory of this process.

    Args:
        clock: seconds, from any point on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._failed: OrderedDict[Hashable, _Failures] = OrderedDict()
        self._lock = Lock()

    def demand(self, name: Hashable) -> None:
        """Refuses while the name has to wait; nothing is checked then, not even a right password.

        Raises:
            ApiError: CALL_LIMIT, with the seconds to wait.
        """
        with self._lock:
            failed = self._failed.get(name)
            wait = failed.until - self.clock() if failed is not None else 0.0
        if wait > 0:
            raise ApiError(Fault.CALL_LIMIT, "Too many failed logins with this user name; try again in "
                                             f"{math.ceil(wait)} s")

    def failed(self, name: Hashable) -> None:
        """Counts a failure."""
        with self._lock:
            present = self.clock()
            before = self._failed.pop(name, None)
            count = before.count if before is not None and present - before.last < FORGOTTEN else 0
            self._failed[name] = _Failures(min(count + 1, 64), present)
            if len(self._failed) > MOST:
                self._failed.popitem(last=False)

    def succeeded(self, name: Hashable) -> None:
        """Forgets the name's failures."""
        with self._lock:
            self._failed.pop(name, None)
