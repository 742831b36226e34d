"""Many at once: one project of a name, one membership of an account, one administrator, one answer to an invitation."""

from __future__ import annotations

from tests.conftest import Service
from tests.functional.limits.test_concurrency import at_once
from tests.functional.projects.test_projects import names
from tests.support.zone import Zone

MANY = 8


def test_a_name_is_given_once(service: Service) -> None:
    ann = service.user("ann")
    assert at_once(service, [(ann, "createProject", {"name": "alpha"})] * MANY) == {0: 1, 431: MANY - 1}
    assert names(ann.items("listProjects")) == ["alpha"]


def test_an_account_becomes_a_member_once(service: Service) -> None:
    ann = service.user("ann")
    service.user("bob")
    project = ann.job("createProject", name="alpha")["id"]
    found = at_once(service, [(ann, "addAccountToProject", {"projectid": project, "account": "bob"})] * MANY)
    assert found[0] >= 1
    assert set(found) <= {0, 431}
    assert names(ann.items("listProjectAccounts", projectid=project), "account") == ["ann", "bob"]


def test_there_is_always_one_administrator(service: Service) -> None:
    ann = service.user("ann")
    project = ann.job("createProject", name="alpha")["id"]
    people = [f"p{number}" for number in range(MANY)]
    for name in people:
        service.user(name)
        ann.job("addAccountToProject", projectid=project, account=name)
    calls = [(service.admin, "updateProject", {"id": project, "account": name}) for name in people]
    calls += [(service.admin, "deleteAccountFromProject", {"projectid": project, "account": name})
              for name in people[:4]]
    at_once(service, calls)
    members = service.admin.items("listProjectAccounts", projectid=project)
    assert len([m for m in members if m["role"] == "Admin"]) == 1
    assert service.admin.one("listProjects", id=project)["account"] in {m["account"] for m in members}


def test_an_invitation_is_answered_once(service: Service) -> None:
    service.admin("updateConfiguration", name="project.invite.required", value="true")
    ann, bob = service.user("ann"), service.user("bob")
    project = ann.job("createProject", name="alpha")["id"]
    ann.job("addAccountToProject", projectid=project, account="bob")
    calls = [(bob, "updateProjectInvitation", {"projectid": project, "accept": number % 2 == 0})
             for number in range(MANY)]
    assert at_once(service, calls) == {0: 1, 431: MANY - 1}
    (invitation,) = bob.items("listProjectInvitations")
    joined = "bob" in names(ann.items("listProjectAccounts", projectid=project), "account")
    assert invitation["state"] == ("Completed" if joined else "Declined")


def test_nothing_runs_in_a_project_that_was_suspended_meanwhile(built_zone: Zone, service: Service) -> None:
    ann = service.user("ann")
    project = ann.job("createProject", name="alpha")["id"]
    calls = [(ann, "deployVirtualMachine", built_zone.deploy(name=f"n{number}", projectid=project))
             for number in range(4)]
    found = at_once(service, [*calls, (ann, "suspendProject", {"id": project})])
    assert set(found) <= {0, 531}
    shown = ann.one("listProjects")
    assert (shown["state"], shown["vmrunning"]) == ("Suspended", 0)
