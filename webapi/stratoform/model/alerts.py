"""Alerts: what an operator must know of, once, until it is over."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from sqlalchemy import ForeignKey, Index, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Entity, now


class AlertType(IntEnum):
    """What an alert is about, as the API numbers it (CloudStack administration guide, alerts)."""

    MEMORY = 0
    CPU = 1
    STORAGE = 2
    STORAGE_ALLOCATED = 3
    PUBLIC_IP = 4
    PRIVATE_IP = 5
    HOST = 6
    USERVM = 7
    DOMAIN_ROUTER = 8
    CONSOLE_PROXY = 9
    ROUTING = 10
    STORAGE_MISC = 11
    USAGE_SERVER = 12
    MANAGMENT_NODE = 13  # spelled as in the API
    DOMAIN_ROUTER_MIGRATE = 14
    CONSOLE_PROXY_MIGRATE = 15
    USERVM_MIGRATE = 16
    VLAN = 17
    SSVM = 18
    USAGE_SERVER_RESULT = 19
    STORAGE_DELETE = 20
    UPDATE_RESOURCE_COUNT = 21
    USAGE_SANITY_RESULT = 22
    DIRECT_ATTACHED_PUBLIC_IP = 23
    LOCAL_STORAGE = 24
    RESOURCE_LIMIT_EXCEEDED = 25


class Alert(Entity):
    """One alert. ``subject`` names the condition it is about; None: something that happened and is over at once.

    ``resolved`` says when the condition was over, ``mailed`` when the alert was sent to the operators.
    """

    __tablename__ = "alert"

    type: Mapped[int]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(String(1024))
    subject: Mapped[str | None] = mapped_column(String(128))
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zone.id"))
    pod_id: Mapped[int | None] = mapped_column(ForeignKey("pod.id"))
    archived: Mapped[bool] = mapped_column(default=False)
    resolved: Mapped[datetime | None]
    mailed: Mapped[datetime | None]

    __table_args__ = (Index("ix_alert_open", "resolved", "subject"), Index("ix_alert_mailed", "mailed"))


def raise_alert(  # noqa: PLR0913 - an alert has these
    session: Session, kind: AlertType, description: str, *, name: str = "", subject: str | None = None,
    zone_id: int | None = None, pod_id: int | None = None,
) -> bool:
    """Adds an alert, unless one about the same condition is open. Returns whether it did.

    Args:
        session: a writing session.
        kind: what it is about.
        description: what is wrong, in words for operators.
        name: its name; default: that of the kind.
        subject: the condition, e.g. ``host:7``; None for what merely happened.
        zone_id: the zone it is in, if it is in one.
        pod_id: the pod.
    """
    if subject is not None:
        known = select(Alert.id).where(Alert.subject == subject, Alert.type == kind, Alert.resolved.is_(None))
        if session.scalar(known.limit(1)) is not None:
            return False
    session.add(Alert(type=int(kind), name=(name or kind.name)[:255], description=description[:1024], subject=subject,
                      zone_id=zone_id, pod_id=pod_id))
    return True


def resolve_alert(session: Session, kind: AlertType, subject: str) -> None:
    """Marks the open alert about a condition as over, if there is one."""
    session.execute(update(Alert).where(
        Alert.subject == subject, Alert.type == int(kind), Alert.resolved.is_(None)).values(resolved=now()))
