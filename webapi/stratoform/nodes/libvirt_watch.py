"""Watches KVM hosts over libvirt connections: life-cycle events, keepalive, bulk state. Changes nothing.

Sources: libvirt API reference, "virDomainEventState", "virConnectSetKeepAlive", "virConnectRegisterCloseCallback".
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import libvirt

from .port import Target

log = logging.getLogger(__name__)

KEEPALIVE_SECONDS, KEEPALIVE_MISSES = 5, 3
RETRY_SECONDS = (1.0, 30.0)
"""First and longest pause before connecting again; doubled each time, with jitter."""

_RUNNING = (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_BLOCKED, libvirt.VIR_DOMAIN_PAUSED,
            libvirt.VIR_DOMAIN_PMSUSPENDED, libvirt.VIR_DOMAIN_SHUTDOWN)


class Listener(Protocol):
    """Who is told. Called from watcher threads; must not raise for long and must not block on a host."""

    def host_up(self, name: str, running: Mapping[str, str]) -> None:
        """The connection stands; ``running``: name to uuid of every domain that runs there now."""

    def host_down(self, name: str, reason: str) -> None:
        """The connection was lost or could not be made."""

    def guest_stopped(self, name: str, domain: str) -> None:
        """A domain ended there."""

    def guest_started(self, name: str, domain: str) -> None:
        """A domain began to run there."""


@dataclass
class _Watch:
    target: Target
    connection: Any = None
    attempts: int = 0
    due: float = 0.0
    told_down: bool = False


class LibvirtWatcher:
    """Keeps one connection to each host it is given and tells the listener what changes.

    Args:
        listener: told of every change.
        key: ssh private key for remote hosts.
        known_hosts: file of ssh host keys; written by the first connection.
    """

    def __init__(self, listener: Listener, key: Path | None = None, known_hosts: Path | None = None) -> None:
        self.listener = listener
        self.key = key
        self.known_hosts = known_hosts
        self._watches: dict[str, _Watch] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Starts libvirt's event loop and the thread that connects."""
        libvirt.registerErrorHandler(lambda _ctx, _error: None, None)  # errors come as exceptions; keep stderr clean
        libvirt.virEventRegisterDefaultImpl()
        for name, work in (("libvirt-events", self._events), ("libvirt-connect", self._connector)):
            thread = threading.Thread(target=work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Closes every connection; the event thread ends with the process."""
        self._stop.set()
        with self._lock:
            watches, self._watches = list(self._watches.values()), {}
        for watch in watches:
            self._close(watch)

    def watch(self, targets: Mapping[str, Target]) -> None:
        """Watches exactly these hosts from now on (name to target)."""
        with self._lock:
            gone = [self._watches.pop(name) for name in set(self._watches) - set(targets)]
            for name, target in targets.items():
                self._watches.setdefault(name, _Watch(target))
        for watch in gone:
            self._close(watch)

    def running(self, name: str) -> dict[str, str] | None:
        """Name to uuid of what runs on a connected host, in one call; None while it is not connected."""
        watch = self._watches.get(name)
        if watch is None or watch.connection is None:
            return None
        try:
            return _running(watch.connection)
        except libvirt.libvirtError:
            return None

    def pools(self, name: str) -> dict[str, tuple[int, int]]:
        """Storage pools of a connected host: name to (bytes there are, bytes in use), as the file system says now."""
        watch = self._watches.get(name)
        if watch is None or watch.connection is None:
            return {}
        found = {}
        try:
            for pool in watch.connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
                pool.refresh()
                _, capacity, allocation, _ = pool.info()
                found[pool.name()] = (int(capacity), int(allocation))
        except libvirt.libvirtError as error:
            log.info("storage of %s could not be looked at: %s", name, error)
        return found

    def _events(self) -> None:
        # A timer keeps the loop turning, so that it notices handles added by other threads.
        libvirt.virEventAddTimeout(1000, lambda _timer, _opaque: None, None)
        while not self._stop.is_set():
            libvirt.virEventRunDefaultImpl()

    def _connector(self) -> None:
        while not self._stop.wait(0.5):
            with self._lock:
                due = [w for w in self._watches.values() if w.connection is None and w.due <= time.monotonic()]
            for watch in due:
                self._connect(watch)

    def _connect(self, watch: _Watch) -> None:
        name = watch.target.name
        try:
            connection = libvirt.open(self._uri(watch.target))
            connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_MISSES)
            connection.registerCloseCallback(self._closed, watch)
            connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._lifecycle, name)
            running = _running(connection)
        except libvirt.libvirtError as error:
            first, longest = RETRY_SECONDS
            pause = min(first * 2**watch.attempts, longest)
            watch.attempts = min(watch.attempts + 1, 10)
            watch.due = time.monotonic() + pause * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
            self._down(watch, str(error))
            return
        watch.connection, watch.attempts, watch.told_down = connection, 0, False
        self._tell(lambda: self.listener.host_up(name, running))

    def _closed(self, _connection: Any, reason: int, watch: _Watch) -> None:
        texts = {libvirt.VIR_CONNECT_CLOSE_REASON_KEEPALIVE: "no keepalive answer",
                 libvirt.VIR_CONNECT_CLOSE_REASON_EOF: "the daemon closed the connection"}
        watch.connection, watch.due = None, time.monotonic() + RETRY_SECONDS[0]
        if not self._stop.is_set():
            self._down(watch, texts.get(reason, "connection error"))

    def _lifecycle(self, _connection: Any, domain: Any, event: int, _detail: int, name: str) -> None:
        guest = domain.name()
        if event == libvirt.VIR_DOMAIN_EVENT_STOPPED:
            self._tell(lambda: self.listener.guest_stopped(name, guest))
        elif event == libvirt.VIR_DOMAIN_EVENT_STARTED:
            self._tell(lambda: self.listener.guest_started(name, guest))

    def _down(self, watch: _Watch, reason: str) -> None:
        if not watch.told_down:
            watch.told_down = True
            self._tell(lambda: self.listener.host_down(watch.target.name, reason))

    def _uri(self, target: Target) -> str:
        if target.local:
            return "qemu:///system"
        options = ["no_tty=1"]
        if self.key is not None and self.key.exists():
            options.append(f"keyfile={quote(str(self.key))}")
        if self.known_hosts is not None:
            options.append(f"known_hosts={quote(str(self.known_hosts))}")
            options.append("known_hosts_verify=auto")
        return f"qemu+ssh://{quote(target.username)}@{target.address}/system?{'&'.join(options)}"

    @staticmethod
    def _tell(call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            log.exception("a change on a host could not be recorded; the next sweep repairs it")

    @staticmethod
    def _close(watch: _Watch) -> None:
        connection, watch.connection = watch.connection, None
        if connection is not None:
            try:
                connection.unregisterCloseCallback()
                connection.close()
            except libvirt.libvirtError as error:
                log.debug("closing %s: %s", watch.target.name, error)


def _running(connection: Any) -> dict[str, str]:
    found = {}
    for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        try:
            if domain.state()[0] in _RUNNING:
                found[domain.name()] = domain.UUIDString()
        except libvirt.libvirtError:  # it ended between the list and the question
            continue
    return found
