"""The account a router's daemons run as."""

from __future__ import annotations

import pwd

from ..files import Owner

# dnsmasq's package brings an account of its own on every distribution; where it does not, dnsmasq uses nobody.
_NAMES = ("dnsmasq", "nobody")


def name() -> str:
    """Name of the account."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(candidate for candidate in _NAMES if candidate in known)


def owner() -> Owner:
    """Owner of the few files only the daemons may read, or write.

    Its user, not its group: on Debian that is nogroup, shared by everything without privileges.
    """
    entry = pwd.getpwnam(name())
    return Owner(entry.pw_uid, entry.pw_gid)
