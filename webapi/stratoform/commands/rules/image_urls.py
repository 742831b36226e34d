"""Where images come from, and their checksums: what a registrant may say."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from stratoform.commands.frame.caller import Caller
from stratoform.commands.frame.params import refuse, shown
from stratoform.errors import ApiError, Fault

PACKED: Final = (".gz", ".bz2", ".xz", ".zip", ".zst")
_BY_LENGTH: Final = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
"""Hex digits to algorithm."""
_CHECKSUM: Final = re.compile(
    r"(?:\{(?P<braced>[a-z0-9-]+)\}|(?P<named>[a-z0-9-]+):)?(?P<digits>[0-9a-f]+)", re.IGNORECASE,
)


def checksum(text: str) -> str:
    """A checksum as ``algorithm:hex`` in lower case.

    Args:
        text: ``md5:..``, ``{SHA-256}..``, or hex alone whose length tells the algorithm.

    Raises:
        ApiError: it is none of these, or the length is not the algorithm's.
    """
    found = _CHECKSUM.fullmatch(text)
    if found is None:
        raise refuse("checksum", f"{shown(text)} is no checksum, e.g. sha256:9f86d0...")
    digits = found["digits"].lower()
    algorithm = _BY_LENGTH.get(len(digits))
    named = (found["braced"] or found["named"] or algorithm or "").lower().replace("-", "")
    if algorithm is None or named != algorithm:
        raise refuse("checksum", f"{len(digits)} hexadecimal digits are no {named or 'known'} checksum; known are "
                                 f"{', '.join(f'{name} ({length})' for length, name in _BY_LENGTH.items())}")
    return f"{algorithm}:{digits}"


def source_url(url: str, caller: Caller) -> None:
    """Checks an image's URL, and that this caller may have it fetched.

    Raises:
        ApiError: it is malformed, carries a password, names a packed image, or is not for this caller.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise refuse("url", f"{shown(url)} is no URL") from None
    if parts.scheme not in {"http", "https", "file"} or not url.isprintable() or " " in url:
        raise refuse("url", f"{shown(url)} is neither http://, https:// nor file:///")
    if parts.username is not None or parts.password is not None:
        raise refuse("url", "it must not carry a user name or password: every reader of the template would see them")
    if parts.path.lower().endswith(PACKED):
        raise refuse("url", f"{shown(url)} is packed; give the image itself ({', '.join(PACKED)} are not unpacked)")
    if parts.scheme == "file":
        _check_file(url, parts, caller)
    else:
        _check_host(url, parts, caller)


def _check_file(url: str, parts: SplitResult, caller: Caller) -> None:
    if not caller.is_root:  # anybody else would read the management machine's files with it
        raise ApiError(Fault.NOT_PERMITTED, "Only root administrators can register templates from file:// URLs")
    if parts.netloc not in {"", "localhost"}:
        raise refuse("url", f"{shown(url)} names a host; file:/// URLs are of the management machine")
    path = unquote(parts.path)
    if len(path) < 2 or ".." in path.split("/"):  # noqa: PLR2004 - more than the slash
        raise refuse("url", f"{shown(url)} has no absolute path without '..'")


def _check_host(url: str, parts: SplitResult, caller: Caller) -> None:
    host = parts.hostname
    if not host:
        raise refuse("url", f"{shown(url)} names no server")
    if caller.is_root:
        return
    # The service would fetch on a stranger's behalf what only itself can reach (as the reference: "illegal host").
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        last = host.rstrip(".").split(".")[-1]
        # "2130706433" and "0x7f.1" are addresses too, to those who look them up.
        inside = re.fullmatch("localhost|0x[0-9a-f]*|[0-9]*", last) is not None
    else:
        inside = address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
    if inside:
        raise refuse("url", f"{shown(host)} is an address of the cloud's own; only root administrators can use it")
