"""How one installation is set up: a few paths and addresses, from the environment, with working defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def home() -> Path:
    """The checkout this package runs from: where playbooks/ and collections/ are."""
    return Path(os.environ.get("STRATOFORM_HOME") or Path(__file__).resolve().parents[2])


@dataclass(frozen=True)
class Config:
    """One installation.

    Attributes:
        var: everything the installation writes (database, keys, logs).
        database: SQLAlchemy URL.
        bind: address and port of the API.
        threads: jobs run at once.
        simulated: secondary storage is simulated too (demonstrations, tests).
        integration_port: instead of what setting integration.api.port says; 0: none.
    """

    var: Path
    database: str
    home: Path
    bind: str = "127.0.0.1:8080"
    threads: int = 16
    simulated: bool = False
    integration_port: int | None = None

    @classmethod
    def from_environment(cls) -> Config:
        """Reads STRATOFORM_VAR, _DATABASE, _BIND, _THREADS, _SIMULATED and _INTEGRATION_PORT."""
        env = os.environ
        port = env.get("STRATOFORM_INTEGRATION_PORT")
        var = Path(env.get("STRATOFORM_VAR") or home() / "var").resolve()
        return cls(
            var=var, database=env.get("STRATOFORM_DATABASE") or f"sqlite:///{var / 'stratoform.db'}", home=home(),
            bind=env.get("STRATOFORM_BIND", "127.0.0.1:8080"), threads=int(env.get("STRATOFORM_THREADS", "16")),
            simulated=env.get("STRATOFORM_SIMULATED", "").lower() in {"1", "true", "yes"},
            integration_port=int(port) if port else None,
        )

    @property
    def endpoint(self) -> str:
        """URL of the API."""
        return f"http://{self.bind}/client/api"

    @property
    def key_file(self) -> Path:
        """The key that encrypts secrets in the database."""
        return self.var / "keys" / "secrets.key"

    @property
    def ssh_key(self) -> Path:
        """The private key this service logs in to hosts with, if the operator made one."""
        return self.var / "keys" / "id_ed25519"

    @property
    def client_config(self) -> Path:
        """The administrator's credentials as the ``cs`` client reads them."""
        return self.var / "cloudstack.ini"
