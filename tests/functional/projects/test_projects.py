"""Projects: who makes them, who is in them, who may change them, what they show."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Service
from tests.functional.permissions.recipes import KEY
from tests.support.client import Client, Refused
from tests.support.zone import Zone


def refused(code: int, why: str, call: Callable[..., Any], *args: Any, **params: Any) -> None:
    with pytest.raises(Refused, match=why) as error:
        call(*args, **params)
    assert error.value.code == code, error.value


def names(items: list[Any], key: str = "name") -> list[str]:
    return sorted(item[key] for item in items)


@pytest.fixture
def ann(service: Service) -> Client:
    return service.user("ann")


@pytest.fixture
def bob(service: Service) -> Client:
    return service.user("bob")


def domain_of(api: Client, name: str) -> str:
    return next(p["domainid"] for p in api.items("listProjects", listall=True) if p["domain"] == name)


def test_a_project_has_all_its_fields(ann: Client) -> None:
    project = ann.job("createProject", name="alpha", displaytext="First of all")
    assert {k: project[k] for k in ("name", "displaytext", "account", "domain", "state")} == {
        "name": "alpha", "displaytext": "First of all", "account": "ann", "domain": "ROOT", "state": "Active"}
    assert re.fullmatch(r"PrjAcct-alpha-\d+", project["projectaccountname"])
    assert project["owner"][0]["account"] == "ann"
    assert (project["vmlimit"], project["vmtotal"], project["vmavailable"]) == ("20", 0, "20")
    assert (project["cpulimit"], project["memorylimit"], project["primarystoragelimit"]) == ("40", "40960", "200")
    assert (project["vmrunning"], project["vmstopped"]) == (0, 0)
    assert "projectlimit" not in project
    assert ann.one("listProjects") == project


def test_who_may_create_projects(service: Service, api: Client, ann: Client) -> None:
    dora = service.user("dora", 2, "/d/")
    service.user("dan", 0, "/d/")
    api("updateConfiguration", name="allow.user.create.projects", value="false")
    assert ann("listCapabilities")["capability"]["allowusercreateprojects"] is False
    refused(401, "allow.user.create.projects lets only administrators", ann, "createProject", name="a", displaytext="a")
    assert dora.job("createProject", name="hers", displaytext="-")["account"] == "dora"
    domain = dora.one("listProjects")["domainid"]
    assert dora.job("createProject", name="his", account="dan", domainid=domain)["account"] == "dan"
    assert api.job("createProject", name="rooted", account="ann", domainid=api.job(
        "createProject", name="x")["domainid"])["account"] == "ann"
    refused(431, "no account 'ann'", dora, "createProject", name="b", account="ann", domainid=domain)
    refused(431, "parameter account: it must be given together with domainid", dora, "createProject", name="b",
            domainid=domain)
    refused(431, "'hers' exists already", dora, "createProject", name="hers")
    refused(431, "name.*at most 200", api, "createProject", name="x" * 201)


def test_members_come_and_go_and_one_administers(api: Client, ann: Client, bob: Client, service: Service) -> None:
    service.user("eve", 0, "/e/")
    carl = service.user("carl")
    project = ann.job("createProject", name="alpha")["id"]
    assert bob.items("listProjects", listall=True) == []
    assert ann.job("addAccountToProject", projectid=project, account="bob") is True
    assert names(bob.items("listProjects")) == ["alpha"]
    members = {m["account"]: m for m in bob.items("listProjectAccounts", projectid=project)}
    assert {name: m["role"] for name, m in members.items()} == {"ann": "Admin", "bob": "Regular"}
    assert members["bob"]["user"][0]["username"] == "bob"
    assert names(ann.items("listProjectAccounts", projectid=project, role="Regular"), "account") == ["bob"]
    assert names(ann.items("listProjectAccounts", projectid=project, keyword="AN"), "account") == ["ann"]

    refused(431, "'bob' is a member", ann, "addAccountToProject", projectid=project, account="bob")
    refused(431, "no account named 'eve'; only accounts of that domain", ann, "addAccountToProject", projectid=project,
            account="eve")
    refused(431, "give the name of an account", ann, "addAccountToProject", projectid=project)
    refused(431, "project.invite.required is false", ann, "addAccountToProject", projectid=project, email="e@x.org")
    for command, more in {"addAccountToProject": {"projectid": project, "account": "carl"},
                          "deleteAccountFromProject": {"projectid": project, "account": "ann"},
                          "updateProject": {"id": project, "displaytext": "x"}, "suspendProject": {"id": project},
                          "activateProject": {"id": project}, "deleteProject": {"id": project}}.items():
        refused(531, "is changed by its administrator", bob, command, **more)
        key = "id" if "id" in more else "projectid"
        refused(431, f"parameter {key}: no project with id", carl, command, **more)
    refused(431, "administers project 'alpha'; hand the project", ann, "deleteAccountFromProject", projectid=project,
            account="ann")
    refused(431, "has no member named 'carl'", ann, "updateProject", id=project, account="carl")

    changed = ann.job("updateProject", id=project, account="bob", displaytext="Second", name="beta")
    assert (changed["account"], changed["displaytext"], changed["name"]) == ("bob", "Second", "beta")
    roles = {m["account"]: m["role"] for m in ann.items("listProjectAccounts", projectid=project)}
    assert roles == {"ann": "Regular", "bob": "Admin"}
    refused(531, "is changed by its administrator", ann, "updateProject", id=project, displaytext="x")
    assert bob.job("deleteAccountFromProject", projectid=project, account="ann") is True
    refused(431, "no project with id", ann, "listProjectAccounts", projectid=project)
    assert api.job("updateProject", id=project, displaytext="Third")["displaytext"] == "Third"


def test_lists_show_what_one_is_in_and_administrators_what_they_answer_for(
    service: Service, api: Client, ann: Client, bob: Client,
) -> None:
    dora, dan = service.user("dora", 2, "/d/"), service.user("dan", 0, "/d/")
    first = ann.job("createProject", name="first", displaytext="of ann")
    bob.job("createProject", name="second")
    dans = dan.job("createProject", name="third")
    assert names(api.items("listProjects")) == []
    assert names(api.items("listProjects", listall=True)) == ["first", "second", "third"]
    assert names(ann.items("listProjects", listall=True)) == ["first"]
    assert names(dora.items("listProjects")) == []
    assert names(dora.items("listProjects", listall=True)) == ["third"]
    assert names(dora.items("listProjects", domainid=dans["domainid"])) == ["third"]
    assert names(dora.items("listProjects", account="dan", domainid=dans["domainid"])) == ["third"]
    assert names(api.items("listProjects", account="ann", domainid=first["domainid"])) == ["first"]
    assert names(api.items("listProjects", domainid=first["domainid"])) == ["first", "second"]
    assert names(api.items("listProjects", domainid=first["domainid"], isrecursive=True)) == [
        "first", "second", "third"]
    everything = {"listall": True}
    assert names(api.items("listProjects", **everything, keyword="OF AN")) == ["first"]
    assert names(api.items("listProjects", **everything, name="second")) == ["second"]
    assert names(api.items("listProjects", **everything, state="suspended")) == []
    assert names(api.items("listProjects", **everything, displaytext="of ann")) == ["first"]
    assert api.one("listProjects", id=dans["id"])["name"] == "third"
    refused(431, "no project with id", dora, "listProjects", id=first["id"])
    refused(431, "no account 'ann'", bob, "listProjects", account="ann", domainid=first["domainid"])
    dora.job("updateProject", id=dans["id"], displaytext="seen by dora")
    refused(431, "no project with id", dora, "updateProject", id=first["id"], displaytext="x")


def test_what_members_make_in_a_project_is_the_projects(
    built_zone: Zone, api: Client, ann: Client, bob: Client,
) -> None:
    zone = built_zone
    project = ann.job("createProject", name="alpha")["id"]
    ann.job("addAccountToProject", projectid=project, account="bob")
    vm = ann.job("deployVirtualMachine", **zone.deploy(name="shared", projectid=project))
    assert (vm["projectid"], vm["project"]) == (project, "alpha")
    assert "account" not in vm
    own = ann.job("deployVirtualMachine", **zone.deploy(name="own", startvm=False))
    assert own["account"] == "ann"

    def machines(client: Client, **more: Any) -> list[str]:
        return names(client.items("listVirtualMachines", **more))

    assert machines(ann) == ["own"]
    assert machines(ann, listall=True) == ["own"]
    assert machines(bob, projectid=project) == machines(bob, projectid="-1") == ["shared"]
    assert machines(api, projectid="-1") == ["shared"]
    assert machines(api, listall=True) == ["own"]
    assert machines(bob, id=vm["id"]) == ["shared"]
    assert bob.job("stopVirtualMachine", id=vm["id"])["state"] == "Stopped"
    shown = ann.one("listProjects")
    assert (shown["vmtotal"], shown["vmstopped"], shown["vmrunning"], shown["volumetotal"]) == (1, 1, 0, 1)
    assert shown["vmavailable"] == "19"

    ann.job("deleteAccountFromProject", projectid=project, account="bob")
    assert machines(bob, projectid="-1") == []
    refused(431, "no project with id", bob, "deployVirtualMachine", **zone.deploy(name="late", projectid=project))
    refused(431, "no virtual machine with id", bob, "startVirtualMachine", id=vm["id"])
    refused(431, "cannot be given together with projectid", ann, "deployVirtualMachine",
            **zone.deploy(name="late", projectid=project, account="ann"))


def test_a_suspended_project_keeps_what_it_has_and_lets_nobody_use_it(
    built_zone: Zone, service: Service, api: Client, ann: Client,
) -> None:
    zone = built_zone
    service.user("bob")
    project = ann.job("createProject", name="alpha")["id"]
    vm = ann.job("deployVirtualMachine", **zone.deploy(name="shared", projectid=project))["id"]
    assert ann.job("suspendProject", id=project)["state"] == "Suspended"
    assert ann.one("listVirtualMachines", projectid=project)["state"] == "Stopped"
    assert ann.job("suspendProject", id=project)["state"] == "Suspended"
    refused(531, "'alpha' is Suspended; nothing can be made in it", ann, "deployVirtualMachine",
            **zone.deploy(name="more", projectid=project))
    refused(531, "project 'alpha' is Suspended", ann, "addAccountToProject", projectid=project, account="bob")
    for client in (ann, api):
        refused(531, "project 'alpha' is Suspended", client, "startVirtualMachine", id=vm)
    assert names(ann.items("listProjects", state="Suspended")) == ["alpha"]
    assert ann.job("activateProject", id=project)["state"] == "Active"
    assert ann.job("activateProject", id=project)["state"] == "Active"
    assert ann.job("startVirtualMachine", id=vm)["state"] == "Running"
    ann.job("addAccountToProject", projectid=project, account="bob")


def test_the_answers_root_is_the_misspelt_one_of_activation(service: Service, ann: Client) -> None:
    project = ann.job("createProject", name="alpha")["id"]
    seen = {}

    class Http:
        def post(self, *args: Any, **more: Any) -> Any:
            answer = service.admin.http.post(*args, **more)
            seen.update(answer.get_json())
            return answer

    Client(Http(), ann.key, ann.secret)("activateProject", id=project)
    assert list(seen) == ["activaterojectresponse"]


def test_a_deleted_project_takes_all_it_owns_along(
    built_zone: Zone, service: Service, api: Client, ann: Client, bob: Client,
) -> None:
    zone = built_zone
    project = ann.job("createProject", name="alpha")["id"]
    ann.job("addAccountToProject", projectid=project, account="bob")
    ann.job("deployVirtualMachine", **zone.deploy(name="shared", projectid=project))
    bob.job("deployVirtualMachine", **zone.deploy(name="own", startvm=False))
    bob.one("registerSSHKeyPair", name="key", projectid=project, publickey=KEY)
    refused(536, r"still has 1 virtual machines \(shared\)", ann, "deleteProject", id=project, cleanup=False)
    assert ann.job("deleteProject", id=project) is True
    assert ann.items("listProjects", listall=True) == api.items("listProjects", listall=True) == []
    assert names(api.items("listVirtualMachines", listall=True)) == ["own"]
    assert api.items("listVirtualMachines", projectid="-1") == []
    assert service.cloud.simulator.inventory("domain") == {}
    refused(431, "no project with id", ann, "deleteProject", id=project)
    again = ann.job("createProject", name="alpha")
    assert (again["vmtotal"], again["state"]) == (0, "Active")


def test_a_project_whose_deletion_fails_stays_disabled_and_can_be_deleted_again(
    built_zone: Zone, service: Service, api: Client, ann: Client,
) -> None:
    zone = built_zone
    project = ann.job("createProject", name="alpha")["id"]
    ann.job("deployVirtualMachine", **zone.deploy(name="shared", projectid=project))
    service.cloud.simulator.trouble(operation="volume", remaining=99)
    refused(536, "Unable to delete project .alpha.", ann.job, "deleteProject", id=project)
    assert ann.one("listProjects")["state"] == "Disabled"
    refused(531, "is Disabled", ann, "deployVirtualMachine", **zone.deploy(name="more", projectid=project))
    refused(431, "cannot activate in state Disabled", ann, "activateProject", id=project)
    refused(531, "is being deleted", ann, "updateProject", id=project, displaytext="x")
    service.cloud.simulator.heal()
    ann.job("deleteProject", id=project)
    assert api.items("listProjects", listall=True) == []
