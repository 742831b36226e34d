"""A service in a process of its own, and a client that speaks HTTP to it."""

from __future__ import annotations

import configparser
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stratoform.config import home
from tests.support.client import Client
from tests.support.mariadb import free_port


class _Answer:
    def __init__(self, status: int, body: bytes) -> None:
        self.status_code = status
        self._body = body

    def get_json(self) -> Any:
        return json.loads(self._body)


class Http:
    """What tests.support.client.Client needs of an HTTP client, over a real connection."""

    def __init__(self, base: str) -> None:
        self.base = base

    def post(self, path: str, data: str, content_type: str) -> _Answer:
        request = urllib.request.Request(self.base + path, data.encode(), {"Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return _Answer(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            return _Answer(error.code, error.read())


class KeepAlive:
    """The same over one connection that is kept open; it knows how long answers took to arrive."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=120)
        self._seconds = 0.0

    def post(self, path: str, data: str, content_type: str) -> _Answer:
        began = time.perf_counter()
        self._connection.request("POST", path, data.encode(), {"Content-Type": content_type})
        answer = self._connection.getresponse()
        body = answer.read()
        self._seconds += time.perf_counter() - began
        return _Answer(answer.status, body)

    def timed(self, call: Callable[[], object]) -> float:
        """Milliseconds from request to last byte of what a call asks; what it does with the answers does not count."""
        before = self._seconds
        call()
        return (self._seconds - before) * 1000

    def close(self) -> None:
        self._connection.close()


@dataclass
class Process:
    """``stratoform serve`` with a folder, a port and a database of its own."""

    var: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Client:
        """Starts the service; a client of its administrator, when it answers."""
        env = {**os.environ, "STRATOFORM_VAR": str(self.var), "STRATOFORM_BIND": f"127.0.0.1:{self.port}",
               "STRATOFORM_HOME": str(home()), **self.environment}
        self.var.mkdir(parents=True, exist_ok=True)
        with (self.var / "service.log").open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "stratoform", "serve"], env=env, stdout=log,
                                            stderr=log, start_new_session=True)
        limit = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, (self.var / "service.log").read_text()
            assert time.monotonic() < limit, (self.var / "service.log").read_text()
            time.sleep(0.1)
        subprocess.run([sys.executable, "-m", "stratoform", "credentials"], env=env, check=True, capture_output=True)
        ini = configparser.ConfigParser(interpolation=None)
        ini.read(self.var / "cloudstack.ini")
        return Client(Http(f"http://127.0.0.1:{self.port}"), ini["cloudstack"]["key"], ini["cloudstack"]["secret"])

    def kill(self) -> None:
        """Ends the whole service at once, as a power cut would: nothing in it can react."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)

    def stop(self) -> None:
        """Ends the service properly."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/client/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
