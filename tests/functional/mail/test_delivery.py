"""Messages reach a real SMTP server on this machine: plainly, with a login, with TLS; refusals say why."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from stratoform.mail import MailFailed, Server, address, deliver, message, server_of
from tests.support.mailserver import LOGIN, certificate, mail_server

SENDER = "cloud@example.org"


def letter(*to: str, subject: str = "An invitation") -> object:
    return message(SENDER, to or ("ann@example.org",), subject, "Grüße\n.\nEnd", "t0ken")


def server(port: int, **more: object) -> Server:
    return Server("127.0.0.1", port, SENDER, **more)


def test_a_message_arrives_as_it_was_written() -> None:
    with mail_server() as mail:
        deliver(server(mail.port), letter("ann@example.org", "bob@example.org"))
    (got,) = mail.letters
    assert (got["From"], got["To"], got["Subject"]) == (SENDER, "ann@example.org, bob@example.org", "An invitation")
    assert got.get_content().splitlines() == ["Grüße", ".", "End"]
    assert got["Message-ID"] == "<t0ken@example.org>"
    assert got["Auto-Submitted"] == "auto-generated"


def test_a_login_is_made_when_it_is_wanted() -> None:
    with mail_server(login=True) as mail:
        deliver(server(mail.port, user=LOGIN[0], password=LOGIN[1]), letter())
        with pytest.raises(MailFailed, match=r"did not accept user name and password \(535\)") as failed:
            deliver(server(mail.port, user=LOGIN[0], password="guess"), letter())
        assert "guess" not in str(failed.value)
        with pytest.raises(MailFailed, match="refused: 530"):
            deliver(server(mail.port), letter())
    assert (len(mail.letters), mail.logins) == (1, [LOGIN[0]])


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_tls_is_spoken_and_the_certificate_checked(kind: str, tmp_path: Path) -> None:
    file = certificate(tmp_path)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(file)
    ours = ssl.create_default_context(cafile=file)
    with mail_server(**{kind: theirs}) as mail:
        deliver(server(mail.port, trust=ours, **{kind: True}), letter())
        with pytest.raises(MailFailed, match="CERTIFICATE_VERIFY_FAILED"):
            deliver(server(mail.port, **{kind: True}), letter())
    assert len(mail.letters) == 1


def test_what_goes_wrong_is_said() -> None:
    with mail_server() as mail:
        with pytest.raises(MailFailed, match=r"refused the recipient: nobody@example\.org: 550 no such mailbox here"):
            deliver(server(mail.port), letter("nobody@example.org"))
        with pytest.raises(MailFailed, match=r"refused some recipients: nobody@example\.org: 550"):
            deliver(server(mail.port), letter("ann@example.org", "nobody@example.org"))
        mail.answer = "452 mailbox full"
        with pytest.raises(MailFailed, match="refused: 452 mailbox full"):
            deliver(server(mail.port), letter())
        gone = mail.port
    with pytest.raises(MailFailed, match=f"mail server 127.0.0.1:{gone}: .*refused"):
        deliver(server(gone), letter())


@pytest.mark.parametrize("subject", ["a\nBcc: all@example.org", "a\r\n\r\nbody"])
def test_no_header_can_be_smuggled_in(subject: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        letter(subject=subject)


@pytest.mark.parametrize("text", [
    "", "ann", "@example.org", "ann@", "ann@example.org,bob@example.org", "Ann <ann@example.org>", "a b@example.org",
    "ann@example.org\nBcc: x@example.org", "ann@[127.0.0.1]", '"a,b"@example.org', "añn@example.org",
    "ann@example.org;bob@example.org",
])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is no mail address"):
        address(text)


def test_what_is_one() -> None:
    assert address("ann.b+cloud@mail.example.org") == "ann.b+cloud@mail.example.org"
    assert address("ann@localhost") == "ann@localhost"


def test_the_settings_make_the_server() -> None:
    values = {"project.smtp.host": "mail.example.org", "project.smtp.port": "465", "project.email.sender": SENDER}
    assert server_of(values, "project", str.upper) == Server("mail.example.org", 465, SENDER, tls=True)
    login = {"project.smtp.useAuth": "true", "project.smtp.username": "u", "project.smtp.password": "sealed",
             "project.smtp.port": "587", "project.smtp.useStartTLS": "true"}
    assert server_of({**values, **login}, "project", str.upper) == Server(
        "mail.example.org", 587, SENDER, "u", "SEALED", starttls=True)
    for name in ("smtp.host", "email.sender"):
        with pytest.raises(MailFailed, match=f"setting project.{name} has no value"):
            server_of({**values, f"project.{name}": ""}, "project", str.upper)
