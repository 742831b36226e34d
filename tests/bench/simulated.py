"""Requests a second, deployments a second and memory of a service whose hosts are simulated."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from tests.support import mariadb
from tests.support.client import Client
from tests.support.http import Process
from tests.support.zone import Zone, build

REQUESTS, DEPLOYS, CLIENTS = 600, 120, 16


def measure(folder: Path) -> str:
    """A Markdown table for each database."""
    rows = ["| what | SQLite | MariaDB |", "|---|---|---|"]
    found = []
    for name in ("sqlite", "mariadb"):
        (folder / name).mkdir()
        with nullcontext(None) if name == "sqlite" else mariadb.server(folder / name) as url:
            found.append(_service(folder / name, url))
    rows += [f"| {label} | {found[0][label]} | {found[1][label]} |" for label in found[0]]
    return "\n".join(rows) + "\n"


def _service(folder: Path, url: str | None) -> dict[str, str]:
    process = Process(folder / "var", environment={"STRATOFORM_SIMULATED": "1",
                                                   **({"STRATOFORM_DATABASE": url} if url else {})})
    began = time.monotonic()
    api = process.start()
    started = time.monotonic() - began
    try:
        idle, cpu = memory(process), idle_cpu(process, 5)
        zone = build(api, hosts=4)
        return {
            "service start to first answer": f"{started:.1f} s",
            "memory, idle": f"{idle} MB",
            "CPU, idle (of one core)": f"{cpu:.1%}",
            f"deployments completed, {CLIENTS} clients": _deploys(api, zone),
            "`listVirtualMachines`, 1 client": rate(lambda: api("listVirtualMachines", listall=True), 1, 100),
            "`listVirtualMachines`, 16 clients": rate(lambda: api("listVirtualMachines", listall=True), CLIENTS, 200),
            "HTTP alone (`/client/health`), 1 client": rate(lambda: health(process), 1, REQUESTS),
            "`listZones`, 1 client": rate(lambda: api("listZones"), 1, REQUESTS),
            "`listZones`, 16 clients": rate(lambda: api("listZones"), CLIENTS, REQUESTS),
            "memory, after that": f"{memory(process)} MB",
        }
    finally:
        process.stop()


def health(process: Process) -> None:
    """The least a request can cost here: the same server and client, one trivial query, nothing to sign or render."""
    with urllib.request.urlopen(f"http://127.0.0.1:{process.port}/client/health", timeout=10) as answer:
        answer.read()


def rate(call: Callable[[], object], clients: int, requests: int) -> str:
    """Requests a second and the mean time of one."""
    call()
    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda _: call(), range(requests)))
    seconds = time.monotonic() - began
    return f"{requests / seconds:.0f}/s ({seconds / requests * clients * 1000:.1f} ms each)"


def _deploys(api: Client, zone: Zone) -> str:
    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        jobs = list(pool.map(
            lambda n: api("deployVirtualMachine", **zone.deploy(name=f"vm{n}"))["jobid"], range(DEPLOYS)))
        accepted = time.monotonic() - began
        for job in jobs:
            api.await_job(job, 120)
    seconds = time.monotonic() - began
    return f"{DEPLOYS / seconds:.1f}/s (accepted {DEPLOYS / accepted:.0f}/s)"


def _processes(process: Process) -> list[Path]:
    assert process.process is not None
    group = str(process.process.pid)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "stat").read_text().rpartition(")")[2].split()[2] == group:
                    found.append(entry)
            except OSError:
                continue
    return found


def memory(process: Process) -> int:
    """Proportional resident memory of the service's processes in MB."""
    total = 0
    for entry in _processes(process):
        for line in (entry / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total // 1024


def idle_cpu(process: Process, seconds: float) -> float:
    """CPU the service uses when nobody asks anything, as a part of one core."""
    def ticks() -> int:
        return sum(sum(map(int, (e / "stat").read_text().rpartition(")")[2].split()[11:13]))
                   for e in _processes(process))

    before = ticks()
    time.sleep(seconds)
    return (ticks() - before) / 100 / seconds
