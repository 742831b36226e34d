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
    custom_role: tuple[int, int] | None = None  # row id and version of a role that is no built-in one
    projects: tuple[int, ...] = ()  # accounts of the projects the caller's account is a member of

    @property
    def accounts(self) -> tuple[int, ...]:
        """The accounts whose things the caller shares: its own and its projects'."""
        return (self.account_id, *self.projects)

    @property
    def is_root(self) -> bool:
        """True for a root administrator, who sees every object and every field."""
        return self.role is RoleType.ADMIN


@dataclass(frozen=True)
class Credential:
    """What a signature is checked against."""

    secret: str
    caller: Caller
