"""Limits: who may set which, what they hold back, what the refusal says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from stratoform.model.limits import KINDS, Resource
from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone


def refused(code: int, why: str, call: Callable[..., Any], *args: Any, **params: Any) -> None:
    with pytest.raises(Refused, match=why) as error:
        call(*args, **params)
    assert error.value.code == code, error.value


@dataclass
class Land:
    """Domain d with an administrator and two users, and below it d/e with one user."""

    root: Client
    dora: Client
    dan: Client
    dave: Client
    eve: Client
    d: str
    e: str


@pytest.fixture
def land(service: Service) -> Land:
    d = service.admin.one("createDomain", name="d")["id"]
    e = service.admin.one("createDomain", name="e", parentdomainid=d)["id"]
    return Land(service.admin, service.user("dora", 2, "/d/"), service.user("dan", 0, "/d/"),
                service.user("dave", 0, "/d/"), service.user("eve", 0, "/d/e/"), d, e)


def limit(api: Client, most: int | None, kind: Resource = Resource.USER_VM, **whose: Any) -> Any:
    return api.one("updateResourceLimit", resourcetype=int(kind), max=most, **whose)


def machine(zone: Zone, name: str, **more: Any) -> dict[str, Any]:
    return zone.deploy(name=name, startvm=False, **more)


def test_the_defaults_hold_until_a_limit_is_set(land: Land) -> None:
    shown = {one["resourcetypename"]: one["max"] for one in land.dan.items("listResourceLimits")}
    assert shown == {"user_vm": 20, "public_ip": 20, "volume": 20, "snapshot": 20, "template": 20, "project": -1,
                     "network": 20, "vpc": 20, "cpu": 40, "memory": 40960, "primary_storage": 200,
                     "secondary_storage": 400}
    assert {one["max"] for one in land.root.items("listResourceLimits")} == {-1}
    assert {one["max"] for one in land.dora.items("listResourceLimits", domainid=land.e)} == {-1}
    assert limit(land.root, 2, account="dan", domainid=land.d) == {
        "account": "dan", "domain": "d", "domainid": land.d, "resourcetype": "0", "resourcetypename": "user_vm",
        "max": 2}
    assert land.dan.one("listResourceLimits", resourcetype=0)["max"] == 2
    assert land.dave.one("listResourceLimits", resourcetypename="USER_VM")["max"] == 20
    land.root("updateConfiguration", name="max.account.user.vms", value=7)
    assert land.dave.one("listResourceLimits", resourcetype=0)["max"] == 7
    assert limit(land.root, None, account="dan", domainid=land.d)["max"] == -1
    assert land.dora.one("listResourceLimits", account="dan", domainid=land.d, resourcetype=0)["max"] == -1


def test_who_may_set_what(land: Land, service: Service) -> None:
    rita = service.user("rita", 3)
    refused(401, "not available to this account", limit, land.dan, 5)
    refused(401, "set by administrators of the cloud or of a domain", limit, rita, 5)
    refused(401, "own domain are set by an administrator above", limit, land.dora, 5, domainid=land.d)
    refused(401, "own account are set by another administrator", limit, land.dora, 5)
    assert limit(land.dora, 5, domainid=land.e)["max"] == 5
    assert limit(land.dora, 5, account="eve", domainid=land.e)["max"] == 5
    root = land.root.items("listDomains", name="ROOT")[0]["id"]
    refused(431, "no domain with id", limit, land.dora, 5, domainid=root)
    refused(431, "which have no limits; only -1", limit, land.root, 5)
    refused(431, "which have no limits", limit, land.root, 5, account="admin", domainid=root)
    assert limit(land.root, -1)["max"] == -1
    for wrong, why in (({"resourcetype": 12}, "is none of 0 virtual machines"), ({"resourcetype": "vm"}, "is none of"),
                       ({"max": -2}, "not between -1"), ({"max": "many"}, "no whole number")):
        refused(431, why, land.root, "updateResourceLimit", **{"resourcetype": 0, "domainid": land.d, **wrong})


def test_administrators_of_domains_grant_no_more_than_they_have(land: Land) -> None:
    limit(land.root, 4, domainid=land.d)
    for most in (5, -1):
        refused(431, "domain 'd' may have at most 4 virtual machines itself; give 0 to 4", limit, land.dora, most,
                account="dan", domainid=land.d)
        refused(431, "domain 'd' may have at most 4", limit, land.dora, most, domainid=land.e)
    assert limit(land.dora, 3, domainid=land.e)["max"] == 3
    refused(431, "domain 'e' may have at most 3", limit, land.dora, 4, account="eve", domainid=land.e)
    assert limit(land.root, 9, account="eve", domainid=land.e)["max"] == 9
    project = land.dan.job("createProject", name="p")["id"]
    refused(431, "domain 'd' may have at most 4", limit, land.dora, 5, projectid=project)
    assert limit(land.dora, 4, projectid=project)["max"] == 4
    refused(431, "setting max.project.volumes gives projects at most 20 volumes", limit, land.dora, 21, Resource.VOLUME,
            projectid=project)
    assert limit(land.root, 21, Resource.VOLUME, projectid=project)["project"] == "p"
    refused(431, "projects have no projects", limit, land.root, 1, Resource.PROJECT, projectid=project)
    assert {one["resourcetype"]: one["max"] for one in land.dan.items("listResourceLimits", projectid=project)} == {
        "0": 4, "1": 20, "2": 21, "3": 20, "4": 20, "6": 20, "7": 20, "8": 40, "9": 40960, "10": 200, "11": 400}


def test_the_third_of_two_machines_is_refused_and_told_why(built_zone: Zone, land: Land) -> None:
    zone, dan = built_zone, land.dan
    limit(land.root, 2, account="dan", domainid=land.d)
    first = dan.job("deployVirtualMachine", **machine(zone, "first"))["id"]
    dan.job("deployVirtualMachine", **machine(zone, "second"))
    refused(532, "account 'dan' may have at most 2 virtual machines and has 2; 1 more cannot be given. Remove some, or "
                 "have an administrator raise the limit", dan, "deployVirtualMachine", **machine(zone, "third"))
    assert dan.items("listVirtualMachines", name="third") == []
    account = land.root.one("listAccounts", name="dan", listall=True)
    assert (account["vmlimit"], account["vmtotal"], account["vmavailable"]) == ("2", 2, "0")

    dan.job("destroyVirtualMachine", id=first)
    dan.job("deployVirtualMachine", **machine(zone, "third"))
    refused(532, "at most 2 virtual machines", land.dora, "recoverVirtualMachine", id=first)
    limit(land.root, 1, account="dan", domainid=land.d)  # destroys nothing
    assert len(dan.items("listVirtualMachines")) == 2
    refused(532, "at most 1 virtual machines and has 2", dan, "deployVirtualMachine", **machine(zone, "fourth"))
    limit(land.root, 3, account="dan", domainid=land.d)
    land.dora("recoverVirtualMachine", id=first)
    refused(532, "at most 3 virtual machines and has 3", dan, "deployVirtualMachine", **machine(zone, "fourth"))


def test_a_domains_limit_is_that_of_all_in_it_and_below(built_zone: Zone, land: Land) -> None:
    zone = built_zone
    limit(land.root, 3, domainid=land.d)
    project = land.dave.job("createProject", name="p")["id"]
    land.dan.job("deployVirtualMachine", **machine(zone, "one"))
    land.eve.job("deployVirtualMachine", **machine(zone, "two"))
    land.dave.job("deployVirtualMachine", **machine(zone, "three", projectid=project))
    for client, more in ((land.dan, {}), (land.eve, {}), (land.dora, {}), (land.dave, {"projectid": project})):
        refused(532, "domain 'd' with all below it may have at most 3 virtual machines and has 3", client,
                "deployVirtualMachine", **machine(zone, "four", **more))
    land.root.job("deployVirtualMachine", **machine(zone, "elsewhere"))
    totals = {one["resourcetype"]: one["resourcecount"] for one in land.root.items(
        "updateResourceCount", domainid=land.d)}
    assert (totals["0"], totals["2"], totals["5"], totals["8"]) == (3, 3, 1, 3)
    (memory,) = land.root.items("updateResourceCount", domainid=land.d, resourcetype=9)
    assert memory["resourcecount"] == 3 * 512
    (own,) = land.root.items("updateResourceCount", domainid=land.e, account="eve", resourcetype=0)
    assert (own["resourcecount"], own["account"], own["domain"]) == (1, "eve", "e")
    (theirs,) = land.root.items("updateResourceCount", domainid=land.d, projectid=project, resourcetype=0)
    assert (theirs["resourcecount"], theirs["project"]) == (1, "p")
    refused(431, "no domain", land.dora, "updateResourceCount",
            domainid=land.root.items("listDomains", name="ROOT")[0]["id"])


@pytest.mark.parametrize(("kind", "most"), [
    (Resource.CPU, 1), (Resource.MEMORY, 700), (Resource.VOLUME, 1), (Resource.PRIMARY_STORAGE, 0),
])
def test_a_machine_takes_of_every_kind(built_zone: Zone, land: Land, kind: Resource, most: int) -> None:
    """The image has 64 MiB: of whole GiB of storage, none is too little and one takes 16."""
    zone = built_zone
    limit(land.root, most, kind, account="dan", domainid=land.d)
    if most:
        land.dan.job("deployVirtualMachine", **machine(zone, "one"))
    refused(532, f"at most {most} {KINDS[kind].noun} and has ", land.dan, "deployVirtualMachine",
            **machine(zone, "two"))


def test_a_project_has_limits_of_its_own(built_zone: Zone, land: Land) -> None:
    zone = built_zone
    land.root("updateConfiguration", name="max.project.user.vms", value=1)
    project = land.dan.job("createProject", name="p")["id"]
    land.dan.job("deployVirtualMachine", **machine(zone, "one", projectid=project))
    refused(532, "project 'p' may have at most 1 virtual machines and has 1", land.dan, "deployVirtualMachine",
            **machine(zone, "two", projectid=project))
    land.dan.job("deployVirtualMachine", **machine(zone, "own"))
    assert land.dan.one("listProjects")["vmavailable"] == "0"


def test_templates_networks_and_projects_are_limited(built_zone: Zone, land: Land) -> None:
    zone, dan = built_zone, land.dan
    image = {"displaytext": "-", "format": "QCOW2", "hypervisor": "Simulator", "zoneid": zone.zone,
             "ostypeid": dan.items("listOsTypes")[0]["id"], "url": "http://images.example.org/a.qcow2"}
    limit(land.root, 1, Resource.TEMPLATE, account="dan", domainid=land.d)
    first = dan.one("registerTemplate", name="one", **image)["id"]
    refused(532, "at most 1 templates and has 1", dan, "registerTemplate", name="two", **image)
    zone.await_template(land.root, first)
    limit(land.root, 0, Resource.SECONDARY_STORAGE, account="dave", domainid=land.d)
    second = land.dave.one("registerTemplate", name="big", **image)["id"]
    job = next(j["jobid"] for j in land.dave.items("listAsyncJobs") if j.get("jobinstanceid") == second)
    refused(532, "at most 0 GiB of secondary storage", land.dave.await_job, job)
    assert "at most 0 GiB" in land.root.items("listTemplates", templatefilter="all", id=second)[0]["status"]

    limit(land.root, 0, Resource.NETWORK, account="dan", domainid=land.d)
    offering = dan.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"]
    refused(532, "at most 0 networks", land.root, "createNetwork", name="n", displaytext="-", zoneid=zone.zone,
            networkofferingid=offering, acltype="Account", account="dan", domainid=land.d, vlan="900",
            gateway="10.9.1.1", netmask="255.255.255.0", startip="10.9.1.10")
    limit(land.root, 1, Resource.PROJECT, account="dan", domainid=land.d)
    project = dan.job("createProject", name="p")["id"]
    refused(532, "account 'dan' may have at most 1 projects", dan, "createProject", name="q")
    dan.job("addAccountToProject", projectid=project, account="dave")
    limit(land.root, 0, Resource.PROJECT, account="dave", domainid=land.d)
    refused(532, "account 'dave' may have at most 0 projects", dan.job, "updateProject", id=project, account="dave")
    limit(land.root, 1, Resource.PROJECT, account="dave", domainid=land.d)
    limit(land.root, 1, Resource.PROJECT, domainid=land.d)
    assert dan.job("updateProject", id=project, account="dave")["account"] == "dave"


def test_limits_are_listed_by_owner_kind_and_subtree(land: Land) -> None:
    limit(land.root, 4, domainid=land.d)
    limit(land.root, 3, domainid=land.e)
    limit(land.root, 2, account="dan", domainid=land.d)

    def listed(client: Client, **more: Any) -> set[tuple[str, str, int]]:
        return {(one.get("account", ""), one["domain"], one["max"]) for one in client.items(
            "listResourceLimits", resourcetype=0, **more)}

    assert listed(land.root, domainid=land.d) == {("", "d", 4)}
    assert listed(land.dora, domainid=land.d, isrecursive=True) == {("", "d", 4), ("", "e", 3)}
    assert listed(land.dora, listall=True) == {("dora", "d", 20), ("", "d", 4), ("", "e", 3), ("dan", "d", 2)}
    assert listed(land.dan, listall=True) == {("dan", "d", 2)}
    assert listed(land.root, account="dan", domainid=land.d) == {("dan", "d", 2)}
    refused(431, "no account 'dave'", listed, land.dan, account="dave")
    refused(401, "only an administrator of domain 'd'", listed, land.dan, domainid=land.d)
    page = land.dan("listResourceLimits", page=2, pagesize=5)
    assert (page["count"], len(page["resourcelimit"])) == (12, 5)


def test_a_domain_an_account_its_keys_a_project_and_the_third_machine(built_zone: Zone, service: Service) -> None:
    """What a person does first, with nothing but the commands."""
    root, zone = service.admin, built_zone
    domain = root.one("createDomain", name="sales")["id"]
    account = root.one("createAccount", username="ann", accounttype=0, email="ann@example.org", firstname="Ann",
                       lastname="Example", password="a good password", domainid=domain)
    keys = root.one("registerUserKeys", id=account["user"][0]["id"])
    ann = Client(root.http, keys["apikey"], keys["secretkey"])
    project = root.job("createProject", name="web", displaytext="-", account="ann", domainid=domain)["id"]
    limit(root, 2, projectid=project)
    for name in ("one", "two"):
        ann.job("deployVirtualMachine", **machine(zone, name, projectid=project))
    refused(532, r"^532: Maximum number of resources reached: project 'web' may have at most 2 virtual machines and "
                 r"has 2; 1 more cannot be given\. Remove some, or have an administrator raise the limit "
                 r"\(updateResourceLimit with resourcetype 0\)$", ann, "deployVirtualMachine",
            **machine(zone, "three", projectid=project))
