"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class RoleType(IntEnum):
    """Account types with the numbers the CloudStack API shows as ``accounttype``."""

    USER = 0
    ADMIN = 1
    DOMAIN_ADMIN = 2
    RESOURCE_ADMIN = 3


@dataclass(frozen=True)
class Caller:
    """An authenticated user, fixed for the length of one request (row ids, not uuids)."""

    user_id: int
    account_id: int
    domain_id: int
    domain_path: str
    role: RoleType

    @property
    def is_root(self) -> bool:
        """True for a root administrator, who sees every object and every field."""
        return self.role is RoleType.ADMIN


@dataclass(frozen=True)
class Credential:
    """What a signature is checked against."""

    secret: str
    caller: Caller
