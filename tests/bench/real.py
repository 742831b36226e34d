"""Seconds from a request to a running guest and to its ssh login, split by step; seconds of one host operation."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.support.http import Process

RESULT = "bench.json"
BY_HAND = "the same by hand: qemu-img create and virsh create"
COMPARED = """\
A deployment takes {ratio:.0f} times what `qemu-img` and `virsh` take by hand for the disk and the guest alone (by hand
it has no address, no name, no metadata and no record). The difference is the start of Ansible, once an operation.
"""


def measure(folder: Path) -> str:
    """A Markdown table, measured by the tests' own real zone."""
    result = folder / RESULT
    code = pytest.main(["-q", "-p", "no:cacheprovider", "tests/bench/real_zone.py", f"--bench-result={result}"])
    if code != 0 or not result.exists():
        return "Not measured here: needs root, libvirt and the guest image (`make up` prepares them).\n"
    found = json.loads(result.read_text())
    rows = ["| what | seconds |", "|---|---|"]
    rows += [f"| {label} | {seconds:.2f} |" for label, seconds in found]
    seconds = dict(found)
    ratio = seconds["second guest: request to Running"] / seconds[BY_HAND]
    return "\n".join(rows) + "\n\n" + COMPARED.format(ratio=ratio)


def steps(process: Process, job: str) -> list[tuple[str, float]]:
    """Operations of a job and their seconds, from its log."""
    lines = (process.var / "log" / "jobs" / f"{job}.log").read_text().splitlines()
    return [(f"&nbsp;&nbsp;operation {entry['operation']}", entry["seconds"]) for entry in map(json.loads, lines)]


def timed(label: str, began: float) -> tuple[str, float]:
    """A row."""
    return label, time.monotonic() - began
