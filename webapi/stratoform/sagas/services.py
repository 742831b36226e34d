"""What every step may use, and how hosts become targets."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stratoform.db.database import Database
from stratoform.errors import ApiError, Fault
from stratoform.jobs.saga import Context
from stratoform.model.settings import Settings
from stratoform.model.topology import Host
from stratoform.nodes.port import Facts, Nodes, NodeTimeout, NodeUnreachable, Target
from stratoform.secrets import Vault

SIMULATOR = "Simulator"


class KeyedLocks:
    """One lock a key, within this process: saves two jobs from copying the same image at the same time."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[Any, threading.Lock] = defaultdict(threading.Lock)

    def __getitem__(self, key: Any) -> threading.Lock:
        """The key's lock."""
        with self._guard:
            return self._locks[key]


class Rounds:
    """Work that serves all who asked before it began: those who ask while a round is under way share the next one."""

    def __init__(self) -> None:
        self._locks = KeyedLocks()
        self._begun: dict[Any, float] = {}  # key to the beginning of the last round that succeeded

    def share(self, key: Any, work: Callable[[], None]) -> None:
        """Returns when the work was done, by whomever, from its beginning to its end since this call.

        Raises:
            Exception: what ``work`` raised here; who waits then tries for itself.
        """
        asked = time.monotonic()
        with self._locks[key]:
            if self._begun.get(key, 0.0) > asked:
                return
            began = time.monotonic()
            work()
            self._begun[key] = began


@dataclass(frozen=True)
class Services:
    """The steps' tools, made once by the composition root."""

    db: Database
    nodes: Nodes
    settings: Settings
    vault: Vault
    simulated: bool = False  # the management machine's own operations are simulated too
    locks: KeyedLocks = field(default_factory=KeyedLocks)
    rounds: Rounds = field(default_factory=Rounds)


Ctx = Context[Services]


def target_of(host: Host, vault: Vault) -> Target:
    """The host as operations address it."""
    simulated = host.hypervisor == SIMULATOR
    return Target(
        host.uuid, host.url if simulated else host.address, host.hypervisor, host.username,
        vault.open(host.password) if host.password else None, local=not simulated and is_local(host.address),
    )


def management(services: Services, url: str) -> Target:
    """The machine that works on secondary storage: this one, or a simulated one for ``sim://`` stores."""
    simulated = services.simulated or url.startswith("sim:")
    return Target("management", "sim://management" if simulated else "127.0.0.1",
                  SIMULATOR if simulated else "KVM", local=not simulated)


def is_local(address: str) -> bool:
    """True when the address is one of this machine's: only such an address can be bound."""
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET  # noqa: PLR2004 - IPv6
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except (OSError, ValueError):
        return address == "localhost"
    return True


def act_on(ctx: Ctx, target: Target, operation: str, args: Mapping[str, Any]) -> Facts:
    """Carries out an operation and logs it under the job.

    Raises:
        ApiError: RESOURCE_UNAVAILABLE when the host did not answer (users need not know which); NodeFailed passes.
    """
    try:
        return ctx.services.nodes.run(operation, target, args, ctx.job_uuid)
    except (NodeUnreachable, NodeTimeout) as error:
        what = "could not be reached" if isinstance(error, NodeUnreachable) else "did not answer in time"
        refusal = ApiError(Fault.RESOURCE_UNAVAILABLE, f"The host {what}; try again when it is back")
        refusal.admin_message = f"Host {target.address} {what}: {error.cause}"
        raise refusal from error
