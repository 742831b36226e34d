"""One running service a database, with a simulated zone; clients get its endpoint and the administrator's keys."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import _fresh_database
from tests.support.client import Client
from tests.support.http import Process
from tests.support.zone import Zone, build


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each database has a worker of its own, so that each starts one service."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            call = getattr(item, "callspec", None)
            item.add_marker(pytest.mark.xdist_group(call.params.get("database_kind", "sqlite") if call else "sqlite"))


@dataclass(frozen=True)
class Running:
    """A service and how to reach it.

    Attributes:
        endpoint: URL of the API.
        key, secret: the administrator's.
        api: a client of the tests' own, to prepare and to look.
        zone: a simulated zone with two hosts.
        ini: the credentials as ``cs`` reads them.
    """

    endpoint: str
    key: str
    secret: str
    api: Client
    zone: Zone
    ini: Path

    @property
    def port(self) -> int:
        """TCP port of the endpoint."""
        return int(self.endpoint.split(":")[2].split("/")[0])

    @property
    def commands(self) -> frozenset[str]:
        """The commands there are."""
        return frozenset(command["name"] for command in self.api.items("listApis"))


@pytest.fixture(scope="session")
def running(
    database_kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest,
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    url = _fresh_database(database_kind, folder, request)
    process = Process(folder / "var", environment={"STRATOFORM_DATABASE": url, "STRATOFORM_SIMULATED": "1"})
    api = process.start()
    try:
        ini = configparser.ConfigParser(interpolation=None)
        ini.read(process.var / "cloudstack.ini")
        yield Running(endpoint=ini["cloudstack"]["endpoint"], key=api.key, secret=api.secret, api=api,
                      zone=build(api, hosts=2), ini=process.var / "cloudstack.ini")
    finally:
        process.stop()
