"""Trouble on simulated hosts, made to order."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from stratoform.model.topology import Host
from stratoform.nodes.catalogue import OPERATIONS
from stratoform.nodes.simulator import SimFault

AGENT_COMMANDS: Final[Mapping[str, str]] = {
    "StartCommand": "domain", "StopCommand": "domain", "RebootCommand": "domain", "MigrateCommand": "domain",
    "CreateCommand": "volume", "CreateObjectCommand": "volume", "DestroyCommand": "volume", "DeleteCommand": "volume",
    "ResizeVolumeCommand": "volume", "CopyCommand": "template", "PrimaryStorageDownloadCommand": "template",
    "DownloadCommand": "image", "AttachVolumeCommand": "guest_disk", "AttachCommand": "guest_disk",
    "DettachCommand": "guest_disk", "CreateStoragePoolCommand": "pool", "ModifyStoragePoolCommand": "pool",
    "DeleteStoragePoolCommand": "pool", "DhcpEntryCommand": "router", "VmDataCommand": "router",
    "SetupGuestNetworkCommand": "router", "PlugNicCommand": "bridge", "ReadyCommand": "facts",
}
"""The commands of the reference's agents to the operations that do their work here."""
EACH_TIME: Final = 2**31 - 1


def operation_of(name: str) -> str | None:
    """The operation of that name, or the one that does the work of the agent command of that name; None: neither."""
    meant = AGENT_COMMANDS.get(name, name)
    return meant if meant in OPERATIONS else None


def names() -> str:
    """What ``operation_of`` knows, for people to read."""
    return f"an operation ({', '.join(sorted(OPERATIONS))}) nor one of {', '.join(sorted(AGENT_COMMANDS))}"


@dataclass(frozen=True)
class Trouble:
    """What becomes of an operation; neither failure nor waiting: it is healed.

    Attributes:
        failure: "fail", or "": it only dawdles.
        wait_s: seconds before it goes on.
        times: how often; EACH_TIME: until healed.
    """

    failure: str = ""
    wait_s: float = 0.0
    times: int = EACH_TIME


def make_trouble(session: Session, hosts: Iterable[Host] | None, operation: str, trouble: Trouble) -> None:
    """Replaces the trouble planned for an operation.

    Args:
        session: any session.
        hosts: where; None: on every simulated host, and for simulated secondary storage.
        operation: its name.
        trouble: what shall become of it.
    """
    for address in ["*"] if hosts is None else [glob.escape(host.url) for host in hosts]:
        session.execute(delete(SimFault).where(SimFault.host == address, SimFault.operation == operation))
        if trouble.failure or trouble.wait_s:
            session.add(SimFault(host=address, operation=operation, failure=trouble.failure, wait=trouble.wait_s,
                                 remaining=trouble.times, cause="told to by configureSimulator"))
