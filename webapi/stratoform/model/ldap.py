"""The directory servers this cloud is told of."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from .base import Entity


class LdapConfiguration(Entity):
    """A server; of one domain's users, or of all. How to search it is said by the settings ``ldap.*``."""

    __tablename__ = "ldap_configuration"

    hostname: Mapped[str]
    port: Mapped[int]
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id"))
