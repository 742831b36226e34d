"""The objects that tags and details are about, in commands: which kind, and whose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, false, select

from stratoform.errors import ApiError
from stratoform.model.base import Base
from stratoform.model.kinds import KINDS, Kind

from .caller import Caller
from .context import Context
from .params import Choice, refuse, shown
from .scope import owned, visible

_WORDS: Final = {"vm": "VirtualMachine", "ssh_keypair": "SSHKeyPair"}


def kind_word(table: str | None) -> str | None:
    """What jobs and events call the kind of the rows of a table: ``storage_pool`` is a StoragePool."""
    if table is None:
        return None
    return _WORDS.get(table) or "".join(part.capitalize() for part in table.split("_"))


def tables_called(word: str) -> list[str]:
    """The tables whose rows are called so, in any case."""
    tables = [mapper.class_.__tablename__ for mapper in Base.registry.mappers]
    return [table for table in tables if (kind_word(table) or "").lower() == word.lower()]


def kind_parameter(doc: str, *, details: bool = False) -> Choice:
    """The parameter ``resourcetype``: a kind that takes tags, or details."""
    return Choice(doc, [kind.name for kind in KINDS.values() if (kind.details if details else kind.tags)])


def mine(kind: Kind, caller: Caller) -> Sequence[ColumnElement[bool]]:
    """The conditions of the rows a caller may hang something on: what it owns or administers.

    What nobody owns (zones) is the root administrators'.
    """
    if caller.is_root:
        return ()
    return (owned(kind.entity, caller),) if hasattr(kind.entity, "account_id") else (false(),)


def named(context: Context, kind: Kind, parameter: str, uuids: Sequence[str], *, change: bool = True) -> list[Any]:
    """The rows of these uuids, in their order, after the access check; one query.

    Args:
        context: of the command that asks.
        kind: of the objects.
        parameter: that named them, for the refusal.
        uuids: of the objects.
        change: the caller wants to hang something on them; else seeing them is enough.

    Raises:
        ApiError: BAD_PARAMETER; one answer for "no such id" and "not yours".
    """
    rights = mine(kind, context.caller) if change else visible(kind.entity, context.caller)
    table = kind.entity
    found = {row.uuid: row for row in context.session.scalars(
        select(table).where(table.uuid.in_(uuids), *kind.live(), *rights))}
    for uuid in uuids:
        if uuid not in found:
            raise _unknown(parameter, kind, uuid)
    return [found[uuid] for uuid in dict.fromkeys(uuids)]


def _unknown(parameter: str, kind: Kind, uuid: str) -> ApiError:
    return refuse(parameter, f"no {kind.noun} with id {shown(uuid)} exists, or it is not yours to use")
