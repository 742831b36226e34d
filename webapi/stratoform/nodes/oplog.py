"""One log file a job: which operation ran where, with what, how long, and how it ended."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from stratoform.db.types import now

from .port import Target

LONG = 20
"""Entries of a list or map that are logged: a router's operation names every guest of its network."""
SECRET = ("password", "secret", "private", "user-data", "token")


class OperationLog:
    """Appends JSON lines to ``<folder>/<job>.log`` (0600); secrets are replaced by asterisks.

    Lines carry time, operation, host, seconds, outcome and arguments.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(  # noqa: PLR0913, PLR0917 - one line of six facts
        self, operation: str, target: Target, job: str, args: Mapping[str, Any], seconds: float, outcome: str,
    ) -> None:
        """Adds one line."""
        line = {
            "time": now().isoformat(timespec="milliseconds"), "operation": operation, "host": target.address,
            "seconds": round(seconds, 3), "outcome": outcome, "args": redacted(args),
        }
        with self._lock:
            file = self.folder / f"{job or 'service'}.log"
            if not file.exists():
                file.touch(mode=0o600)
            with file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def redacted(value: Any, name: str = "") -> Any:
    """A copy in which whatever is named like a secret is ``***``, and of which long lists and maps show the first."""
    if any(word in name.lower() for word in SECRET) and value:
        return "***"
    if isinstance(value, Mapping):
        more = {"...": f"{len(value) - LONG} more"} if len(value) > LONG else {}
        return {key: redacted(item, str(key)) for key, item in islice(value.items(), LONG)} | more
    if isinstance(value, (list, tuple)):
        more_items = [f"... {len(value) - LONG} more"] if len(value) > LONG else []
        return [redacted(item, name) for item in value[:LONG]] + more_items
    return value
