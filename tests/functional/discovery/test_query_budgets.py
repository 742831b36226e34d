"""A list costs the same number of queries for one row as for many."""

from __future__ import annotations

from typing import Any

from tests.conftest import Service
from tests.support.budget import counted
from tests.support.client import Client
from tests.support.zone import Zone, build

BUDGETS: dict[str, tuple[int, dict[str, Any]]] = {
    # The caller's key, default.page.size, the page, and one query for each nested field (the unfinished jobs).
    "listStoragePools": (4, {}), "listImageStores": (4, {}), "listTemplates": (5, {"templatefilter": "self"}),
    "listVolumes": (5, {}), "listServiceOfferings": (4, {}), "listOsTypes": (4, {}), "listOsCategories": (4, {}),
    # As above, and the settings and limits, the accounts, five tables that count, the machines' states, the tags.
    "listProjects": (18, {"listall": True}), "listProjectInvitations": (4, {"listall": True}),
    "listSSHKeyPairs": (4, {}), "listEvents": (3, {}), "listAsyncJobs": (3, {}), "listConfigurations": (3, {}),
    "listVirtualMachines": (7, {}), "listTags": (3, {}), "listAlerts": (3, {}), "listApis": (1, {}),
    "listHypervisors": (1, {}),
    "listDomains": (4, {}), "listDomainChildren": (5, {}), "listRoles": (4, {}), "listRolePermissions": (4, {}),
    "listDiskOfferings": (4, {}), "listInstanceGroups": (4, {}),
    "listUsers": (7, {"listall": True}), "listAccounts": (25, {"listall": True}),
}

ALWAYS = 3
"""Of every list: the ids of the page, the settings of the call limit, the projects of a caller who is in some."""


def costs(service: Service) -> dict[str, tuple[int, int]]:
    """Command to (queries, rows)."""
    found = {}
    for command, (_, filters) in BUDGETS.items():
        with counted(service.cloud.db) as statements:
            rows = len(service.admin.items(command, **filters))
        found[command] = len(statements), rows
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
        api("createInstanceGroup", name=f"n{number}")
        api("createDomain", name=f"n{number}")
        api("createAccount", username=f"n{number}", accounttype=0, email="n@example.org", firstname="N", lastname="N",
            password="a good password")
        project = api.job("createProject", name=f"n{number}")["id"]
        api("updateConfiguration", name="project.invite.required", value="true")
        api.job("addAccountToProject", projectid=project, account=f"n{number}")
        role = api.one("createRole", name=f"n{number}", type="User")["id"]
        api("createRolePermission", roleid=role, rule="list*", permission="allow")
        api.job("generateAlert", type=6, name="x", description="x")
        vm = api.job("deployVirtualMachine", **zone.deploy(name=f"n{number}"))["id"]
        api.job("createTags", resourcetype="UserVm", resourceids=vm, **{"tags[0].key": "a", "tags[0].value": "b"})


def test_lists_stay_within_their_budget_whatever_they_list(service: Service, api: Client) -> None:
    fill(api, build(api))
    for command, (queries, rows) in costs(service).items():
        budget = BUDGETS[command][0] + ALWAYS
        assert rows > 1, command
        assert queries <= budget, f"{command}: {queries} queries for {rows} rows, its budget is {budget}"
