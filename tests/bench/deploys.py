"""Deployments a second with 16 clients, what each costs the service and its database, and that none was lost."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, insert, select, text

from stratoform.db.database import Database
from stratoform.db.types import new_uuid
from stratoform.jobs.tables import SUCCEEDED, Job, JobStep
from stratoform.model.compute import HOLDS_CAPACITY, Vm
from stratoform.model.network import Nic
from stratoform.model.topology import Host
from stratoform.nodes.simulator import SimObject
from tests.support import mariadb
from tests.support.client import Client
from tests.support.http import Process
from tests.support.zone import Zone, build

CLIENTS, DEPLOYS, WARM, HOSTS, MANY = 16, 480, 32, 8, 25_000
POLL = 1.0
"""Seconds between two questions after a job (the clients in use wait 1 to 5 seconds)."""


class Http:
    """One kept-alive connection for each thread."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.own = threading.local()

    def post(self, path: str, data: str, content_type: str) -> Any:
        """What tests.support.client.Client needs."""
        if not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        self.own.connection.request("POST", path, data, {"Content-Type": content_type})
        answer = self.own.connection.getresponse()
        return _Answer(answer.status, answer.read())


@dataclass(frozen=True)
class _Answer:
    status_code: int
    body: bytes

    def get_json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Crowd:
    """16 clients that each deploy machine after machine, and then wait until all of them run."""

    api: Client
    zone: Zone
    networks: list[str]
    failures: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def deploy(self, count: int, label: str) -> tuple[float, float]:
        """(accepted, completed) a second."""
        jobs: list[str] = []
        gate = threading.Barrier(CLIENTS + 1)
        accepted: list[float] = []

        def client(number: int) -> None:
            mine = []
            gate.wait()
            for n in range(number, count, CLIENTS):
                began = time.monotonic()
                mine.append(self.api("deployVirtualMachine", **self.zone.deploy(
                    name=f"{label}{n}", networkids=self.networks[number % len(self.networks)]))["jobid"])
                self.seconds.append(time.monotonic() - began)
            accepted.append(time.monotonic())
            jobs.extend(mine)
            for job in reversed(mine):  # jobs end about in order: who asks for the last first asks least
                self._await(job)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        gate.wait()
        began = time.monotonic()
        for thread in threads:
            thread.join()
        ended = time.monotonic()
        assert len(jobs) == count, "a request was lost"
        return count / (max(accepted) - began), count / (ended - began)

    def _await(self, job: str) -> None:
        while True:
            found = self.api("queryAsyncJobResult", jobid=job)
            if found["jobstatus"]:
                if found["jobstatus"] != 1:
                    self.failures.append(found["jobresult"]["errortext"])
                return
            time.sleep(POLL)


def measure(folder: Path) -> str:
    """Markdown: a table with a column for each database and size of zone."""
    cases: Mapping[str, Callable[[], dict[str, str]]] = {
        "MariaDB": lambda: _case(folder / "m", "mariadb"),
        "MariaDB, one network": lambda: _case(folder / "n", "mariadb", networks=1),
        f"MariaDB, {MANY:,} hosts": lambda: _case(folder / "b", "mariadb", hosts=MANY),
        "SQLite": lambda: _case(folder / "s", "sqlite"),
    }
    found = {name: case() for name, case in cases.items()}
    rows = ["| what | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
    rows += [f"| {label} | " + " | ".join(f.get(label, "") for f in found.values()) + " |"
             for label in next(iter(found.values()))]
    return "\n".join(rows) + "\n"


def _case(
    folder: Path, kind: str, networks: int = CLIENTS, hosts: int = HOSTS, deploys: int = DEPLOYS,
) -> dict[str, str]:
    folder.mkdir()
    with nullcontext("") if kind == "sqlite" else mariadb.server(folder) as url:
        process = Process(folder / "var", environment={
            "STRATOFORM_SIMULATED": "1", **({"STRATOFORM_DATABASE": url} if url else {})})
        api = process.start()
        try:
            zone = build(api, hosts=HOSTS)
            made = [_network(api, zone, n) for n in range(networks)]
            db = Database(url or f"sqlite:///{folder / 'var' / 'stratoform.db'}")
            _add_hosts(db, hosts - HOSTS)
            crowd = Crowd(Client(Http(process.port), api.key, api.secret), zone, made)  # type: ignore[arg-type]
            crowd.deploy(WARM, "warm")
            crowd.seconds.clear()
            meter = Meter(process, url)
            accepted, completed = crowd.deploy(deploys, "m")
            costs = meter.read(deploys)
            problems = crowd.failures + faults(db, deploys + WARM)
            assert not problems, problems
            db.close()
        finally:
            process.stop()
    waits = sorted(crowd.seconds)
    return {
        "accepted": f"{accepted:.0f}/s", "completed": f"{completed:.1f}/s",
        "answer to a request, median and p95": f"{waits[len(waits) // 2] * 1000:.0f} and "
                                               f"{waits[int(len(waits) * 0.95)] * 1000:.0f} ms",
        **costs,
    }


def _network(api: Client, zone: Zone, number: int) -> str:
    offering = api.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"]
    net = f"10.{100 + number}"
    found: str = api.one("createNetwork", zoneid=zone.zone, name=f"n{number}", displaytext="-", vlan=str(1000 + number),
                         networkofferingid=offering, gateway=f"{net}.0.1", netmask="255.255.0.0",
                         startip=f"{net}.0.10", endip=f"{net}.250.250")["id"]
    return found


def _add_hosts(db: Database, count: int) -> None:
    """Copies of the first host, each with the pool it reaches: rows are all a simulated host is."""
    if count <= 0:
        return
    with db.read() as session:
        row = dict(session.execute(select(Host.__table__).order_by(Host.id).limit(1)).mappings().one())
        pool = session.scalars(select(SimObject).where(SimObject.kind == "pool", SimObject.host == row["uuid"])).one()
    del row["id"]
    fresh = [{**row, "uuid": new_uuid(), "name": f"bulk-{n}", "url": f"http://sim/bulk/h{n}",
              "address": f"sim/bulk/h{n}", "generation": 0} for n in range(count)]
    for start in range(0, count, 1000):
        part = fresh[start:start + 1000]
        db.write(lambda s, part=part: (  # type: ignore[misc]  # bound now, run now
            s.execute(insert(Host.__table__), part),
            s.execute(insert(SimObject.__table__),
                      [{"host": h["uuid"], "kind": "pool", "key": pool.key, "spec": pool.spec} for h in part])))


def faults(db: Database, expected: int) -> list[str]:
    """What went wrong: lost or doubled machines, addresses and steps, hosts promised more than they have."""
    with db.read() as session:
        running = session.scalar(select(func.count(Vm.id)).where(Vm.state == "Running")) or 0
        jobs = session.scalar(select(func.count(Job.id)).where(Job.saga == "vm_deploy", Job.state == SUCCEEDED)) or 0
        nics = Counter(session.execute(select(Nic.network_id, Nic.ip)).all())
        domains = Counter(session.scalars(select(SimObject.key).where(SimObject.kind == "domain")))
        steps = session.execute(select(JobStep.job_id).where(JobStep.state != "succeeded")).all()
        crammed = session.execute(
            select(Host.name).join(Vm, Vm.host_id == Host.id).where(Vm.state.in_(HOLDS_CAPACITY))
            .group_by(Host.id, Host.name, Host.cpus, Host.cpu_mhz, Host.memory)
            .having((func.sum(Vm.cpus * Vm.speed) > Host.cpus * Host.cpu_mhz)
                    | (func.sum(Vm.memory) * 2**20 > Host.memory))
        ).all()
    found = {
        f"{running} machines run": running != expected, f"{jobs} jobs succeeded": jobs != expected,
        "an address is held twice": max(nics.values()) > 1, f"{len(domains)} guests": len(domains) != expected,
        "a guest is on two hosts": max(domains.values()) > 1, "a step is unfinished": bool(steps),
        f"too much on {crammed}": bool(crammed),
    }
    return [what for what, wrong in found.items() if wrong]


class Meter:
    """CPU time of the service and its database, and the database's own counters, from making to reading."""

    def __init__(self, process: Process, url: str) -> None:
        assert process.process is not None
        self.service, self.url = process.process.pid, url
        self.began = self._now()

    def read(self, count: int) -> dict[str, str]:
        """What one of ``count`` deployments cost."""
        spent = {name: (value - self.began[name]) / count for name, value in self._now().items()}
        found = {"CPU of the service for each": f"{spent['service'] * 1000:.1f} ms"}
        if self.url:
            found |= {
                "CPU of the database for each": f"{spent['database'] * 1000:.1f} ms",
                "statements for each": f"{spent['Questions']:.0f}", "commits for each": f"{spent['Com_commit']:.1f}",
                "rows read for each": f"{spent['Rows']:.0f}",
            }
        return found

    def _now(self) -> dict[str, float]:
        found = {"service": _cpu(lambda stat: stat[2] == str(self.service))}
        if not self.url:
            return found
        engine = create_engine(self.url)
        with engine.connect() as connection:
            status = dict(connection.execute(text("show global status")).all())
            pid = Path(connection.scalar(text("select @@pid_file"))).read_text().strip()
        engine.dispose()
        found |= {name: float(status[name]) for name in ("Questions", "Com_commit")}
        found["Rows"] = sum(float(v) for name, v in status.items()
                            if name.startswith("Handler_read_") and v.isdecimal())
        found["database"] = _cpu(lambda stat: stat[0] == pid)
        return found


def _cpu(wanted: Callable[[list[str]], bool]) -> float:
    """Seconds of processes chosen by their status (proc(5): [pid, state, group, ...])."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if wanted([entry.name, *stat[1:]]):
                total += int(stat[11]) + int(stat[12])
    return total / 100
