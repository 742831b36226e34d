"""Carries commands out: authorises, runs in a transaction, enqueues jobs, writes events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.errors import ApiError, Fault
from stratoform.jobs.tables import FAILED, QUEUED, RUNNING, UNDOING, Job
from stratoform.model.base import Entity
from stratoform.model.records import Event
from stratoform.model.states import WrongState
from stratoform.model.tenancy import Account

from .answer import Accepted, Answer, Many, One, Plain
from .base import REGISTRY, AsyncCommand, Command
from .caller import Caller
from .context import Context, Shared
from .params import Value

T = TypeVar("T")

UNABLE: Final = frozenset({Fault.RESOURCE_LIMIT, Fault.INSUFFICIENT_CAPACITY, Fault.RESOURCE_UNAVAILABLE,
                           Fault.ALLOCATION, Fault.INTERNAL})
"""Failures that are the cloud's; refusals of what was asked wrongly are no history."""


class Dispatcher:
    """Runs one command for one caller.

    Args:
        db: the database.
        shared: services of all commands.
    """

    def __init__(self, db: Database, shared: Shared) -> None:
        self.db = db
        self.shared = shared
        self.permissions = shared.permissions

    def __call__(self, name: str, params: Mapping[str, Value], caller: Caller) -> Answer:
        """The command's answer.

        Raises:
            ApiError: every refusal.
        """
        command = REGISTRY.get(name)
        if command is None:
            raise ApiError(Fault.UNKNOWN_COMMAND, f"There is no command {name[:100]!r}; listApis lists all there are")
        if not self.permissions.allow(caller, command):
            raise ApiError(Fault.NOT_PERMITTED, f"The command {name} is not available to this account")
        self.shared.calls.count(caller)
        values = command.parse(params, caller)
        learned = command.ahead(values, caller, self.shared)
        try:
            if command.is_list:
                with self.db.read() as session:
                    return self._run(Context(session, caller, self.shared, learned), command, values)
            if not issubclass(command, AsyncCommand):
                answer = self._change(command, caller, lambda s: self._run(
                    Context(s, caller, self.shared, learned), command, values))
                self.shared.wake()
                return answer
            job, subject_uuid = self._change(
                command, caller, lambda s: self._start(s, command, values, params, caller))
        except WrongState as error:
            raise ApiError(Fault.BAD_PARAMETER, f"Unable to execute {name}: {error}") from error
        self.shared.wake()
        if command.waits:
            return self._end_of(job, command, caller)
        return Accepted(job, subject_uuid if command.creates else None)

    def _change(self, kind: type[Command], caller: Caller, work: Callable[[Session], T]) -> T:
        """Does it in one transaction; what the cloud could not do, though it was asked rightly, is an event."""
        try:
            return self.db.write(work)
        except ApiError as error:
            if kind.event and error.fault in UNABLE:
                text = f"Error: {error.message} while {kind.name}"
                self.db.write(lambda s: record(s, caller, kind.event, text, None, level="ERROR"))
            raise

    @staticmethod
    def _run(context: Context, kind: type[Command], values: Mapping[str, Any]) -> Answer:
        command = kind.resolved(context, values)
        command.check()
        outcome = command.run()
        if kind.event:
            subject = command.about(outcome)
            record(context.session, context.caller, kind.event, command.describe(subject), subject)
        return command.answer(outcome)

    def _start(
        self, session: Session, kind: type[AsyncCommand], values: Mapping[str, Any], given: Mapping[str, Value],
        caller: Caller,
    ) -> tuple[str, str | None]:
        command = kind.resolved(Context(session, caller, self.shared), values)
        assert isinstance(command, AsyncCommand)  # noqa: S101 - resolved() makes what it is called on
        command.check()
        subject = command.prepare()
        session.flush()
        order = command.order(subject)
        if order.saga == "command":
            order = replace(order, args={**order.args, "command": kind.name, "params": dict(given)})
        job = command.context.enqueue(order, kind.name, subject)
        if kind.event:
            event = record(session, caller, kind.event, command.describe(subject), subject, state="Scheduled")
            event.job_uuid = job.uuid
        return job.uuid, subject.uuid if subject is not None else None

    def _end_of(self, uuid: str, kind: type[AsyncCommand], caller: Caller) -> Answer:
        with self.db.read() as session:
            seconds = self.shared.settings.whole(session, "wait")
        self.shared.wait(uuid, seconds)
        with self.db.read() as session:
            job = session.scalars(select(Job).where(Job.uuid == uuid)).one()
        if job.state in {QUEUED, RUNNING, UNDOING}:
            raise ApiError(Fault.UNAVAILABLE, f"{kind.name} is still under way after {seconds} s as job {uuid}: "
                                              f"{job.progress or 'waiting'}; poll it with queryAsyncJobResult")
        if job.error is not None or job.state == FAILED:
            error = job.error or {}
            text = error.get("admin_text" if caller.is_root else "text", "the job failed")
            raise ApiError(Fault[error.get("fault", "INTERNAL")], text)
        result = job.result or {}
        if kind.view is None:
            return Plain({"success": True})
        body = result[kind.view.key]
        return Many(kind.view.key, [body], 1) if kind.answers_list else One(kind.view.key, body)


def record(  # noqa: PLR0913 - an event has these
    session: Session, caller: Caller, kind: str, text: str, subject: Entity | None, *, state: str = "Completed",
    level: str = "INFO",
) -> Event:
    """Writes an event. Its owner is the object's owner, or the caller where objects have none."""
    account, domain = getattr(subject, "account_id", None), getattr(subject, "domain_id", None)
    if account is not None and domain is None:  # a user
        domain = session.scalar(select(Account.domain_id).where(Account.id == account))
    event = Event(
        type=kind, level=level, state=state, description=text[:1024], user_id=caller.user_id,
        account_id=account or caller.account_id, domain_id=(domain if account else None) or caller.domain_id,
    )
    event.about(subject)
    session.add(event)
    return event
