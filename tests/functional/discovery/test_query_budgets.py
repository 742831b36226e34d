"""A list costs the same number of queries for one row as for many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from stratoform.db.database import Database
from tests.conftest import Service
from tests.support.client import Client
from tests.support.zone import Zone, build

BUDGETS: dict[str, tuple[int, dict[str, Any]]] = {
    # The caller's key, default.page.size, the page, and one query for each nested field (the unfinished jobs).
    "listStoragePools": (4, {}), "listImageStores": (4, {}), "listTemplates": (4, {"templatefilter": "self"}),
    "listVolumes": (4, {}), "listServiceOfferings": (4, {}), "listOsTypes": (4, {}), "listOsCategories": (4, {}),
    "listSSHKeyPairs": (4, {}), "listEvents": (3, {}), "listAsyncJobs": (3, {}), "listConfigurations": (3, {}),
    "listApis": (1, {}), "listHypervisors": (1, {}),
}


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The statements of the with block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def costs(service: Service) -> dict[str, tuple[int, int]]:
    """Command to (queries, rows)."""
    service.cloud.jobs.stop()  # its look at the queue is no list's
    found = {}
    for command, (_, filters) in BUDGETS.items():
        with counted(service.cloud.db) as statements:
            rows = len(service.admin.items(command, **filters))
        found[command] = len([statement for statement in statements if statement.lower().startswith("select")]), rows
    return found


def fill(api: Client, zone: Zone) -> None:
    for number in range(4):
        place = {"zoneid": zone.zone, "name": f"n{number}"}
        api("createStoragePool", **place, clusterid=zone.cluster, url=f"nfs://192.0.2.20/p{number}", tags="a,b")
        api("addImageStore", **place, provider="NFS", url=f"nfs://192.0.2.20/s{number}")
        api("createServiceOffering", name=f"n{number}", displaytext="x")
        api("registerTemplate", **place, displaytext="x", format="RAW", hypervisor="KVM", url=f"http://h/{number}",
            ostypeid=api.items("listOsTypes")[0]["id"])
        api("createSSHKeyPair", name=f"n{number}")
        api.job("deployVirtualMachine", **zone.deploy(name=f"n{number}"))


def test_lists_stay_within_their_budget_whatever_they_list(service: Service, api: Client) -> None:
    fill(api, build(api))
    for command, (queries, rows) in costs(service).items():
        budget = BUDGETS[command][0]
        assert rows > 1, command
        assert queries <= budget, f"{command}: {queries} queries for {rows} rows, its budget is {budget}"
