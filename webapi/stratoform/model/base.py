"""The ground of every table of the product."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from stratoform.db.types import NAMING, Key, LongText, Moment, Words, new_uuid, now

__all__ = ["Base", "Entity", "Key", "LongText", "new_uuid", "now"]


class Base(DeclarativeBase):
    """Every table of the product's model."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - declared once, read by SQLAlchemy
        datetime: Moment(),
        dict[str, Any]: JSON(),
        list[str]: Words(),
        str: String(255),
    }


class Entity(Base):
    """A thing the API shows: numbered inside, known by its uuid outside.

    Where there are thousands, an index ``ix_<table>_list`` has ``removed``, ``id`` and what decides who sees a row: a
    page of the list and its count are read from it alone, in the list's order.
    """

    __abstract__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(40), default=new_uuid, unique=True)
    created: Mapped[datetime] = mapped_column(default=now)
    removed: Mapped[datetime | None] = mapped_column(index=True)


def entity_of(table: str) -> type[Entity]:
    """The entity class of a table's name."""
    for mapper in Base.registry.mappers:
        if mapper.class_.__tablename__ == table and issubclass(mapper.class_, Entity):
            return mapper.class_
    raise KeyError(table)
