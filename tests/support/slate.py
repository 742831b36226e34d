"""What there is, in the database and on the simulated hosts: equal before and after means that nothing was left."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratoform.app import Cloud
from stratoform.jobs.tables import FAILED, SUCCEEDED, Job, JobLock
from stratoform.model.base import Base
from stratoform.model.network import Nic

IGNORED_TABLES = {"event", "alert", "setting_value", "user", "account", "domain"}
IGNORED_COLUMNS = {"generation", "applied", "created", "removed", "used", "last_pinged", "disconnected", "destroyed"}
CACHES = {"template", "bridge"}
"""Kinds of things on hosts that stay by design, to be used again."""


def snapshot(cloud: Cloud) -> dict[str, Any]:
    """Every live row and every thing on a simulated host, apart from counters and times."""
    found: dict[str, Any] = {}
    with cloud.db.read() as session:
        for mapper in Base.registry.mappers:
            table = mapper.local_table
            if table.name in IGNORED_TABLES or table.name == "template_copy":
                continue
            query = select(*(c for c in table.columns if c.name not in IGNORED_COLUMNS))
            if "removed" in table.columns:
                query = query.where(table.c.removed.is_(None))
            found[table.name] = sorted(tuple(map(str, row)) for row in session.execute(query))
        found["locks"] = session.scalars(select(JobLock.name)).all()
        found["unfinished jobs"] = session.scalars(select(Job.saga).where(Job.state.not_in((SUCCEEDED, FAILED)))).all()
        found["addresses"] = sorted(session.scalars(select(Nic.ip)))
    found["hosts"] = sorted(
        (key, _essence(spec)) for key, spec in cloud.simulator.inventory().items() if key[1] not in CACHES)
    return found


def _essence(spec: dict[str, Any]) -> str:
    return str(sorted((k, v) for k, v in spec.items() if k not in {"generation", "vnc_password"}))


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What is in one and not in the other, by table."""
    return {
        name: {"gone": [x for x in before[name] if x not in after[name]],
               "new": [x for x in after[name] if x not in before[name]]}
        for name in before if before[name] != after[name]
    }
