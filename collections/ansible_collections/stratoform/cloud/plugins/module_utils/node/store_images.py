"""Images in secondary storage: fetched, verified, and never half there."""

from __future__ import annotations

import contextlib
import json
import os

from . import checks, files, images, stores
from .base import Operation, Plan, State, Step
from .download import Limits, fetch, parse_checksum
from .errors import NodeError

_FORMATS = ("QCOW2", "RAW", "VHD", "VMDK", "ISO")


def plan(current: State, desired: State | None) -> Plan:
    """Decide whether the image must be fetched: when it is not there, or came from elsewhere."""
    if desired is None:
        return Plan((Step("remove", current["path"]),) if current else (), {})
    same = bool(current) and all(current["origin"].get(key) == value for key, value in desired["origin"].items())
    if same:
        return Plan((), current)
    unknown = {"virtual_size_bytes": 0, "physical_size_bytes": 0, "checksum": None}
    return Plan((Step("fetch", desired),), {**unknown, **desired})


class StoreImage(Operation):
    """The operation ``image``.

    Beside each image lies ``<name>.origin.json``: where it came from and what was measured when it was
    verified. It is written first, so an image with its final name always has one, and asking again costs no
    second reading of the whole file.
    """

    noun = "image"
    verbs = {"present": "fetch", "absent": "remove"}

    def title(self) -> str:
        """See :class:`Operation`."""
        source = f" from {self.params['url']}" if self.params.get("url") and self.wanted == "present" else ""
        return f"image {self.params['path']}{source}"

    def _path(self) -> str:
        return os.path.join(self._store(), checks.relative_path(self.params["path"]))

    def _store(self) -> str:
        return stores.parse(self.params["store_url"])[0]

    def lock_file(self) -> str:
        """In the store, as two machines may share it. Its export is mounted for that; a dry run does not."""
        store = stores.attach(self.params["store_url"])
        return os.path.join(store, f".{checks.relative_path(self.params['path']).replace('/', '-')}.lock")

    def find(self) -> State:
        """Read what was measured when the image was put here; without that record it does not count."""
        path = self._path()
        record = files.read(f"{path}.origin.json")
        if record is None or not os.path.exists(path):
            return {}
        return {"path": path, **json.loads(record)}

    def plan(self, current: State) -> Plan:
        """See :func:`plan`."""
        if self.wanted == "absent":
            return plan(current or self._remains(), None)
        image_format = str(self.params.get("format") or "QCOW2").upper()
        if image_format not in _FORMATS:
            raise NodeError(f"format {image_format!r} is not one of {', '.join(_FORMATS)}")
        expected = parse_checksum(self.params.get("checksum"))
        origin = {
            "url": self.params.get("url"),
            "format": image_format,
            "expected": str(expected) if expected else None,
        }
        return plan(current, {"path": self._path(), "origin": origin})

    def _remains(self) -> State:
        """What a killed fetch may have left, as something to remove."""
        path = self._path()
        left = [path, f"{path}.origin.json", self._temporary(path)]
        return {"path": path} if any(os.path.exists(name) for name in left) else {}

    @staticmethod
    def _temporary(path: str) -> str:
        directory, name = os.path.split(path)
        return os.path.join(directory, f".{name}.partial")

    def value(self, state: State) -> State:
        """Path, sizes in bytes and digest."""
        keys = ("path", "virtual_size_bytes", "physical_size_bytes", "checksum")
        return {key: state[key] for key in keys if key in state}

    def do_fetch(self, desired: State) -> None:
        """Fetch under a temporary name, verify, record, rename. A failure leaves nothing."""
        path, origin = desired["path"], desired["origin"]
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        temporary = self._temporary(path)
        files.remove(temporary)
        limits = Limits(self.params["max_bytes"], self.params["timeout_s"])
        try:
            digest = fetch(origin["url"], temporary, parse_checksum(origin["expected"]), limits)
            seen = images.inspect_untrusted(temporary, origin["format"])
            record = {
                "origin": origin,
                "virtual_size_bytes": seen.virtual_size,
                "physical_size_bytes": os.stat(temporary).st_size,
                "checksum": digest,
            }
            files.remove(path)  # an image that is replaced must never lie beside the record of the new one
            files.write(f"{path}.origin.json", json.dumps(record, indent=1), mode=0o644)
            os.chmod(temporary, 0o644)
            files.commit(temporary, path)
        except BaseException:
            files.remove(temporary)
            if not os.path.exists(path):
                files.remove(f"{path}.origin.json")
                self._prune(os.path.dirname(path))
            raise

    def do_remove(self, path: str) -> None:
        """Delete the image, its record, and directories that are empty then."""
        for name in (path, f"{path}.origin.json", self._temporary(path)):
            files.remove(name)
        self._prune(os.path.dirname(path))

    def _prune(self, directory: str) -> None:
        with contextlib.suppress(OSError):  # not empty
            while directory != self._store():
                os.rmdir(directory)
                directory = os.path.dirname(directory)
