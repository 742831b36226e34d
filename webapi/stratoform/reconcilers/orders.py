"""How reconcilers order jobs: on behalf of the service itself."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from stratoform.jobs.queue import Order, enqueue, unfinished
from stratoform.model.base import Entity
from stratoform.model.tenancy import system


def order_once(session: Session, order: Order, subject: Entity, reason: str) -> int:
    """Enqueues the job unless an unfinished one holds one of its locks; returns how many were enqueued (0 or 1)."""
    if unfinished(session, [lock.name for lock in order.locks]):
        return 0
    me = system(session)
    enqueue(session, replace(
        order, user_id=me.user_id, account_id=me.account_id, reason=reason,
        subject_type=subject.__tablename__, subject_uuid=subject.uuid,
    ))
    return 1
