"""Invitations to projects: when they are made, how they are told, who they are for."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import or_, select

from stratoform.commands.frame.context import Context
from stratoform.commands.frame.params import Text, refuse, shown
from stratoform.mail import MailFailed, address, server_of
from stratoform.model.base import now
from stratoform.model.mail import Letter, post
from stratoform.model.projects import Project, ProjectInvitation
from stratoform.model.tenancy import Account

PURPOSE: Final = "project"
"""What the settings of the mail server for invitations begin with."""
LETTER: Final = """You are invited to the project '{project}'.

Accept or decline until {until} with the API command updateProjectInvitation:

  projectid={id}
  token={token}
  accept=true (or false)

Call it as a user of the account that shall become a member; the account must be in the domain '{domain}'.
"""


class MailAddress(Text):
    """A mail address."""

    def read(self, text: str) -> str:
        """See Param.read."""
        try:
            return address(super().read(text))
        except ValueError:
            raise refuse(self.name, f"{shown(text)} is no mail address, e.g. ann@example.org") from None


def inviting(context: Context) -> bool:
    """Whether members are invited instead of added."""
    return context.shared.settings.flag(context.session, "project.invite.required")


def hashed(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def pending(context: Context, project: Project, *conditions: object) -> ProjectInvitation | None:
    """The open invitation to a project that meets the conditions."""
    return context.live(ProjectInvitation, ProjectInvitation.project_id == project.id,
                        ProjectInvitation.state == "Pending", ProjectInvitation.expires > now(), *conditions)


def invited(context: Context, project: Project, account: str | None, email: str | None) -> bool:
    """Whether the account, or the address, has an open invitation."""
    named = select(Account.id).where(Account.domain_id == project.domain_id, Account.name == account,
                                     Account.removed.is_(None))
    whom: list[Any] = [ProjectInvitation.account_id.in_(named)] if account is not None else []
    whom += [ProjectInvitation.email == email] if email is not None else []
    return pending(context, project, or_(*whom)) is not None


def demand_mail_server(context: Context) -> None:
    """Refuses to invite by mail when no mail server is configured: nobody would get the invitation.

    Raises:
        ApiError: BAD_PARAMETER, naming the setting that is missing.
    """
    try:
        server_of(context.shared.settings.everything(context.session), PURPOSE, context.shared.vault.open)
    except MailFailed as error:
        raise refuse("email", f"no invitation can be sent: {error}") from None


def invite(context: Context, project: Project, account: Account | None, email: str | None, domain: str) -> None:
    """Records an invitation, and posts the mail that tells of it when there is an address."""
    lasts = timedelta(milliseconds=context.shared.settings.whole(context.session, "project.invite.timeout"))
    token = secrets.token_urlsafe(24) if email is not None else None
    invitation = ProjectInvitation(
        project_id=project.id, domain_id=project.domain_id, account_id=account.id if account is not None else None,
        email=email, token=hashed(token) if token is not None else None, expires=now() + lasts,
    )
    context.session.add(invitation)
    if email is None or token is None:
        return
    text = LETTER.format(project=project.name, id=project.uuid, token=token, domain=domain,
                         until=f"{invitation.expires:%Y-%m-%d %H:%M} UTC")
    post(context.session, context.shared.vault, Letter(
        PURPOSE, [email], f"Invitation to the project '{project.name}'", text, "PROJECT.ACCOUNT.ADD",
        project.account_id))
