"""Lists of a cloud with 25,000 of everything: seconds of a page, of the whole, by whom, and what the service takes."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stratoform.db.database import Database
from stratoform.model.migrations import migrate
from stratoform.secrets import Vault
from tests.bench.bulk import Scale, fill
from tests.bench.simulated import idle_cpu, memory
from tests.support import mariadb
from tests.support.client import Client, Refused
from tests.support.http import KeepAlive, Process

PAGE, CLIENTS = 500, 16
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "15"))
ADMIN, ROLES = "root admin", ("root admin", "domain admin", "user")
COMMANDS: Mapping[str, Mapping[str, str]] = {
    "listDomains": {}, "listAccounts": {}, "listVirtualMachines": {}, "listVolumes": {},
    "listTemplates": {"templatefilter": "executable"}, "listNetworks": {}, "listPublicIpAddresses": {},
    "listSnapshots": {}, "listServiceOfferings": {}, "listDiskOfferings": {}, "listHosts": {}, "listEvents": {},
}
"""Measured commands and what they must be given; those the service does not have are left out."""
KEYWORD = "123"
PUBLISHED = {"listAccounts": 49.6, "listNetworks": 43.6, "listVirtualMachines": 11.8, "listVolumes": 9.2,
             "listHosts": 7.6, "listDomains": 4.6}
"""Seconds of a call for the whole list, as the reference publishes them: two cores of 1.5 GHz, 5 GB."""

HEAD = """\
25,000 simulated hosts, 25,000 accounts in 3,105 nested domains, 25,000 virtual machines with 31,250 NICs, 50,000
volumes, 25,000 networks with a router each, 100,000 events, 2,000 templates. Signed requests over one kept connection,
JSON, up to the last byte of the answer. The domain administrator sees a fifth of the cloud, the user 1,000 machines.
Times are those of the client, which shares the {cores} cores with service, database and whatever else runs; load of the
machine when measured: {load}. With a load above {cores}, times say how long a process waited for its turn, and the
columns of the service's own CPU say more.
"""

WHY = """\
### Where the time goes

Found with a sampling profiler and EXPLAIN. A page of 500 machines costs 15 to 20 ms of CPU on SQLite: 6 ms the columns
of nine joined tables (1.5 ms of it SQLite itself, the rest turning values into Python's), 3 ms the NICs, 2 to 5 ms the
count, 1.5 ms JSON, 3 ms HTTP, signature, caller and statements. The page's ids and the count come from an index alone.

- The answer's `count` is exact, so it reads an index entry for each row of the whole list: 0.1 us a row. Leaving out
  what projects own (`NOT IN (SELECT ... FROM project)`) triples that. This is the part of a page that grows with the
  table; everything else does not.
- MariaDB's driver is written in Python: it parses each value of each row, 5 to 8 ms of a page of machines.
- A page of accounts sums five tables for 500 owners and shows 36 limits of each.
- Keywords are looked for in the middle of names, which no index helps: every row of the list is compared. 100,000
  events with three texts each take longer than the aim allows.
- Sixteen clients share one interpreter ([0008](adr/0008-one-process-with-threads.md)): together they get what one core
  gives, and each waits for the others.
"""


@dataclass
class Timing:
    """Milliseconds of repeated calls; ``total``: objects in the whole list; ``cpu``: milliseconds of CPU a call."""

    total: int = 0
    whole: float = 0.0
    samples: dict[str, list[float]] = field(default_factory=dict)
    cpu: float = 0.0

    @property
    def spent(self) -> float:
        """Seconds of the service's CPU for the whole list."""
        return self.cpu * max(1, -(-self.total // PAGE)) / 1000

    def shown(self, name: str) -> str:
        """p50 / p95 in ms."""
        values = sorted(self.samples.get(name, ()))
        if not values:
            return ""
        return f"{statistics.median(values):.0f} / {values[min(len(values) - 1, int(0.95 * len(values)))]:.0f}"


@dataclass
class Found:
    """What was measured on one database."""

    loaded: float
    timings: dict[tuple[str, str], Timing] = field(default_factory=dict)
    together: dict[str, str] = field(default_factory=dict)
    service: dict[str, str] = field(default_factory=dict)


def measure(folder: Path) -> str:
    """Markdown tables for each database."""
    load = os.getloadavg()[0]
    found = {}
    for name in os.environ.get("BENCH_DATABASES", "sqlite,mariadb").split(","):
        place = folder / name
        place.mkdir()
        server = nullcontext(f"sqlite:///{place}/cloud.db") if name == "sqlite" else mariadb.server(place)
        with server as url:
            found[{"sqlite": "SQLite", "mariadb": "MariaDB"}[name]] = _on(url, place)
    head = HEAD.format(cores=os.cpu_count(), load=f"{load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end")
    details = (_details(name, one) for name, one in found.items())
    return "\n".join([head, _against(found), *details, _service(found), WHY])


def _on(url: str, folder: Path) -> Found:
    db = Database(url)
    migrate(db.engine)
    began = time.monotonic()
    keys = fill(db, Vault.at(folder / "var" / "keys" / "secrets.key"), Scale())
    found = Found(time.monotonic() - began)
    db.close()
    with serving(folder / "var", url) as (process, admin):
        time.sleep(15)  # the first run of every reconciler
        found.service["memory, idle"] = f"{memory(process)} MB"
        found.service["CPU, idle for a minute (of one core)"] = f"{idle_cpu(process, 60):.2%}"
        clients = {ADMIN: (admin.key, admin.secret), **keys}
        known = {api["name"] for api in admin.items("listApis", listall=True)}
        for command in filter(known.__contains__, COMMANDS):
            for role in ROLES:
                with client(process, clients[role]) as api:
                    try:
                        found.timings[command, role] = timing(process, api, command)
                    except Refused as error:
                        print(f"   {command} as {role}: {error}", flush=True)
                        continue
                one = found.timings[command, role]
                print(f"   {command} as {role}: {one.total}, whole {one.whole:.2f} s, {one.cpu:.0f} ms CPU a page, "
                      f"{ {name: one.shown(name) for name in one.samples} }", flush=True)
        found.service["memory, after that"] = f"{memory(process)} MB"
        for command in filter(known.__contains__, COMMANDS):
            found.together[command] = together(process, clients[ADMIN], command)
            print(f"   {command}, {CLIENTS} clients: {found.together[command]}", flush=True)
        found.service[f"memory, after {CLIENTS} clients at once"] = f"{memory(process)} MB"
    return found


@contextmanager
def serving(var: Path, url: str) -> Iterator[tuple[Process, Client]]:
    """The service on a filled database, and its administrator."""
    process = Process(var, environment={"STRATOFORM_SIMULATED": "1", "STRATOFORM_DATABASE": url})
    try:
        yield process, process.start()
    finally:
        process.stop()


@contextmanager
def client(process: Process, keys: tuple[str, str]) -> Iterator[Client]:
    """A client of its own connection, kept open."""
    http = KeepAlive("127.0.0.1", process.port)
    try:
        yield Client(http, *keys)  # type: ignore[arg-type]  # it has what the client needs
    finally:
        http.close()


def timing(process: Process, api: Client, command: str) -> Timing:
    """Everything that is measured of one list for one caller."""
    def page(number: int, **more: Any) -> Any:
        return api(command, **COMMANDS[command], listall=True, page=number, pagesize=PAGE, **more)

    first = page(1)
    one = Timing(first.get("count", 0))
    last = max(1, -(-one.total // PAGE))
    objects = next((value for key, value in first.items() if key != "count"), [])
    asked: dict[str, Callable[[], Any]] = {
        "first": lambda: page(1), "last": lambda: page(last), "keyword": lambda: page(1, keyword=KEYWORD),
    }
    if objects:
        identity = objects[len(objects) // 2]["id"]
        asked["by id"] = lambda: api(command, **COMMANDS[command], id=identity)
    for name, call in asked.items():
        call()
        one.samples[name] = [api.http.timed(call) for _ in range(ROUNDS)]
    before = cpu(process)
    one.whole = sum(api.http.timed(lambda n=n: page(n)) for n in range(1, last + 1)) / 1000  # type: ignore[misc]
    one.cpu = (cpu(process) - before) * 1000 / last
    return one


def cpu(process: Process) -> float:
    """Seconds of CPU the service has used."""
    assert process.process is not None
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[2] == str(process.process.pid):
                total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def together(process: Process, keys: tuple[str, str], command: str) -> str:
    """Milliseconds (p50 / p95) of a page for each of many clients at once, and pages a second."""
    start = threading.Barrier(CLIENTS)

    def work(number: int) -> list[float]:
        with client(process, keys) as api:
            start.wait()
            return [api.http.timed(lambda: api(command, **COMMANDS[command], listall=True, page=number % 10 + 1,
                                               pagesize=PAGE)) for _ in range(8)]

    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        values = sorted(value for found in pool.map(work, range(CLIENTS)) for value in found)
    seconds = time.monotonic() - began
    return (f"{statistics.median(values):.0f} / {values[int(0.95 * len(values))]:.0f} | "
            f"{len(values) / seconds:.0f}")


def _against(found: Mapping[str, Found]) -> str:
    about = ("The whole list by pages of 500, as root administrator, against the published figures (one call, two "
             "cores of 1.5 GHz, 5 GB):\n")
    rows = [about,
            f"| command | objects | published | {' | '.join(f'{name} | ratio | of it CPU' for name in found)} |",
            f"|---|---|---|{'---|---|---|' * len(found)}"]
    for command in COMMANDS:
        ones = [one.timings.get((command, ADMIN)) for one in found.values()]
        if all(ones):
            theirs = PUBLISHED.get(command)
            cells = [f"{one.whole:.2f} s | {f'{theirs / one.whole:.0f} x' if theirs else ''} | {one.spent:.2f} s"
                     for one in ones if one]
            rows.append(f"| {command} | {ones[0].total if ones[0] else 0} | {f'{theirs} s' if theirs else ''} | "
                        f"{' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _details(name: str, found: Found) -> str:
    about = (f"Filled in {found.loaded:.0f} s. Milliseconds, p50 / p95 of {ROUNDS} calls; a page has {PAGE} objects; "
             "CPU is the service's own for a page of the whole list.\n")
    rows = [f"### {name}\n", about,
            "| command | caller | objects | first page | last page | keyword | by id | whole list | CPU a page |",
            "|---|---|---|---|---|---|---|---|---|"]
    rows += [f"| {command} | {role} | {one.total} | {one.shown('first')} | {one.shown('last')} | "
             f"{one.shown('keyword')} | {one.shown('by id')} | {one.whole:.2f} s | {one.cpu:.0f} |"
             for (command, role), one in found.timings.items()]
    rows += [f"\n{CLIENTS} clients at once, each its own connection, pages 1 to 10 as root administrator:\n",
             "| command | ms a page | pages a second |", "|---|---|---|"]
    rows += [f"| {command} | {text} |" for command, text in found.together.items()]
    return "\n".join(rows) + "\n"


def _service(found: Mapping[str, Found]) -> str:
    rows = ["### The service itself\n", f"| what | {' | '.join(found)} |", f"|---|{'---|' * len(found)}"]
    rows += [f"| {label} | {' | '.join(one.service[label] for one in found.values())} |"
             for label in next(iter(found.values())).service]
    return "\n".join(rows) + "\n"
