"""How many calls an account may make in a time: counted in the memory of this process (CloudStack API, throttling)."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from stratoform.db.database import Database
from stratoform.errors import ApiError, Fault
from stratoform.model.settings import Settings

from .caller import Caller

UNSETTLED: Final = 2.0
"""Seconds after which a change is surely committed; until a call reads the settings later, every call does."""


@dataclass(frozen=True)
class Limit:
    """What the settings api.throttling.* say."""

    enabled: bool = False
    interval: int = 1
    most: int = 25
    accounts: int = 50000


@dataclass(frozen=True)
class Count:
    """Where an account stands: calls made, calls left, seconds until it is counted anew."""

    issued: int
    left: int
    seconds: float


class CallLimits:
    """Counts the calls of accounts; root administrators are never refused.

    Args:
        db: where the settings are.
        settings: api.throttling.*.
        clock: seconds, from any point on.
    """

    def __init__(self, db: Database, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self.db = db
        self.settings = settings
        self.clock = clock
        self._lock = Lock()
        self._counts: OrderedDict[int, tuple[float, int]] = OrderedDict()  # account to (when its time ends, calls)
        self._limit = Limit()
        self._settled, self._read = 0.0, -math.inf  # when the last change is surely committed; when they were read

    def limit(self) -> Limit:
        """The settings. No call reads them that does not follow a change."""
        if self._read <= self._settled:
            present = self.clock()
            with self.db.read() as session:
                kept = self.settings.everything(session)
            enabled, *numbers = (kept[f"api.throttling.{name}"] for name in ("enabled", "interval", "max", "cachesize"))
            self._limit = Limit(enabled == "true", *map(int, numbers))
            self._read = present  # last: other threads look at it first
        return self._limit

    def forget(self) -> None:
        """Reads the settings again; to be called when one is changed."""
        self._settled = self.clock() + UNSETTLED

    def count(self, caller: Caller) -> None:
        """Counts a call.

        Raises:
            ApiError: CALL_LIMIT, with the seconds to wait.
        """
        limit = self.limit()
        if not limit.enabled or caller.is_root:
            return
        with self._lock:
            present = self.clock()
            end, calls = self._counts.pop(caller.account_id, (present, 0))
            if end <= present:
                end, calls = present + limit.interval, 0
            self._counts[caller.account_id] = (end, calls + 1)
            while len(self._counts) > limit.accounts:
                self._counts.popitem(last=False)
        if calls >= limit.most:
            raise ApiError(Fault.CALL_LIMIT, f"This account may make {limit.most} calls in {limit.interval} s and has "
                                             f"made them; call again in {math.ceil(end - present)} s")

    def of(self, account: int) -> Count:
        """Where an account stands."""
        limit = self.limit()
        present = self.clock()
        end, calls = self._counts.get(account, (present, 0))
        if end <= present:
            return Count(0, limit.most, limit.interval)
        return Count(calls, max(0, limit.most - calls), end - present)

    def reset(self, account: int | None) -> None:
        """Begins the count of an account anew; of every account for None."""
        with self._lock:
            if account is None:
                self._counts.clear()
            else:
                self._counts.pop(account, None)
