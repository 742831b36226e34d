"""The built-in roles, named as clients expect them (CloudStack API, roles)."""

from __future__ import annotations

from collections.abc import Sequence

from .roles import Role

_BUILT_IN = (
    ("Root Admin", "Admin", "Everything."),
    ("Resource Admin", "ResourceAdmin", "Hosts, storage and networks below the cloud."),
    ("Domain Admin", "DomainAdmin", "A domain and everything below it."),
    ("User", "User", "What an account owns."),
)


def roles() -> Sequence[Role]:
    """Fresh rows of the built-in roles."""
    return [Role(name=name, type=kind, description=text, is_default=True) for name, kind, text in _BUILT_IN]
