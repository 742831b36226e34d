"""Daemons of a router, kept without any service manager.

A daemon is a program that returns once it serves, leaving its pid in a file. Whether it lives is told by that
pid and its command line, so a recycled pid is not mistaken for it; a dead one is started by the next converge.
Where systemd runs, each daemon gets a scope of its own: it must outlive whoever started the converge (a login,
the API service), and systemd ends what it counts to those. Everything else is the same with and without systemd.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import NamedTuple

from .. import files, links
from ..command import run

_SYSTEMD = "/run/systemd/system"  # sd_booted(3)
_START_LIMIT_S = 15
_END_LIMIT_S = 3.0
_LOOK_EVERY_S = 0.01


class Daemon(NamedTuple):
    """A daemon: its command line, the pid file it leaves, and the one word only its command line has."""

    name: str
    netns: str
    argv: list[str]
    pid_file: str
    mark: str


def pid_of(daemon: Daemon) -> int | None:
    """Pid of the living daemon, None when it is dead."""
    text = (files.read(daemon.pid_file) or "").strip()
    return int(text) if text.isdigit() and _is(int(text), daemon) else None


def _is(pid: int, daemon: Daemon) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return daemon.mark.encode() in file.read().split(b"\0")
    except OSError:
        return False


def start(daemon: Daemon) -> None:
    """Start the daemon in its namespace; return when it serves.

    Raises:
        NodeError: it does not start; the cause is what it said.
    """
    end(daemon)
    argv = ["ip", "netns", "exec", daemon.netns, *daemon.argv]
    if os.path.isdir(_SYSTEMD):
        unit = f"stratoform-{daemon.netns}-{daemon.name}-{time.monotonic_ns()}"
        options = ["--quiet", "--scope", "--collect", f"--unit={unit}", "--slice=stratoform.slice"]
        argv = ["systemd-run", *options, "--", *argv]
    run(argv, timeout_s=_START_LIMIT_S)


def end(daemon: Daemon) -> None:
    """End the daemon, also one whose pid file got lost. Nothing to end is fine."""
    if not links.has_netns(daemon.netns):
        return
    for pid in pids_in(daemon.netns):
        if _is(pid, daemon):
            end_pid(pid)
    files.remove(daemon.pid_file)


def reload(daemon: Daemon) -> None:
    """Tell the daemon to read its files again."""
    pid = pid_of(daemon)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)


def pids_in(netns: str) -> list[int]:
    """Pids of all processes in a namespace."""
    return [int(pid) for pid in links.ip("netns", "pids", netns).split()]


def end_pid(pid: int) -> None:
    """End a process: asked first, forced when it does not go."""
    deadline = time.monotonic() + _END_LIMIT_S
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            if _is_zombie(pid):
                return
            os.kill(pid, 0)
            time.sleep(_LOOK_EVERY_S)
        os.kill(pid, signal.SIGKILL)


def _is_zombie(pid: int) -> bool:
    """A process that ended and waits for its parent: nothing is left to end."""
    stat = files.read(f"/proc/{pid}/stat") or ""
    return stat.rpartition(")")[2].split()[:1] == ["Z"]
