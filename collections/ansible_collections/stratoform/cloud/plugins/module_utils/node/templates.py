"""Templates in primary storage: one qcow2 per pool that volumes build on."""

from __future__ import annotations

import hashlib
import os
import shutil

from . import checks, files, images, stores, virt
from .base import Operation, Plan, State, Step
from .errors import NodeError

_CHUNK = 4 * 1024 * 1024


def plan(current: State, desired: State | None) -> Plan:
    """A template that is there is complete, because only a finished copy gets its name."""
    if desired is None:
        return Plan((Step("remove", current["path"]),) if current else (), {})
    return Plan((), current) if current else Plan((Step("copy", desired["path"]),), desired)


def sha256(path: str) -> str:
    """Digest of a file as ``sha256:<hex>``."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


class Template(Operation):
    """The operation ``template``: from a store into a pool, once, however often it is asked for."""

    noun = "template"

    def title(self) -> str:
        """See :class:`Operation`."""
        return f"template {self.params['name']} in storage pool {self.params['pool_uuid']}"

    def _path(self) -> str:
        directory = virt.pool_directory(checks.uuid(self.params["pool_uuid"]))
        return os.path.join(directory, checks.file_name(self.params["name"]))

    def lock_file(self) -> str:
        """In the pool: on shared storage it also keeps two hosts from copying the same template."""
        directory, name = os.path.split(self._path())
        return os.path.join(directory, f".{name}.lock")

    def find(self) -> State:
        """Describe the template file in the pool."""
        path = self._path()
        if not os.path.exists(path):
            return {}
        seen = images.describe(path)
        return {
            "path": path,
            "virtual_size_bytes": seen.virtual_size,
            "physical_size_bytes": seen.physical_size,
        }

    def plan(self, current: State) -> Plan:
        """See :func:`plan`."""
        desired = {"path": self._path(), "virtual_size_bytes": 0, "physical_size_bytes": 0}
        return plan(current, None if self.wanted == "absent" else desired)

    def do_copy(self, path: str) -> None:
        """Copy under a temporary name, verify, then rename; a killed run is swept by the next one."""
        source = self._source()
        wanted = self.params.get("checksum")
        if wanted and sha256(source) != wanted:
            raise NodeError(f"{source} does not have the checksum {wanted}")
        seen = images.describe(source)
        files.need_space(os.path.dirname(path), os.stat(source).st_size)
        directory, name = os.path.split(path)
        temporary = os.path.join(directory, f".{name}.partial")
        files.remove(temporary)
        try:
            if seen.format == "qcow2":
                shutil.copyfile(source, temporary)
            else:
                images.convert(source, seen.format, temporary)
            os.chmod(temporary, 0o644)  # guests run as libvirt's user and only read it
            files.commit(temporary, path)
        finally:
            files.remove(temporary)

    def _source(self) -> str:
        store = self.params.get("source") or {}
        directory = stores.attach(store.get("url") or "")
        source = os.path.join(directory, checks.relative_path(store.get("path")))
        if not os.path.isfile(source):
            raise NodeError(f"{source} does not exist in the image store")
        return source

    def do_remove(self, path: str) -> None:
        """Delete the template. That no volume builds on it any more is for the caller to know."""
        files.remove(path)
