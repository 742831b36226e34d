"""Fixtures of every test that needs a service: in this process, with simulated hosts, on SQLite and on MariaDB."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import text

from stratoform.app import Cloud, create_app, create_cloud
from stratoform.config import Config, home
from stratoform.db.database import Database
from stratoform.model.bootstrap import admin_keys, new_key
from stratoform.model.migrations import migrate
from stratoform.model.tenancy import Account, Domain, User
from tests.support import mariadb
from tests.support.client import Client
from tests.support.image import Image, dump, load
from tests.support.zone import Zone, build

DATABASES = ("sqlite", "mariadb")

# How long an example takes depends on what else the machine does; the first one waits for tables of Unicode.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", default="both", choices=(*DATABASES, "both"), help="databases to test on")
    parser.addoption("--bench-result", default="", help="file for the numbers of tests/bench")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite_only: what it tests does not depend on the database")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--database")
        kinds = DATABASES if wanted == "both" else (wanted,)
        if metafunc.definition.get_closest_marker("sqlite_only"):
            kinds = tuple(kind for kind in kinds if kind == "sqlite")
        metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.fixture(scope="session")
def mariadb_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mariadb.server(tmp_path_factory.mktemp("mariadb")) as url:
        db = Database(url)
        migrate(db.engine)
        db.close()
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file: copying it is quicker than migrating for every test."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    db = Database(f"sqlite:///{file}")
    migrate(db.engine)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return file


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    return _fresh_database(database_kind, tmp_path, request)


def _fresh_database(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """URL of a migrated, empty database."""
    if kind == "sqlite":
        file = folder / "cloud.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite:///{file}"
    url: str = request.getfixturevalue("mariadb_url")
    _empty(url)
    return url


def _empty(url: str) -> None:
    """Deletes every row of a MariaDB database."""
    db = Database(url)
    with db.engine.begin() as connection:
        tables = [row[0] for row in connection.execute(text("show tables")) if row[0] != "alembic_version"]
        connection.execute(text("set foreign_key_checks = 0"))
        for table in tables:
            connection.execute(text(f"delete from `{table}`"))  # noqa: S608 - names the server gave
        connection.execute(text("set foreign_key_checks = 1"))
    db.close()


@dataclass
class Service:
    """A started service and clients for it."""

    cloud: Cloud
    admin: Client
    clients: dict[str, Client] = field(default_factory=dict)

    def user(self, name: str, kind: int = 0, path: str = "/") -> Client:
        """A client of a new account in the domain of that path (made when missing), with generated keys."""
        key, secret = new_key(), new_key()

        def work(session: Any) -> None:
            domain = session.query(Domain).filter(Domain.path == path).first()
            if domain is None:
                root = session.query(Domain).filter(Domain.path == "/").one()
                domain = Domain(name=path.strip("/"), path=path, parent_id=root.id)
                session.add(domain)
                session.flush()
            account = Account(name=name, domain_id=domain.id, type=kind)
            session.add(account)
            session.flush()
            session.add(User(name=name, account_id=account.id, api_key=key, secret_key=self.cloud.vault.seal(secret)))

        self.cloud.db.write(work)
        return Client(self.admin.http, key, secret)


@pytest.fixture(scope="session")
def zone_image(
    database_kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest,
) -> Image:
    """A zone in which a machine ran already, so that routers, bridges and template copies are there."""
    folder = tmp_path_factory.mktemp("zone")
    url = _fresh_database(database_kind, folder, request)
    config = Config(var=folder / "var", database=url, home=home(), threads=8, simulated=True)
    cloud = create_cloud(config)
    cloud.jobs.start()
    with cloud.db.read() as session:
        admin = Client(create_app(cloud).test_client(), *admin_keys(session, cloud.vault))
    zone = build(admin)
    pioneer = admin.job("deployVirtualMachine", **zone.deploy(name="pioneer"))["id"]
    admin.job("destroyVirtualMachine", id=pioneer, expunge=True)
    cloud.jobs.stop()
    cloud.db.close()
    return Image(dump(url), config.key_file.read_bytes(), zone)


@pytest.fixture
def built_zone(zone_image: Image, database_url: str, tmp_path: Path) -> Zone:
    """The zone of ``zone_image`` in the test's database; ask for it before ``service``."""
    load(database_url, zone_image.rows)
    keys = tmp_path / "var" / "keys"
    keys.mkdir(parents=True)
    (keys / "secrets.key").write_bytes(zone_image.key)
    (keys / "secrets.key").chmod(0o600)
    return zone_image.zone


@pytest.fixture
def make_service(tmp_path: Path, database_url: str) -> Iterator[Callable[..., Service]]:
    """Makes services on the test's database; a second call is a restart in the same process."""
    clouds: list[Cloud] = []

    def make(nodes: Callable[[Any], Any] = lambda nodes: nodes) -> Service:
        config = Config(var=tmp_path / "var", database=database_url, home=home(), threads=8, simulated=True)
        cloud = create_cloud(config, nodes)
        clouds.append(cloud)
        cloud.jobs.start()
        http = create_app(cloud).test_client()
        with cloud.db.read() as session:
            key, secret = admin_keys(session, cloud.vault)
        return Service(cloud, Client(http, key, secret))

    yield make
    for cloud in clouds:
        cloud.jobs.stop()
        cloud.db.close()


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    logging.getLogger("stratoform").setLevel(logging.WARNING)
    return make_service()


@pytest.fixture
def api(service: Service) -> Client:
    """The administrator's client."""
    return service.admin
