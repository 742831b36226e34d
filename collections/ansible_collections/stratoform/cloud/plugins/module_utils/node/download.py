"""Fetch one file from an address into a file, with limits, hashing it on the way."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from . import checks
from .errors import NodeError
from .files import need_space, space

_CHUNK = 1024 * 1024
_SILENCE_S = 30  # a server that sends nothing for so long is gone
_REDIRECTS = 5
_SPACE_EVERY = 64 * _CHUNK  # bytes between two looks at the free space
_SPACE_KEPT = 16 * _CHUNK  # never take the last bytes of a file system others write to
_BY_LENGTH = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
_HEX = re.compile(r"[0-9a-f]+")


class Checksum(NamedTuple):
    """An expected digest: hashlib's name of the algorithm and lower-case hex."""

    algorithm: str
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


def parse_checksum(text: str | None) -> Checksum | None:
    """Read the ways a checksum is written in the CloudStack API and its clients.

    ``md5:<hex>``, ``sha256:<hex>``, ``{SHA-256}<hex>``, or bare hex told by its length.

    Raises:
        NodeError: none of these.
    """
    if not text:
        return None
    name, digest = "", text.strip()
    if digest.startswith("{") and "}" in digest:
        name, _brace, digest = digest[1:].partition("}")
    elif ":" in digest:
        name, _colon, digest = digest.partition(":")
    digest = digest.lower()
    by_length = _BY_LENGTH.get(len(digest))
    algorithm = name.lower().replace("-", "") or by_length
    if not _HEX.fullmatch(digest) or by_length is None or algorithm != by_length:
        raise NodeError(f"{text!r} is not a checksum: algorithm:hex with md5, sha1, sha224, sha256, sha384 or sha512")
    return Checksum(algorithm, digest)


@dataclass(frozen=True)
class Limits:
    """What a download may take at most."""

    max_bytes: int
    timeout_s: float


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow few redirects, and only to http(s): never to a local file."""

    max_redirections = _REDIRECTS

    def redirect_request(  # noqa: PLR0913, PLR0917  signature of the base
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise NodeError(f"{req.full_url} redirects to {newurl}, which is not http or https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextlib.contextmanager
def _source(url: str) -> Iterator[tuple[IO[bytes], int | None]]:
    """Open the address; yield its bytes and their number when it is known."""
    parts = urlsplit(url or "")
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        with open(checks.absolute_path(unquote(parts.path)), "rb") as file:
            yield file, os.fstat(file.fileno()).st_size
        return
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NodeError(f"{url!r} is not an address to copy from: file, http and https are allowed")
    opener = urllib.request.build_opener(_Redirects())
    request = urllib.request.Request(url, headers={"User-Agent": "stratoform"})  # noqa: S310  scheme checked
    try:
        with opener.open(request, timeout=_SILENCE_S) as answer:
            length = answer.headers.get("Content-Length")
            yield answer, int(length) if length and length.isdigit() else None
    except urllib.error.HTTPError as error:
        error.close()
        raise NodeError(f"{url} answered {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise NodeError(f"{url} cannot be reached: {error.reason}") from None


def fetch(url: str, target: str, expected: Checksum | None, limits: Limits) -> str:
    """Copy what is at ``url`` to the new file ``target``.

    Returns:
        The digest of what was written, ``sha256:<hex>``.

    Raises:
        NodeError: not found, unreachable, too large, too slow, cut short, no space, or another checksum. The
            caller removes the target.
    """
    deadline = time.monotonic() + limits.timeout_s
    digests = {name: hashlib.new(name) for name in {"sha256", expected.algorithm if expected else "sha256"}}
    with _source(url) as (source, length):
        if length is not None:
            _within(length, limits)
            need_space(os.path.dirname(target), length)
        written = _copy(source, target, list(digests.values()), limits, deadline)
    if length is not None and written != length:
        raise NodeError(f"{url} ended after {written} of {length} bytes")
    if expected and digests[expected.algorithm].hexdigest() != expected.hex:
        found = Checksum(expected.algorithm, digests[expected.algorithm].hexdigest())
        raise NodeError(f"the checksum of {url} is {found}, not {expected}")
    return f"sha256:{digests['sha256'].hexdigest()}"


def _within(size: int, limits: Limits) -> None:
    if size > limits.max_bytes:
        raise NodeError(f"the image has {size} bytes, the limit is {limits.max_bytes}")


def _copy(source: IO[bytes], target: str, digests: list[Any], limits: Limits, deadline: float) -> int:
    """Write the stream to the target, updating the digests; return the number of bytes."""
    written, look_at = 0, _SPACE_EVERY
    with open(target, "xb") as file:
        while True:
            try:
                chunk = source.read(_CHUNK)
            except (TimeoutError, OSError) as error:
                raise NodeError(f"the transfer broke after {written} bytes: {error}") from None
            if not chunk:
                return written
            written += len(chunk)
            _within(written, limits)
            if time.monotonic() > deadline:
                raise NodeError(f"the transfer took longer than {limits.timeout_s:g} seconds")
            if written >= look_at:
                look_at += _SPACE_EVERY
                if space(os.path.dirname(target)).available < _SPACE_KEPT:
                    raise NodeError(f"no space is left in {os.path.dirname(target)} after {written} bytes")
            file.write(chunk)
            for digest in digests:
                digest.update(chunk)
