"""Schema migrations (Alembic). ``migrate`` brings a database to the newest one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from stratoform.db.database import rebuilding

COLLATION = "utf8mb4_nopad_bin"
"""MariaDB's collation that tells all texts apart, as SQLite does. Its default takes keys and names of other case, other
accents, and any two emoji for equal; what is sought in any case says so (``icontains``)."""


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrades the database's schema to a revision, the newest unless said; does nothing when it is there."""
    config = _config()
    with rebuilding(engine) as connection:
        _collate(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _collate(connection: Connection) -> None:
    """Makes COLLATION that of the tables to be made, on MariaDB."""
    if connection.dialect.name == "sqlite":
        return
    if connection.exec_driver_sql("select @@collation_database").scalar() != COLLATION:
        connection.exec_driver_sql(f"alter database character set utf8mb4 collate {COLLATION}")


def newest() -> str | None:
    """The revision a current database has."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
