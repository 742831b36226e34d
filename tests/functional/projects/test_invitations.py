"""Invitations: to accounts and to addresses, answered, expired, taken back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from stratoform.jobs.tables import Job
from stratoform.model.base import now
from stratoform.model.projects import ProjectInvitation
from tests.conftest import Service
from tests.functional.mail.test_outbox import configure, run
from tests.functional.projects.test_projects import names, refused
from tests.support.client import Client
from tests.support.mailserver import MailServer, mail_server


@pytest.fixture
def ann(service: Service) -> Client:
    service.admin("updateConfiguration", name="project.invite.required", value="true")
    return service.user("ann")


@pytest.fixture
def bob(service: Service) -> Client:
    return service.user("bob")


@pytest.fixture
def project(ann: Client) -> str:
    return str(ann.job("createProject", name="alpha")["id"])


@pytest.fixture
def mail(service: Service) -> Iterator[MailServer]:
    with mail_server() as running:
        configure(service.admin, running)
        yield running


def states(client: Client, **more: Any) -> list[str]:
    return names(client.items("listProjectInvitations", **more), "state")


def invite(ann: Client, project: str, **whom: str) -> None:
    assert ann.job("addAccountToProject", projectid=project, **whom) is True


def members(ann: Client, project: str) -> list[str]:
    return names(ann.items("listProjectAccounts", projectid=project), "account")


def test_an_invited_account_becomes_a_member_by_accepting(ann: Client, bob: Client, project: str) -> None:
    assert ann("listCapabilities")["capability"]["projectinviterequired"] is True
    invite(ann, project, account="bob")
    assert members(ann, project) == ["ann"]
    got = bob.one("listProjectInvitations")
    assert {name: got[name] for name in ("project", "projectid", "account", "domain", "state")} == {
        "project": "alpha", "projectid": project, "account": "bob", "domain": "ROOT", "state": "Pending"}
    refused(431, "an invitation is pending already", ann, "addAccountToProject", projectid=project, account="bob")
    refused(431, "no project with id", bob, "listProjectAccounts", projectid=project)
    assert bob.job("updateProjectInvitation", projectid=project) is True
    assert members(bob, project) == ["ann", "bob"]
    assert states(bob) == ["Completed"]
    assert bob.items("listProjectInvitations", activeonly=True) == []
    refused(431, "has an open invitation for this account", bob, "updateProjectInvitation", projectid=project)
    refused(431, "'bob' is a member", ann, "addAccountToProject", projectid=project, account="bob")


def test_an_invitation_can_be_declined_taken_back_and_made_anew(ann: Client, bob: Client, project: str) -> None:
    invite(ann, project, account="bob")
    bob.job("updateProjectInvitation", projectid=project, accept=False)
    assert (states(bob), members(ann, project)) == (["Declined"], ["ann"])
    invite(ann, project, account="bob")
    pending = ann.one("listProjectInvitations", projectid=project, state="pending")["id"]
    refused(531, "is changed by its administrator", bob, "deleteProjectInvitation", id=pending)
    assert ann.job("deleteProjectInvitation", id=pending) is True
    assert states(ann, projectid=project) == ["Declined"]
    refused(431, "has an open invitation", bob, "updateProjectInvitation", projectid=project)


def test_an_invitation_expires(service: Service, api: Client, ann: Client, bob: Client, project: str) -> None:
    api("updateConfiguration", name="project.invite.timeout", value="60000")
    invite(ann, project, account="bob")
    with service.cloud.db.read() as session:
        expires = session.scalars(select(ProjectInvitation.expires)).one()
    assert now() < expires <= now() + timedelta(seconds=60)
    service.cloud.db.write(lambda session: session.execute(
        update(ProjectInvitation).values(expires=now() - timedelta(seconds=1))))
    refused(431, "has an open invitation", bob, "updateProjectInvitation", projectid=project)
    assert bob.items("listProjectInvitations", activeonly=True) == []
    item = next(r for r in service.cloud.reconcilers.reconcilers if r.name == "invitations")
    service.cloud.reconcilers.run_one(item)
    assert item.status == "1 invitations expired"
    assert states(bob) == ["Expired"]
    service.cloud.reconcilers.run_one(item)
    assert item.status == ""
    invite(ann, project, account="bob")


def test_who_has_the_token_of_a_mail_may_join(
    service: Service, ann: Client, bob: Client, project: str, mail: MailServer,
) -> None:
    eve = service.user("eve", 0, "/e/")
    invite(ann, project, email="bob@example.org")
    run(service)
    (letter,) = mail.letters
    assert letter["Subject"] == "Invitation to the project 'alpha'"
    text = letter.get_content()
    assert project in text
    (token,) = re.findall(r"token=(\S+)", text)
    shown = ann.one("listProjectInvitations", projectid=project)
    assert (shown["email"], shown["state"]) == ("bob@example.org", "Pending")
    assert "account" not in shown
    with service.cloud.db.read() as session:
        assert token not in str(session.execute(select(ProjectInvitation.__table__)).all())
        assert token not in str([(job.args, job.result) for job in session.scalars(select(Job))])
    refused(431, "an invitation is pending already", ann, "addAccountToProject", projectid=project,
            email="bob@example.org")

    for wrong in ({}, {"token": token[::-1]}, {"token": "%"}):
        refused(431, "has an open invitation for this account", bob, "updateProjectInvitation", projectid=project,
                **wrong)
    refused(431, "only accounts of domain 'ROOT' can be members", eve, "updateProjectInvitation", projectid=project,
            token=token)
    bob.job("updateProjectInvitation", projectid=project, token=token)
    assert members(ann, project) == ["ann", "bob"]
    refused(431, "has an open invitation", bob, "updateProjectInvitation", projectid=project, token=token)


def test_nobody_is_invited_by_mail_without_a_mail_server(ann: Client, project: str) -> None:
    refused(431, "parameter email: no invitation can be sent: setting project.smtp.host has no value", ann,
            "addAccountToProject", projectid=project, email="bob@example.org")
    for wrong in ("bob", "bob@example.org,eve@example.org", "bob@example.org\nBcc: eve@example.org"):
        refused(431, "parameter email", ann, "addAccountToProject", projectid=project, email=wrong)


def test_a_stranger_learns_nothing_of_a_project(service: Service, ann: Client, bob: Client, project: str) -> None:
    carl = service.user("carl")
    invite(ann, project, account="bob")
    nobodys = str(uuid.uuid4())
    for more in ({}, {"account": "bob"}, {"token": "x"}, {"account": "carl", "accept": False}):
        told = []
        for id_ in (project, nobodys):
            try:
                carl("updateProjectInvitation", projectid=id_, **more)
            except Exception as error:  # noqa: BLE001 - it is compared
                told.append(str(error).replace(id_, "X"))
        assert len(told) == 2
        assert told[0] == told[1]
    assert carl.items("listProjectInvitations", listall=True) == []
    assert len(bob.items("listProjectInvitations", listall=True)) == 1


def test_administrators_of_the_domain_see_and_answer(service: Service, api: Client, ann: Client, project: str) -> None:
    dora, dan = service.user("dora", 2, "/d/"), service.user("dan", 0, "/d/")
    service.user("dave", 0, "/d/")
    inner = dan.job("createProject", name="inner")["id"]
    invite(dan, inner, account="dave")
    service.user("bob")
    invite(ann, project, account="bob")
    assert names(dora.items("listProjectInvitations", listall=True), "project") == ["inner"]
    assert names(api.items("listProjectInvitations", listall=True), "project") == ["alpha", "inner"]
    refused(431, "no project with id", dora, "updateProjectInvitation", projectid=project, account="bob")
    dora.job("updateProjectInvitation", projectid=inner, account="dave")
    assert members(dan, inner) == ["dan", "dave"]
    refused(531, "is Suspended", suspended_join(api, project), project)


def suspended_join(api: Client, project: str) -> Any:
    api.job("suspendProject", id=project)
    return lambda id_: api("updateProjectInvitation", projectid=id_, account="bob")
