"""Run host programs: argument lists only, never a shell."""

from __future__ import annotations

import os
import subprocess

from .errors import NodeError

# Messages are parsed and shown: one language. sbin is missing from the PATH of some login kinds.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(argv: list[str], timeout_s: float = 60, stdin: str | None = None) -> str:
    """Run a program to its end and return what it wrote to standard output.

    Args:
        argv: program and arguments; values reach the program exactly as they are.
        timeout_s: seconds until the program is killed.
        stdin: text given on standard input; nothing when None.

    Raises:
        NodeError: the program is missing, failed or took too long; the cause is its own last words.
    """
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": _PATH}
    try:
        done = subprocess.run(  # noqa: S603  an argument list, no shell
            argv,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            env=environment,
            check=False,
        )
    except FileNotFoundError:
        raise NodeError(f"program {argv[0]} is not installed on this host") from None
    except subprocess.TimeoutExpired:
        raise NodeError(f"{argv[0]} did not finish within {timeout_s:g} seconds") from None
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        words = lines[-1] if lines else f"ended with status {done.returncode}"
        raise NodeError(words if words.startswith(f"{argv[0]}:") else f"{argv[0]}: {words}")
    return done.stdout
