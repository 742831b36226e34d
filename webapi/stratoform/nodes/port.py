"""What the rest of the service sees of hosts: a target, an operation, a result or one of three failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

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
