"""Passwords that are kept in a directory."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from stratoform.db.database import Database
from stratoform.ldap.client import LdapError
from stratoform.ldap.directory import LdapDirectory

from .authenticators import named

log = logging.getLogger(__name__)

LDAP: Final = "ldap"
"""User.source of those whose password a directory keeps."""


class LdapPasswords:
    """Checks the passwords of users who came from a directory, by binding there as them."""

    def __init__(self, db: Database, directory: LdapDirectory) -> None:
        self.db = db
        self.directory = directory

    def __call__(self, username: str, password: str, domain: int | None, request: Mapping[str, object]) -> int | None:  # noqa: ARG002 - the port's
        """See Authenticator."""
        with self.db.read() as session:
            user = named(session, username, domain)
        if user is None or user.source != LDAP:
            return None
        name = f"{user.first_name} {user.last_name}".strip()
        try:
            return user.id if self.directory.accepts(domain, (user.name, user.email, name), password) else None
        except LdapError as error:
            log.warning("the directory could not check the password of user %s: %s", user.uuid, error)
            return None
