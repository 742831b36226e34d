"""What the rest of the service sees of hosts: a target, an operation, a result or one of three failures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """A machine operations run on.

    Attributes:
        name: unique and stable (the host's uuid).
        address: what ssh and libvirt connect to.
        hypervisor: ``KVM``, ``Simulator``, ...; chooses who carries operations out.
        local: it is this machine: no ssh.
    """

    name: str
    address: str
    hypervisor: str
    username: str = "root"
    password: str | None = field(default=None, repr=False)
    local: bool = False


SIZES = {"cpus": (32, 1, 4096), "mhz": (2400, 1, 100_000), "memory_gb": (128, 0.25, 1_000_000)}
"""What a simulated host's URL may say of its size: default, least, most."""


def size_in(url: str) -> dict[str, float]:
    """The size a host's URL asks for, e.g. ``http://sim/c0/h0?cpus=8&mhz=2000&memory_gb=32``; keys as in SIZES.

    Raises:
        ValueError: a sentence saying what is wrong.
    """
    asked = {name: values[-1] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}
    size = {name: float(default) for name, (default, _, _) in SIZES.items()}
    for name, text in asked.items():
        if name not in SIZES:
            msg = f"a simulated host has {', '.join(SIZES)}, and no {name[:40]!r}"
            raise ValueError(msg)
        _, least, most = SIZES[name]
        if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,3})?", text, re.ASCII) or not least <= float(text) <= most:
            msg = f"{name} of a simulated host is a number from {least} to {most}"
            raise ValueError(msg)
        size[name] = float(text)
    return size


class NodeError(Exception):
    """An operation did not reach its end.

    Attributes:
        operation, target: what and where.
        cause: one sentence; may name the host, so it is for administrators.
    """

    def __init__(self, operation: str, target: Target, cause: str) -> None:
        super().__init__(f"{operation} on {target.address}: {cause}")
        self.operation = operation
        self.target = target
        self.cause = cause


class NodeFailed(NodeError):  # noqa: N818 - says what happened
    """The module answered that it could not do it. The host is in the state the module's contract says."""


class NodeUnreachable(NodeError):  # noqa: N818 - says what happened
    """The host could not be talked to; whether anything was done is unknown."""


class NodeTimeout(NodeError):  # noqa: N818 - says what happened
    """No answer within the operation's limit; whether it goes on is unknown."""


class Nodes(Protocol):
    """Who carries operations out."""

    def run(self, operation: str, target: Target, args: Mapping[str, Any], job: str = "") -> Facts:
        """Carries out one operation and returns the module's facts.

        Args:
            operation: a name of the catalogue.
            target: where.
            args: checked against the catalogue.
            job: uuid under which the operation is logged.

        Raises:
            NodeFailed, NodeUnreachable, NodeTimeout: see there.
        """


class Fleet:
    """Sends each operation to whoever serves the target's hypervisor."""

    def __init__(self, by_hypervisor: Mapping[str, Nodes], default: Nodes) -> None:
        self._by_hypervisor = dict(by_hypervisor)
        self._default = default

    def run(self, operation: str, target: Target, args: Mapping[str, Any], job: str = "") -> Facts:
        """See Nodes.run."""
        return self._by_hypervisor.get(target.hypervisor, self._default).run(operation, target, args, job)
