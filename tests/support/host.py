"""Running programs, and waiting with a limit."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def run(*argv: object, check: bool = True, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a program of the system to its end, within 30 s."""
    program = shutil.which(str(argv[0]), path=PATH)
    assert program, f"{argv[0]} is not installed"
    words = [program, *map(str, argv[1:])]
    return subprocess.run(words, input=stdin, capture_output=True, check=check, timeout=30)


def wait_for(what: Callable[[], Any], limit_s: float) -> Any:
    """Ask until the answer is true; fail when the limit is over."""
    deadline = time.monotonic() + limit_s
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {limit_s} s"
        time.sleep(0.1)
    return found
