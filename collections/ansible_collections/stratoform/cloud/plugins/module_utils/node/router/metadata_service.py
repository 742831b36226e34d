"""The metadata, user-data and password service of a virtual router: one program, standard library only.

It answers guests by their address: on port 80 the paths the CloudStack data source of cloud-init reads (and their
EC2 spelling for keys), on port 8080 CloudStack's password protocol. All it knows lies in ``metadata.json`` beside
it, looked at for every request: a new guest needs no restart and no signal. It starts as root for its ports and
then runs as an account that may only read that file and note which passwords were taken.

Usage: metadata.py DIRECTORY ACCOUNT; returns once it serves, its pid in DIRECTORY/metadata.pid.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pwd
import signal
import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

METADATA_PORT, PASSWORD_PORT = 80, 8080
_PATIENCE_S = 5  # a guest that sends no request for so long is hung up on
_AT_ONCE = 8  # connections of one guest: none may take all threads of the router


class Knowledge:
    """What ``metadata.json`` says, read again whenever it was replaced."""

    def __init__(self, directory: str) -> None:
        self._path = os.path.join(directory, "metadata.json")
        self._taken = os.path.join(directory, "taken")
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._known: dict[str, Any] = {}

    def _current(self) -> dict[str, Any]:
        with self._lock:
            status = os.stat(self._path)
            seen = (status.st_mtime_ns, status.st_ino)
            if seen != self._seen:
                with open(self._path, encoding="utf-8") as file:
                    self._known = json.load(file)
                self._seen = seen
            return self._known

    def serves(self, address: str) -> bool:
        """Tell whether guests may ask on this address of the router."""
        return address in self._current()["addresses"]

    def guest(self, address: str) -> dict[str, Any] | None:
        """What the guest with this address may know; None for a stranger."""
        found: dict[str, Any] | None = self._current()["guests"].get(address)
        return found

    def password(self, address: str) -> str | None:
        """The guest's password, until it said that it saved it."""
        password = (self.guest(address) or {}).get("password")
        return None if password is None or self._mark(password) == self._noted(address) else password

    def take(self, address: str) -> None:
        """Note that the guest saved its password; the password itself is not written anywhere."""
        password = (self.guest(address) or {}).get("password")
        if password is not None:
            with open(os.path.join(self._taken, address), "w", encoding="ascii") as file:
                file.write(self._mark(password))

    def _noted(self, address: str) -> str | None:
        try:
            with open(os.path.join(self._taken, address), encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return None

    @staticmethod
    def _mark(password: str) -> str:
        return hashlib.sha256(password.encode()).hexdigest()


def answer(guest: dict[str, Any], path: str) -> bytes | None:
    """What a guest gets for a path; None when there is no such thing."""
    metadata: dict[str, str] = guest["metadata"]
    version, *rest = [word for word in path.partition("?")[0].split("/") if word] or [""]
    if version != "latest":
        return b"latest\n" if not version else None
    if not rest:
        return b"meta-data\nuser-data\n"
    if rest == ["user-data"]:
        return None if guest["user_data"] is None else base64.b64decode(guest["user_data"])
    if rest == ["meta-data"]:
        return "".join(f"{key}\n" for key in sorted(metadata)).encode()
    # /latest/<key> is the older form of /latest/meta-data/<key>; the long one of keys is EC2's.
    key = "/".join(rest[1:] if rest[0] == "meta-data" else rest)
    value = metadata.get("public-keys" if key == "public-keys/0/openssh-key" else key)
    return None if value is None else value.encode()


class Handler(BaseHTTPRequestHandler):
    """One request. HTTP/1.0: the connection ends with the answer."""

    timeout = _PATIENCE_S
    server_version, sys_version = "stratoform", ""
    server: Server

    def do_GET(self) -> None:
        """Answer a guest, or turn away whoever is none."""
        asker, asked = self.client_address[0], self.connection.getsockname()[0]
        guest = self.server.knowledge.guest(asker) if self.server.knowledge.serves(asked) else None
        if guest is None:
            self._send(None)
        elif self.server.server_address[1] == PASSWORD_PORT:
            self._send(self._password(asker))
        else:
            self._send(answer(guest, self.path))

    do_HEAD = do_GET  # noqa: N815  name of the base class

    def _password(self, asker: str) -> bytes:
        """CloudStack's protocol: the request is a header, the answer a word or the password."""
        request = self.headers.get("DomU_Request")
        if request == "send_my_password":
            return (self.server.knowledge.password(asker) or "saved_password").encode()
        if request == "saved_password":
            self.server.knowledge.take(asker)
            return b"saved_password"
        return b"bad_request"

    def _send(self, body: bytes | None) -> None:
        self.send_response(HTTPStatus.NOT_FOUND if body is None else HTTPStatus.OK)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Guests must not fill the host's disk."""


class Server(ThreadingHTTPServer):
    """A port of the service."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._open: dict[str, int] = {}
        self._lock = threading.Lock()
        super().__init__(("0.0.0.0", port), Handler)  # noqa: S104  its namespace; addresses come and go

    def server_bind(self) -> None:
        """Bind without asking DNS for a name of the address, as the base class does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002  signature of the base
        """Hang up on a guest that already has its share of connections."""
        with self._lock:
            count = self._open.get(client_address[0], 0)
            if count >= _AT_ONCE:
                return False
            self._open[client_address[0]] = count + 1
            return True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection and give its place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open[client_address[0]] -= 1
                if not self._open[client_address[0]]:
                    del self._open[client_address[0]]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A guest that hung up in the middle is no event."""


def _become(account: str) -> None:
    """Give up root for good."""
    entry = pwd.getpwnam(account)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def _detach() -> None:
    """Leave the caller's session and its files."""
    os.setsid()
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)


def main(directory: str, account: str) -> None:
    """Bind, go to the background, serve until SIGTERM."""
    knowledge = Knowledge(directory)
    try:
        servers = [Server(port, knowledge) for port in (METADATA_PORT, PASSWORD_PORT)]
    except OSError as error:
        sys.exit(f"cannot listen: {error.strerror}")
    child = os.fork()
    if child:
        with open(os.path.join(directory, "metadata.pid"), "w", encoding="ascii") as file:
            file.write(str(child))
        os._exit(0)  # the sockets are open: whoever connects from now on is answered
    _detach()
    _become(account)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
