"""Projects: what several accounts own together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Entity
from .states import State, StateTable

PROJECT_STATES = StateTable(
    {
        "Active": State("Its members use and make what belongs to it."),
        "Suspended": State("What it has is kept, but cannot be used, and nothing new is made."),
        "Disabled": State("A job is deleting what it has.", transitional=True),
    },
    {
        "suspend": (("Active",), "Suspended"),
        "activate": (("Suspended",), "Active"),
        "disable": (("Active", "Suspended"), "Disabled"),
    },
)
"""The states of a project (CloudStack administration guide, projects)."""


class Project(Entity):
    """A team. What it owns belongs to an account of its own, of type PROJECT_TYPE, so ownership has one meaning."""

    __tablename__ = "project"

    name: Mapped[str]
    display_text: Mapped[str] = mapped_column(String(4096))
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    state: Mapped[str] = mapped_column(String(16), default="Active")

    __table_args__ = (Index("ix_project_domain_name", "domain_id", "name"),)


class ProjectMember(Entity):
    """An account's membership; the row is deleted with it. Exactly one member administers a project."""

    __tablename__ = "project_member"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    is_admin: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (UniqueConstraint("project_id", "account_id"),)


INVITATION_STATES = StateTable(
    {
        "Pending": State("It can be accepted, or declined, until it expires."),
        "Completed": State("It was accepted: the account is a member."),
        "Declined": State("It was declined."),
        "Expired": State("Nobody answered in time."),
    },
    {
        "accept": (("Pending",), "Completed"),
        "decline": (("Pending",), "Declined"),
        "expire": (("Pending",), "Expired"),
    },
)
"""The states of an invitation (CloudStack API, listProjectInvitations)."""


class ProjectInvitation(Entity):
    """An offer of membership: to an account, or to whoever reads the mail of an address and knows its token.

    Of the token only its hash is kept.
    """

    __tablename__ = "project_invitation"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"))
    email: Mapped[str | None] = mapped_column(String(254))
    token: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default="Pending")
    expires: Mapped[datetime]
