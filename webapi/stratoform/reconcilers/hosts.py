"""Host and power state: what the watchers see becomes what the database says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.jobs.queue import unfinished
from stratoform.model.base import now
from stratoform.model.compute import VM_STATES, Vm
from stratoform.model.network import Router
from stratoform.model.records import note
from stratoform.model.topology import HOST_STATES, Host
from stratoform.nodes.port import Target
from stratoform.nodes.simulator import SimObject, SimulatorNodes
from stratoform.sagas.services import SIMULATOR, target_of
from stratoform.secrets import Vault

WATCHED = ("Up", "Connecting", "Disconnected", "Alert")


class Watcher(Protocol):
    """Who keeps connections to hosts (nodes/libvirt_watch)."""

    def watch(self, targets: Mapping[str, Target]) -> None:
        """Watches exactly these hosts."""

    def running(self, name: str) -> dict[str, str] | None:
        """What runs on a host; None while it is not connected."""


class HostWatch:
    """Listens to the watchers, and sweeps over all hosts now and then for what was missed.

    A machine some job is working on is left alone: that job knows better what is happening to it.
    """

    def __init__(self, db: Database, vault: Vault, simulator: SimulatorNodes) -> None:
        self.db = db
        self.vault = vault
        self.simulator = simulator
        self.watcher: Watcher | None = None

    def host_up(self, name: str, running: Mapping[str, str]) -> None:
        """A host's connection stands."""
        self.db.write(lambda s: self._connected(s, name))
        self.db.write(lambda s: self._align(s, name, running))

    def host_down(self, name: str, reason: str) -> None:
        """A host's connection is gone: it is shown so; its machines keep their state, for they may still run."""
        def work(session: Session) -> None:
            host = _host(session, name)
            if host is not None and host.state in {"Up", "Connecting"}:
                HOST_STATES.move(session, host, "disconnect", disconnected=now())
                _event(session, host, "HOST.DISCONNECT", f"Host {host.name} is not connected: {reason}", "WARN")

        self.db.write(work)

    def guest_stopped(self, name: str, domain: str) -> None:
        """A guest ended on a host."""
        self.db.write(lambda s: self._stopped(s, name, domain))

    def guest_started(self, name: str, domain: str) -> None:
        """A guest began to run on a host."""
        self.db.write(lambda s: self._started(s, name, domain))

    def sweep(self) -> str:
        """Watches the hosts there are, and compares what runs on each with what should. The reconciler's work."""
        with self.db.read() as session:
            hosts = session.scalars(select(Host).where(
                Host.removed.is_(None), Host.state.in_(WATCHED), Host.hypervisor != SIMULATOR)).all()
        real = {h.uuid: target_of(h, self.vault) for h in hosts}
        changes = 0
        if self.watcher is not None:
            self.watcher.watch(real)
            for name in real:
                running = self.watcher.running(name)
                if running is not None:
                    self.db.write(lambda s, n=name: self._connected(s, n))  # type: ignore[misc]  # bound now
                    changes += self.db.write(lambda s, n=name, r=running: self._align(s, n, r))  # type: ignore[misc]
        return _corrected(changes)

    def sweep_simulated(self) -> str:
        """Looks for machines that vanished from simulated hosts: one query, however many there are."""
        there = and_(SimObject.host == Host.uuid, SimObject.kind == "domain", SimObject.key == Vm.instance_name)
        with self.db.read() as session:
            wrong = session.scalars(
                select(Host.uuid).join(Vm, Vm.host_id == Host.id).outerjoin(SimObject, there)
                .where(Vm.state == "Running", Host.hypervisor == SIMULATOR, Host.removed.is_(None),
                       Host.state.in_(WATCHED), SimObject.host.is_(None)).distinct()
            ).all()
        found = {name: self.simulator.running(name) for name in wrong}
        return _corrected(sum(
            self.db.write(lambda s, n=n: self._align(s, n, found[n])) for n in sorted(found)))  # type: ignore[misc]

    def _connected(self, session: Session, name: str) -> None:
        host = _host(session, name)
        if host is not None and host.state in {"Connecting", "Disconnected", "Alert"}:
            HOST_STATES.move(session, host, "connect", last_pinged=now(), disconnected=None)
            # It may have been rebooted: what routers it had is gone then, and a router that lives takes no harm.
            session.execute(update(Router).where(Router.host_id == host.id).values(applied=-1))
            _event(session, host, "HOST.RECONNECT", f"Host {host.name} is connected", "INFO")

    def _align(self, session: Session, name: str, running: Mapping[str, str]) -> int:
        """Makes the machines of one host agree with what runs there; returns how many did not."""
        host = _host(session, name)
        if host is None:
            return 0
        wrong = 0
        for vm in session.scalars(select(Vm).where(Vm.host_id == host.id, Vm.state == "Running")):
            if running.get(vm.instance_name or "") != vm.uuid:
                wrong += self._stopped(session, name, vm.instance_name or "")
        for vm in session.scalars(select(Vm).where(Vm.instance_name.in_(list(running)), Vm.state == "Stopped")):
            if running[vm.instance_name or ""] == vm.uuid:
                wrong += self._started(session, name, vm.instance_name or "")
        return wrong

    def _stopped(self, session: Session, name: str, domain: str) -> int:
        host, vm = _host(session, name), _vm(session, domain)
        if host is None or vm is None or vm.host_id != host.id or vm.state != "Running":
            return 0
        if unfinished(session, [f"vm:{vm.id}"]):
            return 0
        VM_STATES.move(session, vm, "halt", host_id=None, last_host_id=host.id, power_seen=now())
        _event(session, vm, "VM.STOP", f"Virtual machine {vm.name} stopped outside of this service", "WARN")
        return 1

    def _started(self, session: Session, name: str, domain: str) -> int:
        host, vm = _host(session, name), _vm(session, domain)
        if host is None or vm is None or vm.state != "Stopped" or unfinished(session, [f"vm:{vm.id}"]):
            return 0
        VM_STATES.move(session, vm, "run", host_id=host.id, last_host_id=host.id, power_seen=now())
        _event(session, vm, "VM.START", f"Virtual machine {vm.name} was started outside of this service", "WARN")
        return 1


def _corrected(changes: int) -> str:
    return f"{changes} machines were not in the state recorded" if changes else ""


def _host(session: Session, uuid: str) -> Host | None:
    return session.scalar(select(Host).where(Host.uuid == uuid, Host.removed.is_(None)))


def _vm(session: Session, instance_name: str) -> Vm | None:
    return session.scalar(select(Vm).where(Vm.instance_name == instance_name, Vm.removed.is_(None)))


def _event(session: Session, row: Host | Vm, kind: str, text: str, level: str) -> None:
    note(session, kind, text, level=level, subject=row)
