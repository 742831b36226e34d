"""Secondary storage: a directory of this machine, or an NFS export mounted when it is needed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from urllib.parse import unquote, urlsplit

from . import checks, files
from .base import Operation, Plan, State, Step
from .command import run
from .errors import NodeError

_MOUNT_ROOT = "/mnt/stratoform"
# soft: a dead server must fail a download, not hang it; what is written is verified by checksum anyway.
_OPTIONS = "rw,soft,timeo=150,retrans=3,nosuid,nodev,noexec"
_MOUNT_LIMIT_S = 60
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]+\]")


def parse(url: str) -> tuple[str, str | None]:
    """Split a store's URL into the directory it has on this machine and the NFS export behind it.

    Args:
        url: ``file:///dir`` or ``nfs://host/export``.

    Returns:
        ``(directory, "host:/export" or None)``.

    Raises:
        NodeError: another scheme, or parts that are missing or malformed.
    """
    parts = urlsplit(url or "")
    path = unquote(parts.path)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return checks.absolute_path(path), None
    if parts.scheme == "nfs" and _HOST.fullmatch(parts.netloc):
        export = f"{parts.netloc}:{checks.absolute_path(path)}"
        return os.path.join(_MOUNT_ROOT, hashlib.sha256(export.encode()).hexdigest()[:16]), export
    raise NodeError(f"{url!r} is not a store: file:///directory or nfs://host/export are allowed")


def mounts(mountinfo: str) -> dict[str, str]:
    """Mount point to source, from the text of /proc/self/mountinfo (proc(5)).

    Text, because a stat of a mount point hangs when its server is dead.
    """
    found = {}
    for line in mountinfo.splitlines():
        left, _dash, right = line.partition(" - ")
        found[_unescape(left.split()[4])] = _unescape(right.split()[1])
    return found


def _unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), field)


def _mounted() -> dict[str, str]:
    return mounts(files.read("/proc/self/mountinfo") or "")


def attach(url: str) -> str:
    """Return the directory of a store, mounting its export when it is not mounted yet. May run any time.

    The mount stays for whoever comes next; the operation ``image_store`` with state absent ends it.

    Raises:
        NodeError: the directory does not exist, or the export cannot be mounted (nothing is left then).
    """
    directory, export = parse(url)
    if export is None:
        if not os.path.isdir(directory):
            raise NodeError(f"directory {directory} does not exist on this host")
        return directory
    with files.locked(os.path.join(files.RUN_DIR, "lock", os.path.basename(directory))):
        if directory in _mounted():
            return directory
        os.makedirs(directory, mode=0o755, exist_ok=True)
        try:
            run(["mount", "-t", "nfs", "-o", _OPTIONS, export, directory], timeout_s=_MOUNT_LIMIT_S)
        except NodeError as error:
            _remove_mount_point(directory)
            raise NodeError(f"NFS export {export} cannot be mounted: {error}") from None
    return directory


def _remove_mount_point(directory: str) -> None:
    """Remove a mount point of ours, and the directory of all of them after the last one."""
    with contextlib.suppress(OSError):  # not empty
        os.rmdir(directory)
        os.rmdir(_MOUNT_ROOT)


def plan(current: State, desired: State | None) -> Plan:
    """Decide how to reach a store (None: let go of it). Only an NFS mount is ours to make and end."""
    if desired is None:
        steps = (Step("detach", current["path"]),) if current.get("mounted") else ()
        return Plan(steps, {})
    reached = bool(current) and (current["mounted"] or not desired["export"])
    after = {**desired, "mounted": bool(desired["export"])}
    return Plan(() if reached else (Step("attach"),), after)


class ImageStore(Operation):
    """The operation ``image_store``. Letting go of a store never deletes what is in it."""

    noun = "store"

    def title(self) -> str:
        """See :class:`Operation`."""
        return f"image store {self.params['url']}"

    def lock_file(self) -> str:
        """A name of fixed length: URLs are long."""
        name = hashlib.sha256(str(self.params["url"]).encode()).hexdigest()[:16]
        return os.path.join(files.RUN_DIR, "lock", f"image-store-{name}")

    def find(self) -> State:
        """Tell where the store is and whether its export is mounted."""
        directory, export = parse(self.params["url"])
        mounted = export is not None and directory in _mounted()
        there = mounted if export else os.path.isdir(directory)
        return {"path": directory, "export": export, "mounted": mounted} if there else {}

    def plan(self, current: State) -> Plan:
        """See :func:`plan`; a local directory must exist and take files."""
        if self.wanted == "absent":
            return plan(current, None)
        directory, export = parse(self.params["url"])
        if not export and not os.path.isdir(directory):
            raise NodeError(f"directory {directory} does not exist on this host")
        if not export and not os.access(directory, os.W_OK | os.X_OK):
            raise NodeError(f"directory {directory} is not writable")
        return plan(current, {"path": directory, "export": export})

    def value(self, state: State) -> State:
        """Sizes in bytes of the file system under the store."""
        if not state or self.wanted == "absent":
            return {}
        space = files.space(state["path"])
        return {"path": state["path"], "capacity_bytes": space.capacity, "available_bytes": space.available}

    def do_attach(self, _what: None) -> None:
        """Mount the export."""
        attach(self.params["url"])

    def do_detach(self, directory: str) -> None:
        """Unmount the export and remove the mount point."""
        run(["umount", directory], timeout_s=_MOUNT_LIMIT_S)
        _remove_mount_point(directory)
