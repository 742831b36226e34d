"""``stratoform doctor``: looks at the machine and the installation; names what is wrong and what to do."""

from __future__ import annotations

import json
import os
import shutil
import socket
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libvirt
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from .config import Config
from .db.database import Database
from .integration import WARNING, integration_port
from .model.migrations import newest
from .model.network import TrafficType
from .model.storage import ImageStore, StoragePool
from .model.topology import Host
from .sagas.services import SIMULATOR, is_local

PROGRAMS = {"qemu-img": "qemu-utils", "virsh": "libvirt-clients", "dnsmasq": "dnsmasq-base", "ip": "iproute2",
            "ssh": "openssh-client"}
LEAST_FREE = 2 * 2**30
HOST_FACTS = Path("/etc/stratoform/host.json")


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``remedy`` empty: it is fine, or ``risky``: it works as it is set, and that is a risk."""

    what: str
    found: str
    remedy: str = ""
    risky: bool = False


def examine(config: Config) -> int:
    """Prints every finding; returns 1 when something is wrong."""
    findings = [f for check in (_programs, _libvirt, _acceleration, _database, _service) for f in check(config)]
    for finding in findings:
        print(f"{'BAD ' if finding.remedy else 'RISK' if finding.risky else 'ok  '} {finding.what}: {finding.found}")
        if finding.remedy:
            print(f"      -> {finding.remedy}")
    wrong = sum(bool(f.remedy) for f in findings)
    print(f"{len(findings)} checks, {wrong} wrong" if wrong else f"{len(findings)} checks, all is well")
    return 1 if wrong else 0


def _programs(_config: Config) -> Iterator[Finding]:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for program, package in PROGRAMS.items():
        where = shutil.which(program, path=path)
        yield Finding(f"program {program}", where or "not found", "" if where else f"install {package} (make up does)")


def _libvirt(_config: Config) -> Iterator[Finding]:
    libvirt.registerErrorHandler(lambda _ctx, _error: None, None)
    try:
        connection = libvirt.openReadOnly("qemu:///system")
        version = connection.getLibVersion()
        connection.close()
    except libvirt.libvirtError as error:
        yield Finding("libvirt", str(error), "systemctl start libvirtd; on machines without systemd: make up")
        return
    yield Finding("libvirt", f"version {version // 1000000}.{version // 1000 % 1000}.{version % 1000} answers")


def _acceleration(_config: Config) -> Iterator[Finding]:
    try:
        facts = json.loads(HOST_FACTS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield Finding("acceleration", "never probed", "run make up, or ansible-playbook playbooks/prepare_hosts.yml")
        return
    kind = facts.get("acceleration")
    if kind == "kvm":
        yield Finding("acceleration", "KVM works (a guest was started with it)")
    else:
        why = facts.get("reason") or "KVM was found not to work"
        yield Finding("acceleration", f"emulation, slow but working: {why}")


def _database(config: Config) -> Iterator[Finding]:
    label = "database"
    if config.database.startswith("sqlite:///") and not Path(config.database.removeprefix("sqlite:///")).exists():
        yield Finding(label, "there is none yet", "run make up")
        return
    db = Database(config.database, pool_size=1)
    try:
        with db.engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            connection.execute(text("select 1"))
        yield Finding(label, f"{db.engine.dialect.name} answers, schema {revision}",
                      "" if revision == newest() else f"the newest schema is {newest()}: run stratoform migrate")
        yield from _bridges(db)
        yield from _storage(db)
        if port := integration_port(config, db):
            yield Finding("integration port", f"on at 127.0.0.1:{port}: {WARNING}", risky=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, the operator must read it here
        yield Finding(label, str(error).splitlines()[0], f"check that {db.engine.url!r} can be reached")
    finally:
        db.close()


def _bridges(db: Database) -> Iterator[Finding]:
    with db.read() as session:
        hosts = session.scalars(select(Host).where(Host.removed.is_(None), Host.hypervisor != SIMULATOR)).all()
        labels = session.scalars(select(TrafficType.kvm_label).where(
            TrafficType.removed.is_(None), TrafficType.kvm_label.is_not(None)).distinct()).all()
    for host in hosts:
        remedy = "" if host.state == "Up" else f"look at libvirtd on {host.address}"
        yield Finding(f"host {host.name}", f"{host.state} at {host.address}", remedy)
    if any(is_local(host.address) for host in hosts):
        for label in labels:
            there = Path(f"/sys/class/net/{label}/bridge").exists()
            yield Finding(f"bridge {label}", "up" if there else "missing",
                          "" if there else "run ansible-playbook playbooks/prepare_hosts.yml")


def _storage(db: Database) -> Iterator[Finding]:
    with db.read() as session:
        places = [(f"primary storage {p.name}", p.path) for p in session.scalars(select(StoragePool).where(
            StoragePool.removed.is_(None), StoragePool.hypervisor != SIMULATOR,
            StoragePool.type.in_(("Filesystem", "SharedMountPoint"))))]
        places += [(f"secondary storage {s.name}", s.url.removeprefix("file://")) for s in session.scalars(
            select(ImageStore).where(ImageStore.removed.is_(None), ImageStore.url.startswith("file://")))]
    for label, path in places:
        try:
            free = shutil.disk_usage(path).free
        except OSError as error:
            yield Finding(label, f"{path}: {error.strerror}", "create the directory or mount what belongs there")
            continue
        yield Finding(label, f"{path}, {free / 2**30:.1f} GB free",
                      "" if free > LEAST_FREE else "free some space: guests stop when their disks cannot grow")


def _service(config: Config) -> Iterator[Finding]:
    try:
        with urllib.request.urlopen(f"http://{config.bind}/client/health", timeout=5) as answer:
            version = json.load(answer)["version"]
    except (OSError, ValueError, KeyError) as error:
        host, _, port = config.bind.rpartition(":")
        with socket.socket() as probe:
            taken = probe.connect_ex((host, int(port))) == 0
        remedy = f"another program uses port {port}: set STRATOFORM_BIND" if taken else "run stratoform start"
        yield Finding("service", f"{config.endpoint} does not answer ({error})", remedy)
        return
    yield Finding("service", f"version {version} answers at {config.endpoint}")
    mode = config.client_config.stat().st_mode & 0o777 if config.client_config.exists() else None
    yield Finding("credentials", f"{config.client_config} {'missing' if mode is None else f'mode {mode:04o}'}",
                  "" if mode == 0o600 else "run stratoform credentials")  # noqa: PLR2004 - a file mode
