"""Alerts: conditions that operators must know of become alerts, once; alerts are over when their condition is.

Each method compares what is wrong now with the alerts that are open, so it may run at any time and any number of times.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.jobs.queue import process_gone
from stratoform.jobs.tables import STUCK, Job, Worker
from stratoform.model.alerts import Alert, AlertType, raise_alert, resolve_alert
from stratoform.model.base import now
from stratoform.model.capacity import number
from stratoform.model.figures import Capacity, Figures, Place, capacity_figures
from stratoform.model.mail import Letter, post
from stratoform.model.settings import Settings
from stratoform.model.tenancy import system
from stratoform.model.topology import Cluster, Host, Pod, Zone
from stratoform.secrets import Vault

MOST: Final = 100
"""Alerts told in one message; a larger number of them is told with these."""

THRESHOLDS: Final[dict[Place, dict[Capacity, tuple[AlertType, str, str]]]] = {
    Cluster: {
        Capacity.MEMORY: (AlertType.MEMORY, "cluster.memory.allocated.capacity.notificationthreshold", "memory"),
        Capacity.CPU: (AlertType.CPU, "cluster.cpu.allocated.capacity.notificationthreshold", "CPU"),
        Capacity.STORAGE: (AlertType.STORAGE, "cluster.storage.capacity.notificationthreshold", "storage"),
        Capacity.STORAGE_ALLOCATED: (
            AlertType.STORAGE_ALLOCATED, "cluster.storage.allocated.capacity.notificationthreshold",
            "unallocated storage"),
        Capacity.LOCAL_STORAGE: (
            AlertType.LOCAL_STORAGE, "cluster.localStorage.capacity.notificationthreshold", "local storage"),
    },
    Pod: {
        Capacity.PRIVATE_IP: (
            AlertType.PRIVATE_IP, "pod.privateip.capacity.notificationthreshold", "private addresses"),
    },
    Zone: {
        Capacity.PUBLIC_IP: (
            AlertType.PUBLIC_IP, "zone.virtualnetwork.publicip.capacity.notificationthreshold", "public addresses"),
        Capacity.DIRECT_IP: (
            AlertType.DIRECT_ATTACHED_PUBLIC_IP, "zone.directnetwork.publicip.capacity.notificationthreshold",
            "addresses of shared networks"),
        Capacity.SECONDARY_STORAGE: (
            AlertType.STORAGE, "zone.secstorage.capacity.notificationthreshold", "secondary storage"),
        Capacity.VLAN: (AlertType.VLAN, "zone.vlan.capacity.notificationthreshold", "VLANs"),
    },
}
"""Kind of place to kind of capacity to (type of the alert, setting of the threshold, noun)."""


@dataclass(frozen=True)
class Condition:
    """Something that is wrong now. ``subject`` is its name, the same as long as it lasts."""

    kind: AlertType
    subject: str
    name: str
    text: str
    zone_id: int | None = None
    pod_id: int | None = None


class Alerts:
    """The reconcilers of alerts."""

    def __init__(self, db: Database, settings: Settings, vault: Vault) -> None:
        self.db = db
        self.settings = settings
        self.vault = vault
        self._checked = 0.0

    def faults(self) -> str:
        """Hosts that are away, work that is stuck, and a service that ended without being stopped."""
        with self.db.read() as session:
            wrong = [*self._hosts(session), *self._jobs(session), *self._services(session)]
        return self._compare(wrong, ("host:", "job:", "service:"))

    def shortages(self) -> str:
        """Capacities above their thresholds, every capacity.check.period."""
        with self.db.read() as session:
            period = self.settings.whole(session, "capacity.check.period") / 1000
        if self._checked and time.monotonic() - self._checked < period:
            return ""
        self._checked = time.monotonic()
        with self.db.read() as session:
            wrong = [found for place in THRESHOLDS for found in self._short(session, place)]
        return self._compare(wrong, ("cluster:", "pod:", "zone:"))

    def tell(self) -> str:
        """Puts the alerts nobody was told of into one message to alert.email.addresses."""
        untold = select(Alert).where(Alert.mailed.is_(None)).order_by(Alert.id)
        with self.db.read() as session:
            if session.scalar(untold.limit(1)) is None:
                return ""
            addresses = self.settings.text(session, "alert.email.addresses")
        recipients = [one.strip() for one in addresses.split(",") if one.strip()]

        def work(session: Session) -> int:
            alerts = list(session.scalars(untold))
            if alerts and recipients:
                me = system(session)
                post(session, self.vault, Letter("alert", recipients, *_message(alerts), "ALERT.GENERATE",
                                                 me.account_id))
            session.execute(update(Alert).where(Alert.id.in_([a.id for a in alerts])).values(mailed=now()))
            return len(alerts)

        told = self.db.write(work)
        return f"{told} alerts told to {len(recipients)} addresses" if recipients else ""

    def _compare(self, wrong: list[Condition], prefixes: tuple[str, ...]) -> str:
        """Raises what is new and resolves what is over, among alerts whose subjects begin so."""
        with self.db.read() as session:
            known = {(AlertType(kind), subject or "") for kind, subject in session.execute(
                select(Alert.type, Alert.subject).where(Alert.resolved.is_(None), Alert.subject.is_not(None)))
                if (subject or "").startswith(prefixes)}
        new = [one for one in wrong if (one.kind, one.subject) not in known]
        over = known - {(one.kind, one.subject) for one in wrong}
        if not new and not over:
            return ""

        def work(session: Session) -> None:
            for one in new:
                raise_alert(session, one.kind, one.text, name=one.name, subject=one.subject, zone_id=one.zone_id,
                            pod_id=one.pod_id)
            for kind, subject in over:
                resolve_alert(session, kind, subject)

        self.db.write(work)
        return f"{len(new)} alerts raised, {len(over)} over"

    def _hosts(self, session: Session) -> Iterator[Condition]:
        limit = now() - timedelta(seconds=self.settings.whole(session, "alert.wait"))
        away = select(Host).where(Host.removed.is_(None), Host.state.in_(("Disconnected", "Alert")),
                                  Host.disconnected <= limit)
        for host in session.scalars(away):
            yield Condition(
                AlertType.HOST, f"host:{host.id}", f"Host {host.name} is not connected",
                f"Host {host.name} ({host.address}) is {host.state} since {host.disconnected:%Y-%m-%d %H:%M:%S} UTC; "
                "its machines may still run", host.zone_id, host.pod_id)

    @staticmethod
    def _jobs(session: Session) -> Iterator[Condition]:
        for job in session.scalars(select(Job).where(Job.state == STUCK)):
            yield Condition(AlertType.MANAGMENT_NODE, f"job:{job.id}", f"Job {job.uuid} is stuck",
                            f"Job {job.uuid} ({job.reason}) is stuck: {job.progress}")

    @staticmethod
    def _services(session: Session) -> Iterator[Condition]:
        """A service that was stopped took its worker's row along (app.Cloud.stop)."""
        for worker in session.scalars(select(Worker)):
            if process_gone(worker.name):
                yield Condition(
                    AlertType.MANAGMENT_NODE, f"service:{worker.name}"[:128], "The service ended without being stopped",
                    f"Process {worker.name} of the service ended without being stopped, last seen "
                    f"{worker.seen:%Y-%m-%d %H:%M:%S} UTC; another has taken over its jobs")

    def _short(self, session: Session, place: Place) -> Iterator[Condition]:
        kinds = THRESHOLDS[place]
        scoped = {"cluster": Cluster.id} if place is Cluster else {}
        limits = [number(setting, **scoped) for _, setting, _ in kinds.values()]
        zone: Any = getattr(place, "zone_id", Zone.id)
        rows = session.execute(select(place.id, place.name, zone, *limits).where(place.removed.is_(None))).all()
        if not rows:
            return
        figures = capacity_figures(session, place, [row[0] for row in rows])
        for id_, name, zone_id, *values in rows:
            for (capacity, (kind, _, noun)), limit in zip(kinds.items(), values, strict=True):
                part = _part(figures.get(capacity, {}), id_)
                if part > float(limit):
                    what = f"{place.__name__.lower()} {name}"
                    yield Condition(
                        kind, f"{place.__name__.lower()}:{id_}:{capacity.name}", f"Low on {noun} in {what}",
                        f"{noun[0].upper()}{noun[1:]} in {what}: {100 * part:.1f} % is used, more than the "
                        f"{100 * float(limit):.0f} % of its threshold", zone_id, id_ if place is Pod else None)


def _part(figures: Figures, place: int) -> float:
    used, total = figures.get(place, (0, 0))
    return used / total if total else 0.0


def _message(alerts: list[Any]) -> tuple[str, str]:
    """Subject and text of the message that tells of alerts."""
    first = alerts[0]
    subject = first.name if len(alerts) == 1 else f"{len(alerts)} alerts, first: {first.name}"
    lines = [f"{alert.created:%Y-%m-%d %H:%M:%S} UTC  {alert.name}\n    {alert.description}" for alert in alerts[:MOST]]
    if len(alerts) > MOST:
        lines.append(f"... and {len(alerts) - MOST} more; listAlerts shows all")
    return f"[alert] {subject}"[:255], "\n\n".join(lines) + "\n"
