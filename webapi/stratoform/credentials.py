"""What a person needs to use the cloud: the client configuration, and where the machines are."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from .config import Config
from .db.database import Database
from .model.addresses import text
from .model.bootstrap import admin, admin_keys
from .model.compute import Vm
from .model.network import Nic
from .model.sessions import end_sessions
from .secrets import Vault, hash_password


def write_client_config(config: Config) -> Path:
    """Writes the administrator's credentials (mode 0600) in the format of the ``cs`` client; returns the file."""
    db = Database(config.database, pool_size=1)
    with db.read() as session:
        key, secret = admin_keys(session, Vault.at(config.key_file))
    db.close()
    ini = configparser.ConfigParser(interpolation=None)
    ini["cloudstack"] = {"endpoint": config.endpoint, "key": key, "secret": secret, "timeout": "60"}
    descriptor = os.open(config.client_config, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        ini.write(stream)
    config.client_config.chmod(0o600)
    return config.client_config


SHORTEST = 8
"""Characters an administrator's password has at least."""


def set_admin_password(config: Config, password: str) -> None:
    """Sets the administrator's password, unlocks the user and ends its sessions.

    Raises:
        ValueError: the password is too short or too long.
        LookupError: there is no administrator yet.
    """
    if not SHORTEST <= len(password) <= 255:  # noqa: PLR2004 - what login takes
        msg = f"the password must have {SHORTEST} to 255 characters"
        raise ValueError(msg)
    kept = hash_password(password)

    def work(session: Session) -> None:
        user = admin(session)
        user.password, user.state, user.failed_logins = kept, "enabled", 0
        end_sessions(session, [user.id])

    db = Database(config.database, pool_size=1)
    try:
        db.write(work)
    finally:
        db.close()


def instances(config: Config) -> list[tuple[str, str, str, Path | None]]:
    """(name, state, address, private key to log in with if it is ours) of every machine there is."""
    db = Database(config.database, pool_size=1)
    with db.read() as session:
        rows = session.execute(
            select(Vm.display_name, Vm.state, Nic.ip, Vm.keypair).outerjoin(Nic, Nic.vm_id == Vm.id)
            .where(Vm.removed.is_(None)).order_by(Vm.id, Nic.device)
        ).all()
    db.close()
    return [(name, state, text(ip) if ip else "-", _key(config, key)) for name, state, ip, key in rows]


def _key(config: Config, keypair: str | None) -> Path | None:
    file = config.var / "keys" / (keypair or "-")
    return file if file.exists() else None
