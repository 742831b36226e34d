"""The ``stratoform`` command."""

from __future__ import annotations

import argparse
import getpass
import json
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from .config import Config


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one subcommand; returns the exit status."""
    parser = argparse.ArgumentParser(prog="stratoform", description="A private cloud that takes the form you declare.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("serve", "run the API service in the foreground"),
        ("start", "start the service in the background and wait until it answers"),
        ("stop", "stop the background service; jobs under way resume at the next start"),
        ("status", "say whether the service answers"),
        ("credentials", "write the administrator's credentials for the cs client"),
        ("password", "set the administrator's password: asked for, or the first line of standard input"),
        ("doctor", "check this machine and the installation; say what is wrong and what to do"),
        ("instances", "show the cloud's virtual machines and how to log in to them"),
        ("migrate", "bring the database schema to the newest version"),
        ("openapi", "print the API as an OpenAPI document"),
        ("reference", "write the API's reference pages into a folder"),
    ):
        subcommand = commands.add_parser(name, help=text, description=text)
        if name == "reference":
            subcommand.add_argument("folder", type=Path, metavar="DIR", help="the folder; it is made")
    asked = parser.parse_args(arguments)
    config = Config.from_environment()
    try:
        if asked.command == "reference":
            return _reference(asked.folder)
        return globals()[f"_{asked.command}"](config)  # type: ignore[no-any-return]  # every subcommand returns int
    except KeyboardInterrupt:
        return 130


def _serve(config: Config) -> int:
    from .server import serve  # noqa: PLC0415 - loads the whole service

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    serve(config)
    return 0


def _pid_file(config: Config) -> Path:
    return config.var / "stratoform.pid"


def _running(config: Config) -> int | None:
    """Process id of the background service, if it lives."""
    try:
        pid = int(_pid_file(config).read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"stratoform" in command else None


def _healthy(config: Config) -> bool:
    try:
        with urllib.request.urlopen(f"http://{config.bind}/client/health", timeout=5) as answer:
            return bool(json.load(answer)["status"] == "ok")
    except (OSError, ValueError, KeyError):
        return False


def _start(config: Config) -> int:
    if _running(config) is not None and _healthy(config):
        print(f"the service answers at {config.endpoint}")
        return _credentials(config)
    log = config.var / "log" / "service.log"
    config.var.mkdir(parents=True, exist_ok=True)
    config.var.chmod(0o700)  # database, keys and logs are nobody else's business
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "stratoform", "serve"], stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
            start_new_session=True, cwd=config.home,
        )
    _pid_file(config).write_text(str(process.pid))
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        if _healthy(config):
            print(f"the service is started: {config.endpoint} (process {process.pid}, log {log})")
            return _credentials(config)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    tail = "".join(f"  {line}\n" for line in log.read_text(errors="replace").splitlines()[-12:])
    print(f"the service did not start; the end of {log}:\n{tail}", file=sys.stderr)
    return 1


def _stop(config: Config) -> int:
    pid = _running(config)
    if pid is None:
        print("the service is not running")
        return 0
    os.kill(pid, signal.SIGTERM)
    limit = time.monotonic() + 60
    while time.monotonic() < limit and _running(config) is not None:
        time.sleep(0.1)
    if _running(config) is not None:
        print(f"process {pid} did not end within 60 s", file=sys.stderr)
        return 1
    _pid_file(config).unlink(missing_ok=True)
    print("the service is stopped")
    return 0


def _status(config: Config) -> int:
    healthy = _healthy(config)
    print(f"the service {'answers' if healthy else 'does not answer'} at {config.endpoint}")
    if healthy:
        _warn_of_integration_port(config)
    return 0 if healthy else 1


def _warn_of_integration_port(config: Config) -> None:
    from .db.database import Database  # noqa: PLC0415 - loads SQLAlchemy
    from .integration import WARNING, integration_port  # noqa: PLC0415 - loads the whole service

    if port := integration_port(config, Database(config.database, pool_size=1)):
        print(f"WARNING: the integration port is on: http://127.0.0.1:{port}/client/api; {WARNING}")


def _password(config: Config) -> int:
    from .credentials import set_admin_password  # noqa: PLC0415 - loads SQLAlchemy

    if sys.stdin.isatty():
        password = getpass.getpass("New password of the administrator: ")
        if getpass.getpass("Once more: ") != password:
            print("the two differ; nothing is changed", file=sys.stderr)
            return 1
    else:
        password = sys.stdin.readline().rstrip("\n")
    try:
        set_admin_password(config, password)
    except (LookupError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print("the password of admin (domain ROOT) is set; its sessions are ended")
    return 0


def _openapi(_config: Config) -> int:
    from .app import load_commands  # noqa: PLC0415 - loads the whole service
    from .reference.openapi import document  # noqa: PLC0415 - see above

    load_commands()
    print(json.dumps(document(), indent=1, ensure_ascii=False))
    return 0


def _reference(folder: Path) -> int:
    from .app import load_commands  # noqa: PLC0415 - loads the whole service
    from .reference.pages import write  # noqa: PLC0415 - see above

    load_commands()
    print(f"{write(folder)} files written: {folder / 'index.html'}")
    return 0


def _migrate(config: Config) -> int:
    from .db.database import Database  # noqa: PLC0415 - loads SQLAlchemy
    from .model.migrations import migrate  # noqa: PLC0415 - loads Alembic

    migrate(Database(config.database).engine)
    return 0


def _credentials(config: Config) -> int:
    from .credentials import write_client_config  # noqa: PLC0415 - loads SQLAlchemy

    path = write_client_config(config)
    print(f"credentials for cs: export CLOUDSTACK_CONFIG={path}")
    return 0


def _doctor(config: Config) -> int:
    from .doctor import examine  # noqa: PLC0415 - loads the whole service

    return examine(config)


def _instances(config: Config) -> int:
    from .credentials import instances  # noqa: PLC0415 - loads SQLAlchemy

    rows = instances(config)
    print(f"endpoint     {config.endpoint}\ncredentials  export CLOUDSTACK_CONFIG={config.client_config}")
    for name, state, address, key in rows:
        login = f"ssh -i {key} root@{address}" if key and state == "Running" else ""
        print(f"instance     {name}  {state}  {address}  {login}".rstrip())
    return 0
