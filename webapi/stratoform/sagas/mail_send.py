"""Send a message of the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.mail import MailFailed, deliver, message, server_of
from stratoform.model.mail import MAIL_STATES, OutgoingMail, postpone
from stratoform.model.records import Event
from stratoform.model.tenancy import Account, system

from .services import Ctx, Services


def _send(ctx: Ctx) -> Output:
    """Hands it in. After a crash in between it may be sent twice: better than not at all."""
    with ctx.services.db.read() as session:
        row = session.get_one(OutgoingMail, ctx.args["mail_id"])
        values = ctx.services.settings.everything(session)
    if row.state != "Waiting":
        return None
    vault = ctx.services.vault
    try:
        server = server_of(values, row.purpose, vault.open)
        deliver(server, message(server.sender, row.recipients, row.subject, vault.open(row.text), row.uuid))
    except MailFailed as error:
        raise ApiError(Fault.RESOURCE_UNAVAILABLE, f"Failed to send '{row.subject}': {error}") from error
    return None


def _sent(ctx: Ctx, session: Session) -> Output:
    row = session.get_one(OutgoingMail, ctx.args["mail_id"])
    MAIL_STATES.move(session, row, "send", error=None)
    return None


def _failed(session: Session, args: Mapping[str, Any], why: str) -> None:
    """What follows from a job that failed: the message is tried again later, or its failure becomes an event."""
    row = session.get_one(OutgoingMail, args["mail_id"])
    if row.state != "Waiting" or postpone(session, row, why):
        return
    me, owner = system(session), session.get(Account, row.account_id)
    session.add(Event(
        type=row.event, level="ERROR", state="Completed", user_id=me.user_id,
        account_id=owner.id if owner is not None else me.account_id,
        domain_id=owner.domain_id if owner is not None else me.domain_id,
        description=f"Gave up after {row.attempts} attempts: {why}"[:1024],
    ))


SAGA: Saga[Services] = Saga("mail_send", (
    act("send", "Handing the message to the mail server", _send),
    db("sent", "Recording that it was sent", _sent),
), _failed)


def order(row: OutgoingMail) -> Order:
    """The job that sends a message."""
    return Order(SAGA.name, {"mail_id": row.id}, (Lock(f"outgoing_mail:{row.id}"),))
