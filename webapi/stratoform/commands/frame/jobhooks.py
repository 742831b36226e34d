"""What happens at the turns of a job: its events, its answer, its error in words."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.tables import Job
from stratoform.model.base import entity_of
from stratoform.model.records import Event
from stratoform.model.states import WrongState
from stratoform.nodes.port import NodeError
from stratoform.sagas.registry import SAGAS

from .base import REGISTRY
from .directory import caller_of

log = logging.getLogger(__name__)


class JobHooks:
    """The product's side of the engine (jobs/runner.Hooks)."""

    def started(self, session: Session, job: Job) -> None:
        """Writes the event Started."""
        _follow(session, job, "Started", "INFO", "Starting")

    def succeeded(self, session: Session, job: Job) -> dict[str, Any] | None:
        """Writes the event Completed and returns the object as the asker may see it."""
        _follow(session, job, "Completed", "INFO", "Successfully completed")
        kind = REGISTRY.get(job.reason)
        if kind is None or kind.view is None or kind.view.entity is None or job.subject_type is None:
            return {"success": True}
        session.flush()
        entity = entity_of(job.subject_type)
        row_id = session.scalar(select(entity.id).where(entity.uuid == job.subject_uuid)) or 0
        return {kind.view.key: _plain(kind.view.one(session, caller_of(session, job.user_id), row_id))}

    def failed(self, session: Session, job: Job) -> None:
        """Writes the event Completed at level ERROR, with the cause."""
        error = job.error or {}
        _follow(session, job, "Completed", "ERROR", f"Error: {error.get('text', '')} while")
        saga = SAGAS.get(job.saga)
        if saga is not None and saga.failed is not None:
            saga.failed(session, job.args, str(error.get("text", "")))

    def describe(self, error: Exception) -> dict[str, Any]:
        """The error as data: fault, text for everybody, text for root administrators, ids."""
        if isinstance(error, ApiError):
            return {"fault": error.fault.name, "text": error.message, "admin_text": error.admin_message,
                    "ids": [list(pair) for pair in error.ids]}
        if isinstance(error, NodeError):
            host, cause = error.target, error.cause
            full = f"{host.address}: {cause}"
            if not host.local:  # this machine's own address tells nobody anything, and stands in users' own URLs
                cause = cause.replace(host.address, "the host")
            return {"fault": Fault.INTERNAL.name, "text": cause, "admin_text": full}
        if isinstance(error, WrongState):
            return {"fault": Fault.RESOURCE_UNAVAILABLE.name, "text": str(error), "admin_text": str(error)}
        log.error("a step failed in a way nobody foresaw", exc_info=error)
        text = "An internal error occurred; the service's log has the details"
        return {"fault": Fault.INTERNAL.name, "text": text, "admin_text": f"{text} ({type(error).__name__})"}


def _follow(session: Session, job: Job, state: str, level: str, verb: str) -> None:
    """Adds the next event of the chain that began when the job was ordered."""
    first = session.scalar(select(Event).where(Event.job_uuid == job.uuid, Event.state == "Scheduled").limit(1))
    if first is None:
        return
    session.add(Event(
        type=first.type, level=level, state=state, description=f"{verb} {first.description}"[:1024],
        user_id=first.user_id, account_id=first.account_id, domain_id=first.domain_id, start_uuid=first.uuid,
        job_uuid=job.uuid, subject_type=first.subject_type, subject_uuid=first.subject_uuid,
    ))


def _plain(value: Any) -> Any:
    """The value with times as text, as a job's row can hold it; the wire gives them their form again."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%dT%H:%M:%S%z")
    return value
