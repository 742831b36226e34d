"""The integration port: off by default, loopback only, loud when it is on."""

from __future__ import annotations

import io
import json
import logging
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest

from stratoform.cli import main
from stratoform.config import Config
from stratoform.doctor import examine
from stratoform.integration import IntegrationPort, integration_port
from tests.conftest import Service
from tests.functional.sessions.browser import Site
from tests.support.client import Refused
from tests.support.mariadb import free_port

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def port(service: Service, caplog: pytest.LogCaptureFixture) -> Iterator[IntegrationPort]:
    opened = IntegrationPort(service.cloud, free_port())
    with caplog.at_level(logging.WARNING):
        opened.start()
    yield opened
    opened.stop()


def get(port: IntegrationPort, query: str, host: str = "127.0.0.1", **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(f"http://{host}:{port.port}/client/api?{query}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_it_is_off_by_default(service: Service) -> None:
    config, db = service.cloud.config, service.cloud.db
    assert integration_port(config, db) == 0
    IntegrationPort(service.cloud, 0).start()
    service.admin("updateConfiguration", name="integration.api.port", value=8096)
    assert integration_port(config, db) == 8096
    assert integration_port(replace(config, integration_port=0), db) == 0
    assert integration_port(replace(config, integration_port=18096), db) == 18096
    with pytest.raises(Refused, match="at most 65535"):
        service.admin("updateConfiguration", name="integration.api.port", value=65536)


def test_who_asks_there_is_the_administrator(port: IntegrationPort, caplog: pytest.LogCaptureFixture) -> None:
    status, body = get(port, "command=createZone&name=z&networktype=Advanced&dns1=192.0.2.1&internaldns1=192.0.2.1"
                             "&response=json", host="localhost")
    assert status == 200
    assert json.loads(body)["createzoneresponse"]["zone"]["name"] == "z"
    _, body = get(port, "command=listEvents&response=json&type=ZONE.CREATE")
    assert json.loads(body)["listeventsresponse"]["event"][0]["username"] == "admin"
    (warning,) = [record.message for record in caplog.get_records("setup") if "INTEGRATION" in record.message]
    assert f"http://127.0.0.1:{port.port}/client/api asks for no credentials" in warning
    status, body = get(port, "command=createZone&response=json&password=hunter2")
    assert (status, json.loads(body)["createzoneresponse"]["errorcode"]) == (431, 431)
    assert "hunter2" not in caplog.text


def test_it_does_not_log_in_and_takes_signed_calls_for_what_they_are(port: IntegrationPort) -> None:
    assert get(port, "command=login&username=admin&password=x")[0] == 432
    assert get(port, "command=listZones&apikey=x&signature=y")[0] == 401


def test_browsers_are_kept_out(port: IntegrationPort) -> None:
    for headers in ({"Origin": "https://evil.example.org"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Host": f"evil.example.org:{port.port}"}, {"Host": "evil.example.org"}):
        status, body = get(port, "command=listZones", **headers)
        assert status == 403
        assert b"not for browsers" in body


def test_it_listens_on_the_loopback_address_alone(port: IntegrationPort) -> None:
    for address in {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}:
        if not address.startswith("127."):
            with socket.socket() as probe:
                assert probe.connect_ex((address, port.port)) != 0
    assert port._server.server_address[0] == "127.0.0.1"


def test_it_is_closed_when_the_service_stops(service: Service) -> None:
    port = IntegrationPort(service.cloud, free_port())
    for _ in range(2):
        port.start()
        assert get(port, "command=listZones")[0] == 200
        port.stop()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port.port)) != 0


def test_a_port_that_is_taken_does_not_stop_the_service(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = IntegrationPort(service.cloud, other.getsockname()[1])
        taken.start()
        taken.stop()
    assert "cannot be opened" in caplog.text


def test_the_doctor_and_status_say_that_it_is_on(
    service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    config: Config = service.cloud.config
    examine(config)
    assert "integration port" not in capsys.readouterr().out
    service.admin("updateConfiguration", name="integration.api.port", value=8096)
    examine(config)
    assert "RISK integration port: on at 127.0.0.1:8096: everybody" in capsys.readouterr().out
    monkeypatch.setattr("stratoform.cli._healthy", lambda _config: True)
    monkeypatch.setenv("STRATOFORM_VAR", str(config.var))
    monkeypatch.setenv("STRATOFORM_DATABASE", config.database)
    assert main(["status"]) == 0
    assert "WARNING: the integration port is on: http://127.0.0.1:8096/client/api" in capsys.readouterr().out


def test_the_operator_sets_the_administrators_password(
    service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(service)
    browser = site.browser()
    monkeypatch.setenv("STRATOFORM_VAR", str(service.cloud.config.var))
    monkeypatch.setenv("STRATOFORM_DATABASE", service.cloud.config.database)
    for typed, status, said in (
        ("short\n", 1, "8 to 255 characters"), ("\n", 1, "8 to 255 characters"),
        ("correct horse\n", 0, "the password of admin (domain ROOT) is set"),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert main(["password"]) == status
        out, err = capsys.readouterr()
        assert said in out + err
        assert "correct horse" not in out + err
    assert browser.login("admin", "correct horse")["type"] == "1"
    site.change("admin", state="locked", failed_logins=5)
    monkeypatch.setattr("sys.stdin", io.StringIO("battery staple"))
    assert main(["password"]) == 0
    with pytest.raises(Refused):
        browser("listZones")
    assert browser.login("admin", "battery staple")
