"""Shapes of the values an operation accepts; each check returns the value or names what is wrong.

Most values were checked by the API before; here is the last place before the host, so nothing is assumed.
"""

from __future__ import annotations

import ipaddress
import os
import re

from .errors import NodeError

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# No colon: qemu reads "name:rest" as a protocol. No leading dot or dash: hidden files, options.
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,199}")
_DOMAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")  # IFNAMSIZ is 16 with its NUL
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")  # RFC 1123
_DOMAIN_LIMIT = 253  # RFC 1035, 255 octets on the wire


def _match(pattern: re.Pattern[str], value: object, what: str, lower: bool = False) -> str:
    text = value.lower() if lower and isinstance(value, str) else value
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise NodeError(f"{value!r} is not a valid {what}")
    return text


def uuid(value: object) -> str:
    """A UUID in canonical form, lower case."""
    return _match(_UUID, value, "UUID", lower=True)


def file_name(value: object) -> str:
    """One name of a file inside a pool or store, no directories."""
    return _match(_FILE_NAME, value, "file name")


def domain_name(value: object) -> str:
    """The name of a guest or router on the host, e.g. ``i-2-5-VM``."""
    return _match(_DOMAIN_NAME, value, "instance name")


def interface(value: object) -> str:
    """The name of a Linux network interface or bridge."""
    return _match(_INTERFACE, value, "network interface name")


def mac(value: object) -> str:
    """A unicast MAC address, lower case with colons."""
    text = _match(_MAC, value, "MAC address", lower=True)
    if int(text[:2], 16) & 1:
        raise NodeError(f"{value!r} is a multicast MAC address")
    return text


def ipv4(value: object) -> str:
    """A single IPv4 address."""
    try:
        return str(ipaddress.IPv4Address(value))  # type: ignore[arg-type]
    except ValueError:
        raise NodeError(f"{value!r} is not an IPv4 address") from None


def ip(value: object) -> str:
    """A single IPv4 or IPv6 address."""
    try:
        return str(ipaddress.ip_address(value))  # type: ignore[arg-type]
    except ValueError:
        raise NodeError(f"{value!r} is not an IP address") from None


def ipv4_interface(value: object) -> str:
    """An IPv4 address with the length of its prefix, e.g. ``10.1.1.2/24``."""
    text = str(value)
    try:
        if "/" in text:
            return str(ipaddress.IPv4Interface(text))
    except ValueError:
        pass
    raise NodeError(f"{value!r} is not an IPv4 address with a prefix length")


def host_label(value: object) -> str:
    """A host name of one label (RFC 1123), lower case."""
    return _match(_LABEL, value, "host name", lower=True)


def dns_domain(value: object) -> str:
    """A DNS domain of RFC 1123 labels, lower case, no trailing dot."""
    text = str(value).lower()
    if not text or len(text) > _DOMAIN_LIMIT or not all(_LABEL.fullmatch(label) for label in text.split(".")):
        raise NodeError(f"{value!r} is not a valid DNS domain")
    return text


def absolute_path(value: object) -> str:
    """An absolute path without control characters, normalised."""
    text = str(value or "")
    if not text.startswith("/") or not text.isprintable():
        raise NodeError(f"{value!r} is not an absolute path")
    return os.path.normpath(text)


def relative_path(value: object) -> str:
    """A path below some directory: file names joined by slashes, never upwards."""
    parts = str(value or "").split("/")
    if not all(_FILE_NAME.fullmatch(part) for part in parts):
        raise NodeError(f"{value!r} is not a relative path of plain file names")
    return "/".join(parts)
