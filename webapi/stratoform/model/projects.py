"""Projects: what several accounts own together."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Entity, Key
from .states import State, StateTable

PROJECT_STATES = StateTable(
    {
        "Active": State("Its members use and make what belongs to it."),
        "Suspended": State("What it has is kept, but cannot be used, and nothing new is made."),
        "Disabled": State("A job is deleting what it has.", transitional=True),
    },
    {
        "suspend": (("Active",), "Suspended"),
        "activate": (("Suspended", "Disabled"), "Active"),
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


class ProjectMember(Base):
    """An account's membership. Exactly one member administers a project."""

    __tablename__ = "project_member"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    is_admin: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (UniqueConstraint("project_id", "account_id"),)
