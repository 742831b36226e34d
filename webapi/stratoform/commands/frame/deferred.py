"""The saga of one step that runs a command's ``run()`` in a job: asynchronous commands without work on hosts."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from stratoform.jobs.saga import Context as JobContext
from stratoform.jobs.saga import Saga, db
from stratoform.jobs.tables import Job
from stratoform.model.base import entity_of

from .base import REGISTRY, AsyncCommand
from .context import Context, Shared
from .directory import caller_of


def deferred(shared: Shared) -> Saga[Any]:
    """The saga "command", bound to the commands' services."""

    def do(ctx: JobContext[Any], session: Session) -> None:
        kind = REGISTRY[ctx.args["command"]]
        assert issubclass(kind, AsyncCommand)  # noqa: S101 - only those order this saga
        job = session.get_one(Job, ctx.job_id)
        caller = caller_of(session, job.user_id)
        command = kind.resolved(Context(session, caller, shared), kind.parse(ctx.args["params"], caller))
        assert isinstance(command, AsyncCommand)  # noqa: S101 - see above
        if job.subject_type is not None and ctx.args["subject"] is not None:
            command.subject = session.get_one(entity_of(job.subject_type), ctx.args["subject"])
        command.run()

    return Saga("command", [db("run", "Carrying the command out", do)])
