"""Disk images through qemu-img, and the distrust an uploaded one deserves."""

from __future__ import annotations

import json
import os
import struct
from typing import Any, NamedTuple

from .command import run
from .errors import NodeError

# Hours: a large image on slow storage. The operation's own time class ends it earlier where it should.
_COPY_LIMIT_S = 6 * 3600
# OpenStack bounds the same call alike (CVE-2015-5162): a crafted header must not eat the host.
_UNTRUSTED = ["prlimit", "--as=1073741824", "--cpu=30", "--"]
_QCOW2_MAGIC = b"QFI\xfb"
# docs/interop/qcow2.txt of QEMU: from version 3 on, incompatible feature bit 2 at offset 72.
_QCOW2_FEATURES_SINCE, _QCOW2_FEATURES_AT, _QCOW2_EXTERNAL_DATA = 3, 72, 1 << 2
_QCOW2_LEAST = 80  # bytes up to the end of those features; a real image is far longer
_ISO_MAGIC, _ISO_MAGIC_AT = b"CD001", 32769  # ECMA-119: identifier of the primary volume descriptor
_VHD_COOKIE, _VHD_FOOTER = b"conectix", 512  # a fixed-size VHD has its footer at the end only

# Names of the CloudStack API for what qemu-img detects.
_FORMATS = {"qcow2": "QCOW2", "vpc": "VHD", "vmdk": "VMDK", "raw": "RAW"}


class Image(NamedTuple):
    """An image file: qemu's name of its format, sizes in bytes, and the file it builds on."""

    format: str
    virtual_size: int
    physical_size: int
    backing: str | None


def describe(path: str, raw: bool = False) -> Image:
    """Read the header of an image we made ourselves. A running guest may hold it open.

    Args:
        path: the file.
        raw: it was made raw; then what a guest wrote to its first sector must not be taken for a header.
    """
    argv = ["qemu-img", "info", "--force-share", "--output=json", *(["-f", "raw"] if raw else [])]
    return _image(json.loads(run([*argv, path])))


def _image(seen: dict[str, Any]) -> Image:
    physical = seen.get("actual-size") or 0
    return Image(seen["format"], seen["virtual-size"], physical, seen.get("backing-filename"))


def create(path: str, image_format: str, size: int, backing: str | None) -> None:
    """Make a new image of ``size`` bytes; with ``backing`` (a qcow2 in the same directory) a clone of it."""
    argv = ["qemu-img", "create", "-q", "-f", image_format]
    if backing:
        argv += ["-F", "qcow2", "-b", backing]
    run([*argv, path, str(size)])


def resize(path: str, image_format: str, size: int, shrink: bool = False) -> None:
    """Grow an image no guest is using, or with ``shrink`` cut off what is beyond the size."""
    run(["qemu-img", "resize", "-q", *(["--shrink"] if shrink else []), "-f", image_format, path, str(size)])


def convert(source: str, source_format: str, target: str) -> None:
    """Write ``source`` as a qcow2 of its own to ``target``."""
    argv = ["qemu-img", "convert", "-q", "-f", source_format, "-O", "qcow2", source, target]
    run(argv, timeout_s=_COPY_LIMIT_S)


def qcow2_refusal(header: bytes) -> str | None:
    """Say why a qcow2 header points outside of its own file; None when it does not.

    Read before qemu-img sees the file: some versions open a named data file while describing it
    (CVE-2024-4467). Layout: docs/interop/qcow2.txt of QEMU.
    """
    if not header.startswith(_QCOW2_MAGIC):
        return None
    if len(header) < _QCOW2_LEAST:
        return "its qcow2 header is cut short"
    version, backing_offset = struct.unpack_from(">IQ", header, 4)
    if backing_offset:
        return "it refers to a backing file"
    (features,) = struct.unpack_from(">Q", header, _QCOW2_FEATURES_AT)
    if version >= _QCOW2_FEATURES_SINCE and features & _QCOW2_EXTERNAL_DATA:
        return "it refers to an external data file"
    return None


def inspect_untrusted(path: str, declared: str) -> Image:
    """Check an image of unknown origin before anything else uses it.

    Args:
        path: the file.
        declared: the format it should have, in the words of the CloudStack API (QCOW2, RAW, VHD, VMDK, ISO).

    Raises:
        NodeError: it is empty, of another format, broken, or refers to other files.
    """
    size = os.stat(path).st_size
    if size == 0:
        raise NodeError("the image is empty (0 bytes)")
    with open(path, "rb") as file:
        refusal = qcow2_refusal(file.read(512))
        if refusal:
            raise NodeError(f"the image is refused: {refusal}")
        found = _detect(file, size)
    if found not in (None, declared):
        raise NodeError(f"the image is {found}, not {declared} as declared")
    argv = [*_UNTRUSTED, "qemu-img", "info", "--output=json"]
    if found:  # qemu cannot tell these two from raw bytes
        argv += ["-f", "vpc" if found == "VHD" else "raw"]
    try:
        seen = json.loads(run([*argv, path]))
    except NodeError as error:
        raise NodeError(f"the image cannot be read as {declared}: {error}") from None
    _refuse_references(seen, path)
    real = _FORMATS.get(seen["format"], seen["format"])
    if not found and real != declared:
        raise NodeError(f"the image is {real}, not {declared} as declared")
    return _image(seen)


def _detect(file: Any, size: int) -> str | None:
    """Formats told by a signature qemu-img does not look for."""
    file.seek(_ISO_MAGIC_AT)
    if file.read(len(_ISO_MAGIC)) == _ISO_MAGIC:
        file.seek(0)
        if not file.read(4).startswith(_QCOW2_MAGIC):
            return "ISO"
    file.seek(max(size - _VHD_FOOTER, 0))
    return "VHD" if file.read(len(_VHD_COOKIE)) == _VHD_COOKIE else None


def _refuse_references(seen: dict[str, Any], path: str) -> None:
    """Refuse an image that would make qemu open other files of the host."""
    details = seen.get("format-specific", {}).get("data", {})
    if seen.get("backing-filename") or seen.get("full-backing-filename"):
        raise NodeError("the image is refused: it refers to a backing file")
    if details.get("data-file"):
        raise NodeError("the image is refused: it refers to an external data file")
    if any(extent.get("filename") != path for extent in details.get("extents", [])):
        raise NodeError("the image is refused: it refers to extents in other files")
