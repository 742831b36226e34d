"""What an account, or a project through its account, may have, has, and may still have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stratoform.commands.frame.caller import Caller
from stratoform.commands.frame.together import Columns, together
from stratoform.commands.frame.view import Field
from stratoform.model.compute import Vm
from stratoform.model.limits import KINDS, UNLIMITED, Resource, counts
from stratoform.model.projects import Project
from stratoform.model.quota import limits_of
from stratoform.model.tenancy import Account

NO_LIMIT = "Unlimited"


def _amounts(session: Session, accounts: dict[int, int]) -> Columns:
    """Every field of every row; a fixed number of queries.

    Args:
        session: any session.
        accounts: row id of what is listed to the row id of its account.
    """
    owners = session.execute(select(Account.id, Account.type).where(Account.id.in_(accounts.values()))).all()
    limits, totals = limits_of(session, owners), counts(session, list(accounts.values()))
    have = [(limits.get(account, {}), totals.get(account, {})) for account in accounts.values()]
    found: dict[str, dict[int, Any]] = {}
    for resource, kind in KINDS.items():  # column by column: a page has 18,000 of these values
        mosts = [most.get(resource, UNLIMITED) for most, _ in have]
        numbers = [total.get(resource, 0) // kind.unit for _, total in have]
        found[f"{kind.prefix}limit"] = dict(zip(accounts, map(_shown, mosts), strict=True))
        found[f"{kind.prefix}total"] = dict(zip(accounts, numbers, strict=True))
        found[f"{kind.prefix}available"] = {
            row: NO_LIMIT if most == UNLIMITED else str(max(most - number, 0))
            for row, most, number in zip(accounts, mosts, numbers, strict=True)}
    return found


def _shown(most: int) -> str:
    return NO_LIMIT if most == UNLIMITED else str(most)


def _of_accounts(session: Session, _caller: Caller, ids: Sequence[int]) -> Columns:
    return _amounts(session, {id_: id_ for id_ in ids})


def _of_projects(session: Session, _caller: Caller, ids: Sequence[int]) -> Columns:
    rows = session.execute(select(Project.id, Project.account_id).where(Project.id.in_(ids)))
    accounts = {project: account for project, account in rows}  # noqa: C416 - rows are no pairs to mypy
    states = select(Vm.account_id, Vm.state, func.count(Vm.id)).where(
        Vm.account_id.in_(accounts.values()), Vm.removed.is_(None))
    machines = {(account, state): number for account, state, number in session.execute(
        states.group_by(Vm.account_id, Vm.state))}
    return {
        **_amounts(session, accounts),
        "vmrunning": {project: machines.get((account, "Running"), 0) for project, account in accounts.items()},
        "vmstopped": {project: machines.get((account, "Stopped"), 0) for project, account in accounts.items()},
    }


def _fields(load: Any, noun: str, kinds: Sequence[Resource]) -> tuple[Field, ...]:
    of = together(load)
    found = []
    for kind in (KINDS[resource] for resource in kinds):
        found += [
            Field(f"{kind.prefix}limit", "string", f"Most {kind.noun} the {noun} may have.",
                  load=of(f"{kind.prefix}limit")),
            Field(f"{kind.prefix}total", "long", f"How many {kind.noun} it has.", load=of(f"{kind.prefix}total")),
            Field(f"{kind.prefix}available", "string", f"How many {kind.noun} it may still get.",
                  load=of(f"{kind.prefix}available")),
        ]
    return tuple(found)


LIMITS = _fields(_of_accounts, "account", list(Resource))
"""Of an account: limit, total and what is available of each resource."""

_project = together(_of_projects)
PROJECT_LIMITS = (
    *_fields(_of_projects, "project", [kind for kind in Resource if kind is not Resource.PROJECT]),
    Field("vmstopped", "integer", "Its machines that are stopped.", load=_project("vmstopped")),
    Field("vmrunning", "integer", "Its machines that run.", load=_project("vmrunning")),
)
"""The same of a project, and how many of its machines run."""
