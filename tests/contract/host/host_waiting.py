"""Waiting with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_for(what: Callable[[], Any], limit_s: float) -> Any:
    """Ask until the answer is true; fail when the limit is over."""
    deadline = time.monotonic() + limit_s
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {limit_s} s"
        time.sleep(0.1)
    return found
