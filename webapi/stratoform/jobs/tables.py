"""The engine's own tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from stratoform.db.types import NAMING, Key, Moment, new_uuid, now

QUEUED, RUNNING, UNDOING, STUCK, SUCCEEDED, FAILED = "queued", "running", "undoing", "stuck", "succeeded", "failed"

LIVE = (RUNNING, UNDOING, STUCK)
"""States in which a job holds its locks and belongs to a worker (stuck: until its undo is tried again)."""


class Base(DeclarativeBase):
    """The engine's tables live beside the product's, in metadata of their own."""

    type_annotation_map = {  # noqa: RUF012 - declared once, read by SQLAlchemy
        datetime: Moment(),
        dict[str, Any]: JSON(),
        str: String(255),
    }


Base.metadata.naming_convention = NAMING


class Job(Base):
    """One saga to be run to its end, whatever happens to the process that runs it."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(40), default=new_uuid, unique=True)
    saga: Mapped[str] = mapped_column(String(64))
    args: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(16), default=QUEUED, index=True)
    worker: Mapped[str | None] = mapped_column(String(128))
    created: Mapped[datetime] = mapped_column(default=now)
    ended: Mapped[datetime | None]
    not_before: Mapped[datetime | None]  # a stuck job rests until then
    progress: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    # Who asked, why, and about what: filled by the caller, read by the caller.
    user_id: Mapped[int] = mapped_column(default=0)
    account_id: Mapped[int] = mapped_column(default=0, index=True)
    reason: Mapped[str] = mapped_column(default="")
    subject_type: Mapped[str | None] = mapped_column(String(64))
    subject_uuid: Mapped[str | None] = mapped_column(String(40), index=True)


class JobLock(Base):
    """A resource a job declared. The row lives exactly as long as the job is unfinished."""

    __tablename__ = "job_lock"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    exclusive: Mapped[bool]

    __table_args__ = (Index("ix_job_lock_name", "name", "exclusive", "job_id"),)


class JobStep(Base):
    """The journal: what was begun, what came of it, what was taken back."""

    __tablename__ = "job_step"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))  # started, succeeded, undone
    output: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    began: Mapped[datetime] = mapped_column(default=now)
    ended: Mapped[datetime | None]


class Worker(Base):
    """A process that runs jobs; ``seen`` is its lease."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    seen: Mapped[datetime]


class ClaimGuard(Base):
    """One row that every claim locks first: claims happen one after the other, in every process."""

    __tablename__ = "job_claim_guard"

    id: Mapped[int] = mapped_column(primary_key=True)
    turn: Mapped[int] = mapped_column(default=0)
