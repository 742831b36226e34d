"""Volumes: image files in a pool, usually thin clones of a template there."""

from __future__ import annotations

import os

from . import checks, files, images, virt
from .base import Operation, Plan, State, Step
from .errors import NodeError


def plan(current: State, desired: State | None, shrink: bool = False) -> Plan:
    """Decide how to get the volume asked for (None: no volume).

    Raises:
        NodeError: the volume exists with another format or backing, or is larger and ``shrink`` was not said
            (shrinking loses data).
    """
    if desired is None:
        return Plan((Step("remove", current["path"]),) if current else (), {})
    if not current:
        return Plan((Step("create", desired),), {**desired, "allocation_bytes": 0})
    for key in ("format", "backing"):
        if current[key] != desired[key]:
            raise NodeError(f"it exists with {key} {current[key]}, not {desired[key]}")
    if current["capacity_bytes"] == desired["capacity_bytes"]:
        return Plan((), current)
    larger = current["capacity_bytes"] > desired["capacity_bytes"]
    if larger and not shrink:
        raise NodeError(f"it has {current['capacity_bytes']} bytes and cannot shrink to {desired['capacity_bytes']}")
    step = Step("shrink" if larger else "grow", desired)
    return Plan((step,), {**current, "capacity_bytes": desired["capacity_bytes"]})


class Volume(Operation):
    """The operation ``volume``."""

    noun = "volume"

    def title(self) -> str:
        """See :class:`Operation`."""
        return f"volume {self.params['name']} in storage pool {self.params['pool_uuid']}"

    def _path(self) -> str:
        directory = virt.pool_directory(checks.uuid(self.params["pool_uuid"]))
        return os.path.join(directory, checks.file_name(self.params["name"]))

    def find(self) -> State:
        """Describe the volume file in the pool."""
        path = self._path()
        if not os.path.exists(path):
            return {}
        seen = images.describe(path, raw=self.params.get("format") == "raw")
        return {
            "path": path,
            "format": seen.format,
            "backing": os.path.basename(seen.backing) if seen.backing else None,
            "capacity_bytes": seen.virtual_size,
            "allocation_bytes": seen.physical_size,
        }

    def plan(self, current: State) -> Plan:
        """See :func:`plan`; before a clone, its template must be there and fit."""
        if self.wanted == "absent":
            return plan(current, None)
        path, backing = self._path(), self.params.get("backing")
        size = self.params.get("size_bytes") or 0
        if size <= 0 or size % 512:
            raise NodeError(f"size_bytes must be a positive multiple of 512, not {size}")
        desired = {
            "path": path,
            "format": self.params.get("format") or "qcow2",
            "backing": backing,
            "capacity_bytes": size,
        }
        if backing and (not current or size < current["capacity_bytes"]):
            self._check_backing(os.path.dirname(path), desired)
        return plan(current, desired, bool(self.params.get("shrink")))

    def _check_backing(self, directory: str, desired: State) -> None:
        template = os.path.join(directory, checks.file_name(desired["backing"]))
        if desired["format"] != "qcow2":
            raise NodeError("only a qcow2 volume can build on a template")
        if not os.path.exists(template):
            raise NodeError(f"its template {template} does not exist")
        least = images.describe(template).virtual_size
        if desired["capacity_bytes"] < least:
            raise NodeError(f"{desired['capacity_bytes']} bytes are less than the {least} of its template")

    def value(self, state: State) -> State:
        """Path, and sizes in bytes: what the guest sees, what the file takes."""
        return {key: state[key] for key in ("path", "capacity_bytes", "allocation_bytes") if key in state}

    def do_create(self, desired: State) -> None:
        """Make the image under a temporary name, so that a file with the volume's name is a whole volume."""
        directory, name = os.path.split(desired["path"])
        temporary = os.path.join(directory, f".{name}.partial")
        files.remove(temporary)
        try:
            images.create(temporary, desired["format"], desired["capacity_bytes"], desired["backing"])
            files.commit(temporary, desired["path"])
        finally:
            files.remove(temporary)

    def do_grow(self, desired: State) -> None:
        """Make the volume larger."""
        images.resize(desired["path"], desired["format"], desired["capacity_bytes"])

    def do_shrink(self, desired: State) -> None:
        """Make the volume smaller: what is beyond its new end is lost."""
        images.resize(desired["path"], desired["format"], desired["capacity_bytes"], shrink=True)

    def do_remove(self, path: str) -> None:
        """Delete the volume and its data."""
        files.remove(path)
