"""An SMTP server of the tests: keeps what it is given, and can want a login or TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOGIN = ("postman", "s3cret-of-postman")


@dataclass
class MailServer:
    """A running server.

    Attributes:
        letters: what it took.
        answer: what it says to the next messages instead of taking them; "" takes them.
        logins: who logged in.
    """

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    answer: str = ""
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str],
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - see above
        if self.answer:
            return self.answer
        content = envelope.content
        assert isinstance(content, bytes)
        letter = BytesParser(policy=default).parsebytes(content)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    def login(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        given = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
        if given == LOGIN:
            self.logins.append(LOGIN[0])
        return AuthResult(success=given == LOGIN, handled=given == LOGIN)


def certificate(folder: Path) -> Path:
    """A file with a key and its own certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "mail.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                          serialization.NoEncryption()) + cert.public_bytes(serialization.Encoding.PEM))
    return file


@contextlib.contextmanager
def mail_server(
    *, login: bool = False, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None,
) -> Iterator[MailServer]:
    """A server on a free port of this machine, until the block ends."""
    keeper = MailServer()
    listener = socket.create_server(("127.0.0.1", 0))
    keeper.port = listener.getsockname()[1]
    loop = asyncio.new_event_loop()

    def protocol() -> SMTP:
        with warnings.catch_warnings():  # it warns of a login without TLS, which some servers want
            warnings.simplefilter("ignore")
            return SMTP(keeper, loop=loop, hostname="mail", tls_context=starttls, require_starttls=starttls is not None,
                        auth_required=login, auth_require_tls=starttls is not None, authenticator=keeper.login)

    server = loop.run_until_complete(loop.create_server(protocol, sock=listener, ssl=tls))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield keeper
    finally:
        async def close() -> None:
            server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
