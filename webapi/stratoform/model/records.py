"""What happened and what is set: events and settings."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Integer, String, false
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Base, Entity, Key, LongText
from .tenancy import system


class Event(Entity):
    """One line of history. Asynchronous work writes a chain Scheduled, Started, Completed under one start event."""

    __tablename__ = "event"

    type: Mapped[str] = mapped_column(String(64))
    level: Mapped[str] = mapped_column(String(8), default="INFO")
    state: Mapped[str] = mapped_column(String(16), default="Completed")
    description: Mapped[str] = mapped_column(String(1024))
    user_id: Mapped[int] = mapped_column(Integer)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"))
    start_uuid: Mapped[str | None] = mapped_column(String(40))
    job_uuid: Mapped[str | None] = mapped_column(String(40), index=True)
    subject_type: Mapped[str | None] = mapped_column(String(64))  # table of the object it speaks of
    subject_uuid: Mapped[str | None] = mapped_column(String(40), index=True)
    archived: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        Index("ix_event_owner", "account_id", "id"),
        Index("ix_event_list", "removed", "id", "account_id", "domain_id"),
    )

    def about(self, subject: Entity | None) -> None:
        """Names the object it speaks of."""
        if subject is not None:
            self.subject_type, self.subject_uuid = subject.__tablename__, subject.uuid


def note(
    session: Session, kind: str, text: str, *, level: str = "INFO", subject: Entity | None = None,
) -> Event:
    """Writes an event of the service itself, about an object or about the cloud.

    Args:
        session: a writing session.
        kind: one of EVENT_TYPES.
        text: what happened, in words.
        level: INFO, WARN or ERROR.
        subject: the object; the event is its owner's, if it has one.
    """
    me = system(session)
    account = getattr(subject, "account_id", None)
    event = Event(type=kind, level=level, description=text[:1024], user_id=me.user_id,
                  account_id=account or me.account_id, domain_id=getattr(subject, "domain_id", None) if account
                  else me.domain_id)
    event.about(subject)
    session.add(event)
    return event


class SettingValue(Base):
    """A setting that differs from its declared default, at one scope (``owner_id`` 0: global)."""

    __tablename__ = "setting_value"

    name: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(16), primary_key=True, default="global")
    owner_id: Mapped[int] = mapped_column(Key, primary_key=True, default=0)
    value: Mapped[str | None] = mapped_column(LongText)
