"""Rules about places that several resources share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from stratoform.commands.frame.params import refuse
from stratoform.errors import ApiError, Fault
from stratoform.model.base import Entity
from stratoform.model.topology import Zone

ALLOCATION = ("Enabled", "Disabled")
"""Whether something takes new placements."""


def not_yet(what: str) -> str:
    """The sentence for something the reference has and this installation does not offer."""
    return f"{what} is not offered by this installation yet"


def take_turn(session: Session, zone_id: int) -> None:
    """Makes creations in one zone wait for each other, so that two never take the same name or address.

    (SQLite has one writer anyway; MariaDB locks the zone's row until the end of the transaction.)
    """
    session.get_one(Zone, zone_id, with_for_update=True)


def demand_in_zone(parameter: str, row: Any, zone: Zone) -> None:
    """Refuses a row (pod, physical network, ...) of another zone.

    Raises:
        ApiError: naming the parameter, the row and the zone.
    """
    if row.zone_id != zone.id:
        noun = row.__tablename__.replace("_", " ")
        raise refuse(parameter, f"{noun} '{row.name}' is not in zone '{zone.name}'")


def demand_free_name(session: Session, parameter: str, name: str, entity: type[Any], *scope: Any) -> None:
    """Refuses a name another live row of the scope has.

    Raises:
        ApiError: naming the parameter and the name.
    """
    taken = select(entity.id).where(entity.removed.is_(None), entity.name == name, *scope)
    if session.scalar(taken.limit(1)) is not None:
        raise refuse(parameter, f"a {entity.__tablename__.replace('_', ' ')} named '{name}' exists already")


def in_use(command: str, row: Entity, by: str) -> ApiError:
    """The refusal to delete what is used."""
    return ApiError(Fault.IN_USE, f"Unable to execute {command}: {row.__tablename__.replace('_', ' ')} is used by {by}",
                    [(row.__tablename__, row.uuid)])


def asked(*pairs: tuple[Any, Any]) -> list[ColumnElement[bool]]:
    """The conditions of a list's plain filters.

    Args:
        pairs: what was asked for (a value, a row, or None: nothing) and the column that must equal it (for a row:
            its id).
    """
    return [
        column == (value.id if isinstance(value, Entity) else value) for value, column in pairs if value is not None
    ]
