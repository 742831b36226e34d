"""Schema migrations (Alembic). ``migrate`` brings a database to the newest one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


def migrate(engine: Engine) -> None:
    """Upgrades the database's schema to the newest revision; does nothing when it is there."""
    config = _config()
    with engine.execution_options(writing=True).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def newest() -> str | None:
    """The revision a current database has."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
