"""Jobs: what became of asynchronous commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, func, select

from stratoform.errors import ApiError, Fault
from stratoform.jobs.tables import FAILED, RUNNING, STUCK, SUCCEEDED, UNDOING, Job
from stratoform.model.compute import Vm
from stratoform.model.tenancy import Account, Domain, User

from .frame.answer import Answer, Body, Many, Plain
from .frame.base import EVERYONE, Command
from .frame.caller import Caller, RoleType
from .frame.kinds import kind_word
from .frame.owned import OwnedList
from .frame.params import Text, When, refuse, shown
from .frame.scope import subtree
from .frame.view import JOB_STATUS
from .views.records import ASYNC_JOB

_SHOWN: Final = (Job, Account.uuid, User.uuid)


class JobId(Text):
    """The uuid of a job. Jobs are the engine's, so no reference resolves to one."""

    wire_type = "uuid"


class MomentParam(When):
    """A date or time with its offset."""

    wire_type = "tzdate"


def visible_jobs(caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions a job must meet for the caller to see it.

    A domain administrator sees no job of a root administrator: its result holds what only those may see.
    """
    if caller.is_root:
        return []
    if caller.role is not RoleType.DOMAIN_ADMIN:
        return [Job.account_id == caller.account_id]
    return [(Account.id == caller.account_id) | (subtree(caller.domain_path) & (Account.type != RoleType.ADMIN))]


def query(*columns: Any) -> Select[Any]:
    """These columns of jobs and of the people who asked for them, if people did."""
    return (
        select(*columns).select_from(Job).outerjoin(Account, Account.id == Job.account_id)
        .outerjoin(Domain, Domain.id == Account.domain_id).outerjoin(User, User.id == Job.user_id)
    )


def body(row: Row[*tuple[Any, ...]], caller: Caller) -> Body:
    """A job as the API shows it."""
    job, account, user = row
    # One that ended in failure stays failed, also while its undo is tried once more: clients stopped asking.
    failed = job.error is not None and job.ended is not None
    status = JOB_STATUS[FAILED] if failed else JOB_STATUS.get(job.state, 0)
    result: Any = None
    if failed:
        result = _refusal(job.error, caller)
    elif status:
        result = job.result
    return {
        "accountid": account, "userid": user, "cmd": job.reason, "jobstatus": status, "jobprocstatus": 0,
        "jobresultcode": result.fault if failed else 0, "jobresulttype": "object" if status else None,
        "jobresult": result, "jobinstancetype": kind_word(job.subject_type), "jobinstanceid": job.subject_uuid,
        "created": job.created, "jobid": job.uuid, "jobprogress": _progress(job),
    }


def _refusal(error: Mapping[str, Any], caller: Caller) -> ApiError:
    """Why the job failed, in the words this caller may read."""
    text = error.get("admin_text") if caller.is_root else None
    ids = [(table, uuid) for table, uuid in error.get("ids", ())]
    return ApiError(Fault[error.get("fault", Fault.INTERNAL.name)], text or error.get("text", "the job failed"), ids)


def _progress(job: Job) -> str | None:
    if job.progress:
        return job.progress
    return {RUNNING: "Starting", UNDOING: "Taking back what was done", STUCK: "Waiting to take back what was done",
            "queued": "Waiting for other work on the same objects"}.get(job.state)


class QueryAsyncJobResult(Command, roles=EVERYONE, view=ASYNC_JOB):
    """Tells how a job stands: its progress, and at its end the command's answer or the error."""

    is_list = True  # it only reads, and is polled
    flat = True

    jobid = JobId("The job's id.").required

    def run(self) -> Answer:
        """See Command.run."""
        row = self.session.execute(query(*_SHOWN).where(Job.uuid == self.jobid, *visible_jobs(self.caller))).first()
        if row is None:
            raise refuse("jobid", f"no job with id {shown(self.jobid)} exists, or it is not yours to see")
        found = dict(body(row, self.caller))
        if self._gave_password(row[0]):
            found["jobresult"] = self._with_password(row[0])
        return Plain(found)

    def _gave_password(self, job: Job) -> bool:
        mine = job.account_id == self.caller.account_id
        return mine and job.state == SUCCEEDED and job.reason == "deployVirtualMachine"

    def _with_password(self, job: Job) -> Any:
        """The result with the machine's first password: kept encrypted with the machine, never in the job."""
        sealed = self.session.scalar(select(Vm.password).where(Vm.uuid == job.subject_uuid, Vm.removed.is_(None)))
        result = dict(job.result or {})
        if sealed and "virtualmachine" in result:
            password = self.context.shared.vault.open(sealed)
            result["virtualmachine"] = {**result["virtualmachine"], "password": password}
        return result


class ListAsyncJobs(OwnedList, roles=EVERYONE, view=ASYNC_JOB):
    """Lists jobs, newest first."""

    startdate = MomentParam("Only jobs asked for from this date or time on.")

    def run(self) -> Answer:
        """See Command.run."""
        size, offset = self.window()
        conditions = self.conditions()
        page = query(*_SHOWN).where(*conditions).order_by(Job.id.desc()).limit(size).offset(offset)
        items = [body(row, self.caller) for row in self.session.execute(page)]
        if offset == 0 and len(items) < size:
            return Many(ASYNC_JOB.key, items, len(items))
        count = self.session.scalar(query(func.count(Job.id)).where(*conditions))
        return Many(ASYNC_JOB.key, items, count or 0)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = visible_jobs(self.caller) + self._asked_by()
        if self.startdate is not None:
            wanted.append(Job.created >= self.startdate)
        if self.keyword is not None:
            wanted.append(Job.reason.icontains(self.keyword, autoescape=True))
        return wanted

    def _asked_by(self) -> list[ColumnElement[bool]]:
        return self.owned_conditions(Job)
