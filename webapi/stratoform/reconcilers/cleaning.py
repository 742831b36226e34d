"""Cleaning: what is destroyed is expunged in time, unused template copies deleted, old jobs forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.jobs.tables import FAILED, SUCCEEDED, Job, JobStep
from stratoform.model.base import now
from stratoform.model.compute import Vm
from stratoform.model.settings import Settings
from stratoform.model.storage import Template, TemplateCopy, Volume
from stratoform.sagas import template_remove, vm_destroy, volume_remove

from .orders import order_once

BATCH = 100


class Cleaning:
    """The reconcilers of this file; each method is one's work."""

    def __init__(self, db: Database, settings: Settings, wake: Callable[[], None], logs: Path) -> None:
        self.db = db
        self.settings = settings
        self.wake = wake
        self.logs = logs
        self._expunged = 0.0

    def expunge(self) -> str:
        """Orders the expunging of machines destroyed longer ago than expunge.delay, every expunge.interval."""
        with self.db.read() as session:
            interval = self.settings.whole(session, "expunge.interval")
        if self._expunged and time.monotonic() - self._expunged < interval:
            return ""
        self._expunged = time.monotonic()

        def work(session: Session) -> int:
            limit = now() - timedelta(seconds=self.settings.whole(session, "expunge.delay"))
            due = session.scalars(
                select(Vm).where(Vm.state == "Destroyed", Vm.removed.is_(None), Vm.destroyed <= limit).limit(BATCH))
            return sum(order_once(session, vm_destroy.expunge_order(vm), vm, "expunge.delay") for vm in due)

        ordered = self.db.write(work)
        self.wake()
        return f"{ordered} machines to expunge" if ordered else ""

    def template_copies(self) -> str:
        """Orders the deletion of deleted templates' copies that no disk uses any more."""
        def work(session: Session) -> int:
            stale = session.scalars(
                select(Template).join(TemplateCopy, TemplateCopy.template_id == Template.id)
                .where(Template.removed.is_not(None), ~template_remove.in_use()).distinct().limit(BATCH)
            )
            return sum(order_once(session, template_remove.copies_order(t), t, "unused copies") for t in stale)

        ordered = self.db.write(work)
        self.wake()
        return f"copies of {ordered} deleted templates to remove" if ordered else ""

    def volumes(self) -> str:
        """Orders the deletion of disks whose data could not be deleted when that was asked for."""
        def work(session: Session) -> int:
            due = session.scalars(select(Volume).where(
                Volume.state == "Destroy", Volume.vm_id.is_(None), Volume.removed.is_(None)).limit(BATCH))
            return sum(order_once(session, volume_remove.order(volume), volume, "cleaning") for volume in due)

        ordered = self.db.write(work)
        self.wake()
        return f"{ordered} disks to delete" if ordered else ""

    def old_jobs(self) -> str:
        """Forgets jobs that ended longer ago than setting job.expire.minutes, and their logs."""
        def work(session: Session) -> list[str]:
            limit = now() - timedelta(minutes=self.settings.whole(session, "job.expire.minutes"))
            ended = select(Job.id, Job.uuid).where(Job.state.in_((SUCCEEDED, FAILED)), Job.ended < limit)
            old = {row.id: row.uuid for row in session.execute(ended.limit(1000))}
            session.execute(delete(JobStep).where(JobStep.job_id.in_(old)))
            session.execute(delete(Job).where(Job.id.in_(old)))
            return list(old.values())

        forgotten = self.db.write(work)
        for uuid in forgotten:
            (self.logs / f"{uuid}.log").unlink(missing_ok=True)
        return f"{len(forgotten)} old jobs forgotten" if forgotten else ""
