"""Mail: one message through a configured SMTP server.

Nobody who wants a message sent calls this room. They call ``model.mail.post(session, vault, Letter(...))`` in their own
transaction, which keeps the message in an outbox; the reconciler "mail" orders a job for each that is due, and the job
(sagas/mail_send.py) calls ``deliver``. A message that could not be sent is tried again, ever more seldom; after
``model.mail.ATTEMPTS`` its failure is an event of level ERROR.

Which server: the settings that begin with the letter's ``purpose``, e.g. ``project.smtp.host`` or ``alert.smtp.host``:
``host``, ``port``, ``useAuth``, ``username``, ``password``, ``useStartTLS``, and ``<purpose>.email.sender``.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime

SMTPS = 465
"""The port on which TLS begins with the first byte (RFC 8314, section 3.3)."""
_ATOM = "[!#$%&'*+\\-/0-9=?A-Z^_`a-z{|}~]+"
_PLAIN = re.compile(rf"{_ATOM}(\.{_ATOM})*@[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*")
"""Addresses as people have them: no quotes, comments, lists or bare IP addresses (RFC 5321, Dot-string@Domain)."""
LONGEST = 254
"""Characters an address may have (RFC 5321, section 4.5.3.1.3, less the brackets)."""
SECONDS = 30.0
"""How long a mail server may be silent."""


class MailFailed(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """The message was not taken; the text says why, without any secret."""


@dataclass(frozen=True)
class Server:
    """Where messages are handed in.

    Attributes:
        host, port: of the SMTP server.
        sender: the address messages come from.
        user, password: what it is logged in with; None: it takes messages from anybody.
        tls: TLS begins with the first byte.
        starttls: the connection turns to TLS before anything else is said.
        trust: who may vouch for the server's certificate; None: the certificate authorities of this machine.
    """

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = None
    tls: bool = False
    starttls: bool = False
    trust: ssl.SSLContext | None = None


def server_of(values: Mapping[str, str], purpose: str, unseal: Callable[[str], str]) -> Server:
    """The server the settings name.

    Args:
        values: every global setting, name to text.
        purpose: what their names begin with, e.g. ``project``.
        unseal: opens the password, which is kept encrypted.

    Raises:
        MailFailed: a setting that is needed has no value; its name is in the text.
    """
    def needed(name: str) -> str:
        value = values.get(f"{purpose}.{name}", "")
        if not value:
            raise MailFailed(f"setting {purpose}.{name} has no value; set it with updateConfiguration")
        return value

    login = values.get(f"{purpose}.smtp.useAuth") == "true"
    port = int(needed("smtp.port"))
    return Server(
        needed("smtp.host"), port, needed("email.sender"), tls=port == SMTPS,
        user=needed("smtp.username") if login else None,
        password=unseal(needed("smtp.password")) if login else None,
        starttls=values.get(f"{purpose}.smtp.useStartTLS") == "true",
    )


def address(text: str) -> str:
    """The one address a text is, e.g. ``ann@example.org``.

    Raises:
        ValueError: it is none, or more than that.
    """
    if len(text) > LONGEST or not _PLAIN.fullmatch(text):
        msg = f"{text[:60]!r} is no mail address"
        raise ValueError(msg)
    return text


def message(sender: str, recipients: Sequence[str], subject: str, text: str, token: str) -> EmailMessage:
    """The message as it travels. Line breaks in headers are refused by the library that writes them.

    Args:
        sender: its address.
        recipients: their addresses.
        subject: one line.
        text: what is to be read.
        token: makes its Message-ID the same each time, so that a reader's program can tell a second copy.
    """
    letter = EmailMessage()
    letter["From"] = Address(addr_spec=sender)
    letter["To"] = [Address(addr_spec=one) for one in recipients]
    letter["Subject"] = subject
    letter["Date"] = localtime()
    letter["Message-ID"] = f"<{token}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday program answers it
    letter.set_content(text)
    return letter


def deliver(server: Server, letter: EmailMessage) -> None:
    """Hands a message in. Doing it twice sends it twice.

    Raises:
        MailFailed: the server could not be reached, or did not take it for all recipients.
    """
    where = f"mail server {server.host}:{server.port}"
    try:
        with closing(_connect(server)) as smtp:
            if server.user is not None:
                smtp.login(server.user, server.password or "")
            refused = smtp.send_message(letter)
            smtp.quit()
    except smtplib.SMTPAuthenticationError as error:
        raise MailFailed(f"{where} did not accept user name and password ({error.smtp_code})") from None
    except smtplib.SMTPResponseException as error:
        raise MailFailed(f"{where} refused: {error.smtp_code} {_words(error.smtp_error)}") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise MailFailed(f"{where} refused the recipient: {_refusals(error.recipients)}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailFailed(f"{where}: {error or type(error).__name__}") from error
    if refused:
        raise MailFailed(f"{where} refused some recipients: {_refusals(refused)}")


def _connect(server: Server) -> smtplib.SMTP:
    trust = server.trust or ssl.create_default_context()
    if server.tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=trust)
    smtp = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    try:
        if server.starttls:
            smtp.starttls(context=trust)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _words(answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:200]


def _refusals(recipients: Mapping[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{who}: {code} {_words(why)}" for who, (code, why) in recipients.items())[:400]
