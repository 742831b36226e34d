"""The integration port: whoever asks on it, from this machine, is the administrator (CloudStack API, port 8096).

It is off unless setting ``integration.api.port`` or STRATOFORM_INTEGRATION_PORT names a port.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from threading import Thread
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from .access.visit import Visit
from .app import Cloud
from .commands.frame.caller import Caller
from .commands.frame.directory import caller_of
from .config import Config
from .db.database import Database
from .model.bootstrap import admin
from .model.settings import Settings
from .wire.http import blueprint
from .wire.sessions import Entrance

log = logging.getLogger(__name__)

ADDRESS = "127.0.0.1"
NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
WARNING = "everybody who can log in to this machine is the cloud's administrator there"


def integration_port(config: Config, db: Database) -> int:
    """The port that is configured; 0: none."""
    if config.integration_port is not None:
        return config.integration_port
    with db.read() as session:
        return Settings().whole(session, "integration.api.port")


def create_integration_app(cloud: Cloud) -> Flask:
    """The WSGI application of the port: the API, without asking who calls."""
    app = Flask("stratoform-integration", static_folder=None)
    app.register_blueprint(blueprint(cloud.commands, cloud.directory, Entrance({}, _administrator(cloud.db))))

    @app.before_request
    def demand_local_program() -> Response | None:
        """Web pages cannot use it by way of a browser on this machine, nor by a name of theirs that leads here."""
        host = request.host.rpartition(":")[0] or request.host
        if request.headers.get("Origin") or "Sec-Fetch-Site" in request.headers or host not in NAMES:
            return Response("The integration port is for programs on this machine, not for browsers.\n", 403,
                            content_type="text/plain; charset=UTF-8")
        return None

    return app


def _administrator(db: Database) -> Callable[[Visit], Caller]:
    def caller(_visit: Visit) -> Caller:
        with db.read() as session:
            return caller_of(session, admin(session).id)

    return caller


class _Quiet(WSGIRequestHandler):
    """Logs no requests: their URLs hold what people send."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


class IntegrationPort:
    """The listener, on the loopback address alone.

    Args:
        cloud: whose API it serves.
        port: where; 0 opens nothing.
    """

    def __init__(self, cloud: Cloud, port: int) -> None:
        self.port = port
        self.cloud = cloud
        self._server: Any = None

    def start(self) -> None:
        """Opens the port and says so, loudly. A port that is taken is an error in the log, and the service lives on."""
        if not self.port:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, self.port))
            listener.listen()
        except OSError as error:
            listener.close()
            log.error("the integration port %s:%d cannot be opened: %s", ADDRESS, self.port, error)  # noqa: TRY400 - foreseen
            return
        with listener:  # the server keeps a copy
            self._server = make_server(ADDRESS, self.port, create_integration_app(self.cloud), threaded=True,
                                       request_handler=_Quiet, fd=listener.fileno())
        Thread(target=self._server.serve_forever, name="integration port", daemon=True).start()
        log.warning("THE INTEGRATION PORT IS OPEN: http://%s:%d/client/api asks for no credentials; %s", ADDRESS,
                    self.port, WARNING)

    def stop(self) -> None:
        """Closes it."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
