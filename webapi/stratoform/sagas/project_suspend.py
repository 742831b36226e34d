"""Suspend a project: a job for each of its machines (clearing.stops), and one that ends when they have."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Order
from stratoform.jobs.saga import Output, Saga, db
from stratoform.model.compute import Vm
from stratoform.model.projects import Project

from .clearing import account_lock
from .services import Ctx, Services


def _verify(ctx: Ctx, session: Session) -> Output:
    """The project is suspended whatever comes; who asked learns which machines could not be stopped."""
    project = session.get_one(Project, ctx.args["project_id"])
    if project.state != "Suspended":  # activated, or being deleted meanwhile
        return None
    left = list(session.scalars(select(Vm.name).where(
        Vm.account_id == project.account_id, Vm.removed.is_(None), Vm.state == "Running").order_by(Vm.id)))
    if left:
        raise ApiError(Fault.RESOURCE_UNAVAILABLE, f"Project '{project.name}' is suspended, but {len(left)} of its "
                                                   f"machines could not be stopped: {', '.join(left[:5])}; suspend it "
                                                   "again to retry", [("project", project.uuid)])
    return None


SAGA: Saga[Services] = Saga("project_suspend", (db("verify", "Waiting for its machines to stop", _verify),))


def order(project: Project) -> Order:
    """The job that ends when the project's machines are stopped."""
    return Order(SAGA.name, {"project_id": project.id}, (account_lock(project.account_id, exclusive=True),))
