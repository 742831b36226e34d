"""What a suspended project has is kept and shown, but no command may use it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.model.projects import Project, ProjectInvitation
from stratoform.model.records import Event
from stratoform.model.storage import Template

FREE: Final = (Project, ProjectInvitation, Event, Template)
"""What is no use of a project: the commands about projects themselves, history, and templates, which others start
from."""


def refuse_suspended(session: Session, command: str, values: Iterable[Any]) -> None:
    """Refuses when one of the objects a command was given belongs to a project that is not Active.

    Who suspends the project waits until the command's transaction ends, and so knows what it began.

    Args:
        session: any session.
        command: its name.
        values: its parameters' values; rows, lists of rows, anything else.

    Raises:
        ApiError: ACCOUNT, naming project and state.
    """
    rows = (row for value in values for row in (value if isinstance(value, list) else [value]))
    owners = {row.account_id for row in rows if getattr(row, "account_id", None) and not isinstance(row, FREE)}
    if not owners:
        return
    for project in session.scalars(
            select(Project).where(Project.account_id.in_(owners)).with_for_update(read=True)):
        if project.state == "Active":
            continue
        raise ApiError(Fault.ACCOUNT, f"Unable to execute {command}: project '{project.name}' is {project.state}; what "
                                      "it has cannot be used until activateProject", [("project", project.uuid)])
