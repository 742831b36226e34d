"""Every operation the cloud performs on a host, by name.

One operation is one playbook (``playbooks/ops/<name>.yml``), one task, one idempotent module: it states what should
be, so running it twice is safe and recovery is simply running it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

QUICK, LONG, TRANSFER = 60, 300, 4 * 3600
"""Time limits in seconds: a change of state, a guest's slow shutdown, the copy of an image."""


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        name: also the playbook's name.
        returns: the key of the module's result that carries its facts.
        timeout: seconds until the operation counts as lost.
        doc: what is true on the host afterwards.
        args: argument name to the types it may have.
    """

    name: str
    returns: str
    timeout: int
    doc: str
    args: Mapping[str, tuple[type, ...]]

    def checked(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments, refused when one is unknown or of another type (a mistake of ours, never a user's).

        Raises:
            TypeError: naming operation and argument.
        """
        for name, value in args.items():
            kinds = self.args.get(name)
            if kinds is None or not isinstance(value, kinds):
                msg = f"operation {self.name}: argument {name!r} must not be {type(value).__name__}"
                raise TypeError(msg)
        return dict(args)


_TEXT, _NUMBER, _FLAG, _LIST, _MAP = (str,), (int,), (bool,), (list,), (dict,)
_TEXT_OR_NONE, _NUMBER_OR_NONE = (str, type(None)), (int, type(None))

OPERATIONS: Mapping[str, Operation] = {op.name: op for op in (
    Operation("facts", "host", QUICK, "Nothing changes; says what machine this is.", {}),
    Operation("pool", "pool", QUICK, "A libvirt storage pool of that uuid is active, or gone.", {
        "uuid": _TEXT, "type": _TEXT, "path": _TEXT, "source_host": _TEXT_OR_NONE, "source_path": _TEXT_OR_NONE,
        "state": _TEXT,
    }),
    Operation("template", "template", TRANSFER, "The pool holds a checked copy of a stored image, or none.", {
        "pool_uuid": _TEXT, "name": _TEXT, "source": _MAP, "checksum": _TEXT_OR_NONE, "state": _TEXT,
    }),
    Operation("volume", "volume", QUICK, "The pool holds a disk of that name, or none.", {
        "pool_uuid": _TEXT, "name": _TEXT, "size_bytes": _NUMBER, "format": _TEXT, "backing": _TEXT_OR_NONE,
        "shrink": _FLAG, "state": _TEXT,
    }),
    Operation("image_store", "store", QUICK, "Secondary storage is reachable and writable here.", {
        "url": _TEXT, "state": _TEXT,
    }),
    Operation("image", "image", TRANSFER, "Secondary storage holds the image of a URL, checked, or none.", {
        "store_url": _TEXT, "path": _TEXT, "url": _TEXT, "checksum": _TEXT_OR_NONE, "format": _TEXT,
        "max_bytes": _NUMBER, "timeout_s": _NUMBER, "state": _TEXT,
    }),
    Operation("bridge", "bridge", QUICK, "The bridge that carries a VLAN of a traffic label is up, or gone.", {
        "label": _TEXT, "vlan": _NUMBER_OR_NONE, "state": _TEXT,
    }),
    Operation("router", "router", QUICK, "The virtual router is as its spec declares, or gone.", {
        "uuid": _TEXT, "name": _TEXT, "generation": _NUMBER, "interfaces": _LIST, "gateway": _TEXT_OR_NONE,
        "dns": _MAP, "dhcp": _LIST, "metadata": _MAP, "state": _TEXT,
    }),
    Operation("domain", "domain", LONG, "The guest runs, is off, or is gone.", {
        "name": _TEXT, "uuid": _TEXT, "state": _TEXT, "vcpus": _NUMBER, "memory_mb": _NUMBER, "cpu_mhz": _NUMBER,
        "machine": _TEXT, "acceleration": _TEXT_OR_NONE, "disks": _LIST, "nics": _LIST,
        "vnc_password": _TEXT_OR_NONE, "force": _FLAG, "shutdown_timeout_s": _NUMBER,
    }),
    Operation("guest_disk", "disk", QUICK, "The running guest has the disk with its size and limits, or not.", {
        "name": _TEXT, "uuid": _TEXT, "pool_uuid": _TEXT, "volume": _TEXT, "format": _TEXT, "bus": _TEXT,
        "device_id": _NUMBER, "limits": _MAP, "size_bytes": _NUMBER_OR_NONE, "state": _TEXT, "timeout_s": _NUMBER,
    }),
)}
