"""URLs of storage: which schemes there are, and what they must say."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from stratoform.commands.frame.params import refuse, shown

_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Where storage is: ``scheme`` in lower case, ``host`` '' when the URL names none, ``path`` absolute and tidy."""

    scheme: str
    host: str
    path: str

    @property
    def url(self) -> str:
        """The place in one spelling, so that two URLs of one place are equal."""
        return f"{self.scheme}://{self.host}{self.path}"


def place_of(parameter: str, url: str, schemes: dict[str, str]) -> Place:
    """The place a storage URL means.

    Args:
        parameter: whose value it is, for errors.
        url: scheme://host/path, percent-encoding allowed in the path.
        schemes: allowed scheme in lower case to an example of it, for errors.

    Raises:
        ApiError: another scheme, or a part that is missing or malformed.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        extras = parts.username or parts.password or parts.port or parts.query or parts.fragment
    except ValueError:
        raise refuse(parameter, f"{shown(url)} is no URL") from None
    scheme = parts.scheme.lower()
    if scheme not in schemes:
        raise refuse(parameter, f"{shown(url)} is not one of {', '.join(schemes.values())}")
    if extras:
        raise refuse(parameter, f"{shown(url)} may have a host and a path only, as in {schemes[scheme]}")
    if host and not (_HOST_NAME.fullmatch(host) or _is_address(host)):
        raise refuse(parameter, f"{shown(host)} is neither a host name nor an address")
    path = unquote(parts.path)
    if not path.startswith("/") or not path.isprintable() or ".." in path.split("/"):
        raise refuse(parameter, f"{shown(url)} needs an absolute path without '..', as in {schemes[scheme]}")
    return Place(scheme, host, posixpath.normpath("/" + path.lstrip("/")))


def _is_address(text: str) -> bool:
    """True for an address; one with an interface (fe80::1%eth0) would carry any text behind the %."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text
