"""``stratoform doctor`` names what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratoform.cli import main
from stratoform.config import Config, home
from stratoform.db.database import Database
from stratoform.doctor import examine
from stratoform.model.migrations import migrate
from tests.conftest import Service
from tests.support.mariadb import free_port

pytestmark = pytest.mark.sqlite_only


def test_an_installation_that_was_never_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = Config(tmp_path, f"sqlite:///{tmp_path / 'none.db'}", home(), bind=f"127.0.0.1:{free_port()}")
    assert examine(config) == 1
    said = capsys.readouterr().out
    assert "BAD  database: there is none yet\n      -> run make up" in said
    assert "-> run stratoform start" in said


def test_a_schema_that_is_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    db = Database(url)
    migrate(db.engine)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '0000'")
    db.close()
    examine(Config(tmp_path, url, home(), bind=f"127.0.0.1:{free_port()}"))
    assert "run stratoform migrate" in capsys.readouterr().out


def test_storage_that_went_away(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    api = service.admin
    zone = api.one("createZone", name="z", networktype="Advanced", dns1="192.0.2.1", internaldns1="192.0.2.1")["id"]
    api.one("addImageStore", zoneid=zone, name="gone", provider="NFS", url="file:///nowhere/at/all")
    examine(service.cloud.config)
    assert "BAD  secondary storage gone: /nowhere/at/all: No such file or directory" in capsys.readouterr().out


def test_the_program_says_what_it_can(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "doctor" in capsys.readouterr().out
