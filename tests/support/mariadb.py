"""A MariaDB server of the tests' own, on a loopback port, ended by its process id."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    """A TCP port on loopback nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Runs a server with its data in the folder; gives the URL of an empty database on it."""
    data, port = folder / "data", free_port()
    user = getpass.getuser()  # the server runs as whoever runs the tests: no system user is needed
    subprocess.run(["mariadb-install-db", "--no-defaults", f"--user={user}", f"--datadir={data}",
                    "--auth-root-authentication-method=socket", f"--auth-root-socket-user={user}", "--skip-test-db"],
                   check=True, capture_output=True, timeout=120)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults", f"--user={user}", f"--datadir={data}",
             f"--socket={data}/s.sock", f"--port={port}", "--bind-address=127.0.0.1",
             f"--tmpdir={data}",  # a server deletes what others have in a folder of temporary tables they share
             "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--max-connections=300"],
            stdout=subprocess.DEVNULL, stderr=log)
    try:
        sql = ["mariadb", "--no-defaults", f"--socket={data}/s.sock", f"-u{user}", "-e"]
        make = ("create database cloud character set utf8mb4; create user cloud@'127.0.0.1' identified by 'cloud'; "
                "grant all on *.* to cloud@'127.0.0.1'")
        limit = time.monotonic() + 60
        while subprocess.run([*sql, make], capture_output=True, check=False).returncode and time.monotonic() < limit:
            time.sleep(0.1)
        yield f"mysql+pymysql://cloud:cloud@127.0.0.1:{port}/cloud"
    finally:
        process.terminate()
        process.wait(timeout=60)
