"""Primary storage pools: a libvirt pool named by its UUID.

Types are those of the CloudStack API: ``Filesystem`` (a local directory), ``SharedMountPoint`` (a directory the
administrator mounts on every host), ``NetworkFilesystem`` (an NFS export that libvirt mounts on ``/mnt/<uuid>``).
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import Any
from xml.etree import ElementTree

from . import checks, files, virt
from .base import Operation, Plan, State, Step
from .errors import NodeError

NFS = "NetworkFilesystem"
_MOUNT_ROOT = "/mnt"
# How libvirt tells of a mount that failed; what mount itself said follows.
_CHILD_FAILED = re.compile(r"unexpected exit status \d+: (?P<words>.+)", re.DOTALL)


def definition(params: State) -> State:
    """What the pool must be, from the operation's arguments.

    Raises:
        NodeError: an argument the type needs is missing or malformed.
    """
    uuid = checks.uuid(params["uuid"])
    if params["type"] != NFS:
        return {"type": "dir", "path": checks.absolute_path(params.get("path")), "source": None}
    host, export = params.get("source_host"), params.get("source_path")
    if not host or not export:
        raise NodeError("an NFS pool needs source_host and source_path")
    path = os.path.join(_MOUNT_ROOT, uuid)
    return {"type": "netfs", "path": path, "source": f"{host}:{checks.absolute_path(export)}"}


def plan(current: State, desired: State | None) -> Plan:
    """Decide how to get from the pool that is there to the one asked for (None: no pool).

    Raises:
        NodeError: a pool of this UUID exists elsewhere; moving it would lose volumes from sight.
    """
    if desired is None:
        steps = []
        if current.get("active"):
            steps.append(Step("stop"))
        if current:
            steps.append(Step("undefine", current))
        return Plan(tuple(steps), {})
    after = {**desired, "active": True, "autostart": True}
    if not current:
        return Plan((Step("create", desired),), after)
    for key in ("type", "path", "source"):
        if current[key] != desired[key]:
            raise NodeError(f"it exists with {key} {current[key]}, not {desired[key]}")
    steps = [] if current["active"] else [Step("start")]
    if not current["autostart"]:
        steps.append(Step("autostart"))
    return Plan(tuple(steps), after)


def to_xml(uuid: str, desired: State) -> str:
    """Build libvirt's definition of the pool."""
    pool = ElementTree.Element("pool", type=desired["type"])
    ElementTree.SubElement(pool, "name").text = uuid
    ElementTree.SubElement(pool, "uuid").text = uuid
    if desired["source"]:
        host, _colon, export = desired["source"].rpartition(":")
        source = ElementTree.SubElement(pool, "source")
        ElementTree.SubElement(source, "host", name=host)
        ElementTree.SubElement(source, "dir", path=export)
        ElementTree.SubElement(source, "format", type="nfs")
    ElementTree.SubElement(ElementTree.SubElement(pool, "target"), "path").text = desired["path"]
    return ElementTree.tostring(pool, encoding="unicode")


class Pool(Operation):
    """The operation ``pool``. Removing a pool never deletes the data in its directory."""

    noun = "pool"

    def title(self) -> str:
        """See :class:`Operation`."""
        return f"storage pool {self.params['uuid']}"

    def _pool(self) -> Any:
        return virt.connection().storagePoolLookupByUUIDString(checks.uuid(self.params["uuid"]))

    def find(self) -> State:
        """Read libvirt's definition and whether it is active and starts with the host."""
        try:
            pool = self._pool()
        except virt.errors() as error:
            if virt.is_missing(error):
                return {}
            raise
        tree = ElementTree.fromstring(pool.XMLDesc())  # noqa: S314  libvirt's own XML
        host, export = tree.find("source/host"), tree.find("source/dir")
        source = f"{host.get('name')}:{export.get('path')}" if host is not None and export is not None else None
        return {
            "type": tree.get("type"),
            "path": tree.findtext("target/path"),
            "source": source,
            "active": bool(pool.isActive()),
            "autostart": bool(pool.autostart()),
        }

    def plan(self, current: State) -> Plan:
        """See :func:`plan`; a local directory must exist before anything is done."""
        if self.wanted == "absent":
            return plan(current, None)
        desired = definition(self.params)
        if desired["type"] == "dir" and not os.path.isdir(desired["path"]):
            raise NodeError(f"directory {desired['path']} does not exist on this host")
        return plan(current, desired)

    def value(self, state: State) -> State:
        """Sizes in bytes of the file system under the pool."""
        if not state:
            return {}
        space = files.space(state["path"])
        return {
            "path": state["path"],
            "capacity_bytes": space.capacity,
            "available_bytes": space.available,
            "used_bytes": space.used,
        }

    def do_create(self, desired: State) -> None:
        """Define and start; a pool that does not start (export not mountable) leaves nothing behind."""
        if desired["type"] == "netfs":
            os.makedirs(desired["path"], mode=0o755, exist_ok=True)
        pool = virt.connection().storagePoolDefineXML(to_xml(checks.uuid(self.params["uuid"]), desired))
        try:
            self.do_start(None)
            pool.setAutostart(1)
        except Exception:
            if pool.isActive():
                pool.destroy()
            self.do_undefine(desired)
            raise

    def do_start(self, _what: None) -> None:
        """Activate the pool: for NFS, mount the export."""
        try:
            self._pool().create()
        except virt.errors() as error:
            words = _CHILD_FAILED.search(str(error))
            if words is None:
                raise
            raise NodeError(" ".join(words["words"].split())) from None

    def do_autostart(self, _what: None) -> None:
        """Start the pool with the host."""
        self._pool().setAutostart(1)

    def do_stop(self, _what: None) -> None:
        """Deactivate the pool: for NFS, unmount."""
        self._pool().destroy()

    def do_undefine(self, current: State) -> None:
        """Forget the pool, and its mount point; files stay."""
        self._pool().undefine()
        if current["type"] == "netfs":
            with contextlib.suppress(OSError):  # not empty or busy: someone else's, not ours to touch
                os.rmdir(current["path"])
