"""What happened and what is set: events and settings."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Entity, Key, LongText


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


class SettingValue(Base):
    """A setting that differs from its declared default, at one scope (``owner_id`` 0: global)."""

    __tablename__ = "setting_value"

    name: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(16), primary_key=True, default="global")
    owner_id: Mapped[int] = mapped_column(Key, primary_key=True, default=0)
    value: Mapped[str | None] = mapped_column(LongText)
