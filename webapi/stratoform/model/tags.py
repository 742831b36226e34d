"""Tags: words their owners hang on objects of many kinds."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Entity


class ResourceTag(Entity):
    """One key and value on one object. It is the object's owner's; nobody sees it when the object is gone.

    ``resource_type`` is the kind as the API calls it (commands/frame/kinds.py), ``resource_uuid`` the object's uuid.
    """

    __tablename__ = "resource_tag"

    resource_type: Mapped[str] = mapped_column(String(32))
    resource_uuid: Mapped[str] = mapped_column(String(40))
    key: Mapped[str]
    value: Mapped[str]
    customer: Mapped[str | None]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"))

    __table_args__ = (
        UniqueConstraint("resource_uuid", "key"),
        Index("ix_resource_tag_owner", "account_id", "id"),
        Index("ix_resource_tag_key", "key", "resource_uuid"),
    )
