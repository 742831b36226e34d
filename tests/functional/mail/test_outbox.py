"""What is posted is sent by a job; what cannot be sent is tried again, and given up in public."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stratoform.jobs.tables import Job
from stratoform.model.base import now
from stratoform.model.mail import ATTEMPTS, Letter, OutgoingMail, post
from stratoform.model.records import SettingValue
from stratoform.model.tenancy import Account
from tests.conftest import Service
from tests.support.client import Client
from tests.support.mailserver import LOGIN, MailServer, mail_server


@pytest.fixture
def mail(service: Service) -> Iterator[MailServer]:
    with mail_server() as running:
        configure(service.admin, running)
        yield running


def configure(api: Client, running: MailServer, **more: Any) -> None:
    values = {"project.smtp.host": "127.0.0.1", "project.smtp.port": running.port,
              "project.email.sender": "cloud@example.org", **more}
    for name, value in values.items():
        api("updateConfiguration", name=name, value=value)


def put(service: Service) -> None:
    def work(session: Session) -> None:
        admin = session.scalars(select(Account.id).where(Account.name == "admin")).one()
        post(session, service.cloud.vault, Letter(
            "project", ["ann@example.org"], "Hello", "the s3cret text", "PROJECT.ACCOUNT.ADD", admin))

    service.cloud.db.write(work)


def run(service: Service) -> str:
    """Runs the reconciler to its end, with the jobs it ordered."""
    item = next(r for r in service.cloud.reconcilers.reconcilers if r.name == "mail")
    service.cloud.reconcilers.run_one(item)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with service.cloud.db.read() as session:
            if session.scalar(select(Job.id).where(Job.state.in_(("queued", "running", "undoing")))) is None:
                return item.status
        time.sleep(0.01)
    raise TimeoutError


def row(service: Service) -> OutgoingMail:
    with service.cloud.db.read() as session:
        return session.scalars(select(OutgoingMail)).one()


def hurry(service: Service) -> None:
    service.cloud.db.write(lambda session: session.execute(update(OutgoingMail).values(not_before=now())))


def test_a_message_is_sent_once_and_kept_sealed(service: Service, mail: MailServer) -> None:
    put(service)
    assert "s3cret" not in row(service).text
    assert run(service) == "1 messages to send"
    assert [(letter["To"], letter.get_content().strip()) for letter in mail.letters] == [
        ("ann@example.org", "the s3cret text")]
    assert row(service).state == "Sent"
    assert run(service) == ""
    with service.cloud.db.read() as session:
        assert "s3cret" not in str([(job.args, job.result) for job in session.scalars(select(Job))])


def test_what_is_refused_is_tried_again_later(service: Service, mail: MailServer) -> None:
    mail.answer = "451 come back later"
    put(service)
    run(service)
    kept = row(service)
    assert (kept.state, kept.attempts) == ("Waiting", 1)
    assert "451 come back later" in str(kept.error)
    assert kept.not_before > now() + timedelta(seconds=20)
    (job,) = (job for job in service.admin.items("listAsyncJobs", listall=True) if job["jobstatus"] == 2)
    assert "Failed to send 'Hello'" in job["jobresult"]["errortext"]
    assert run(service) == ""
    mail.answer = ""
    hurry(service)
    run(service)
    assert (row(service).state, len(mail.letters)) == ("Sent", 1)


def test_what_cannot_be_sent_is_given_up_and_an_event_says_so(service: Service, mail: MailServer) -> None:
    mail.answer = "554 never"
    put(service)
    service.cloud.db.write(lambda session: session.execute(update(OutgoingMail).values(attempts=ATTEMPTS - 1)))
    run(service)
    assert row(service).state == "Failed"
    (event,) = service.admin.items("listEvents", type="PROJECT.ACCOUNT.ADD")
    assert event["level"] == "ERROR"
    assert f"Gave up after {ATTEMPTS} attempts: Failed to send 'Hello': mail server" in event["description"]
    assert "s3cret" not in event["description"]
    hurry(service)
    assert run(service) == ""


def test_a_server_that_wants_a_login_gets_it_and_nobody_sees_the_password(service: Service, api: Client) -> None:
    with mail_server(login=True) as mail:
        configure(api, mail, **{"project.smtp.useAuth": "true", "project.smtp.username": LOGIN[0],
                                "project.smtp.password": LOGIN[1]})
        put(service)
        run(service)
    assert (len(mail.letters), mail.logins) == (1, [LOGIN[0]])
    shown = api.one("listConfigurations", name="project.smtp.password")
    assert shown["value"] == "********"
    with service.cloud.db.read() as session:
        values = list(session.scalars(select(SettingValue.value)))
    everything = str([values, api.items("listEvents"), api.items("listConfigurations", pagesize=500, page=1)])
    assert LOGIN[1] not in everything


def test_without_a_server_the_job_names_the_setting(service: Service, api: Client) -> None:
    put(service)
    run(service)
    assert "setting project.smtp.host has no value" in str(row(service).error)
    assert api.items("listAsyncJobs", listall=True)[-1]["jobstatus"] == 2
