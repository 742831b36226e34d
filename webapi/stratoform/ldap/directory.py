"""The directories this cloud is told of, as its configuration says now."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.db.database import Database
from stratoform.model.ldap import LdapConfiguration
from stratoform.model.settings import Settings
from stratoform.secrets import Vault

from .client import Client, Layout, LdapError, NobodyError, Person, Server


class LdapDirectory:
    """Asks the configured directories. No transaction is open while they are asked.

    Args:
        db: where the configurations are.
        settings: the settings ``ldap.*``.
        vault: opens the search user's password.
    """

    def __init__(self, db: Database, settings: Settings, vault: Vault) -> None:
        self.db = db
        self.settings = settings
        self.vault = vault

    def probe(self, server: Server) -> None:
        """Tries a server that may not be configured yet.

        Raises:
            LdapError: it cannot be reached, or refuses the search user.
        """
        with self.db.read() as session:
            layout = self._layout(session)
        Client([server], layout).probe()

    def people(self, domain: int | None, username: str | None = None, group: str = "") -> list[Person]:
        """Those of that user name, or all; with a group only its members.

        Raises:
            LdapError: the directory could not be asked, or none is configured.
        """
        return self._client(domain).people(username, group)

    def person(self, domain: int | None, username: str) -> Person:
        """The one of that user name.

        Raises:
            NobodyError: there is none, or more than one.
            LdapError: the directory could not be asked.
        """
        found = self.people(domain, username)
        if len(found) != 1:
            raise NobodyError(f"the directory has {'no' if not found else 'more than one'} user named {username!r}")
        return found[0]

    def accepts(self, domain: int | None, who: tuple[str, str, str], password: str) -> bool:
        """Whether the directory takes the password.

        Args:
            domain: row id of the user's domain.
            who: user name, e-mail address, first and last name.
            password: as it was typed.

        Raises:
            LdapError: the directory could not be asked, or none is configured.
        """
        return self._client(domain).accepts(*who, password)

    def _client(self, domain: int | None) -> Client:
        with self.db.read() as session:
            servers, layout = self._servers(session, domain), self._layout(session)
        if not servers:
            raise LdapError("no directory is configured; addLdapConfiguration tells of one")
        if not layout.base:
            raise LdapError("setting ldap.basedn says below which entry people are; it is empty")
        return Client(servers, layout)

    @staticmethod
    def _servers(session: Session, domain: int | None) -> Sequence[Server]:
        """Those of the domain, or those of the whole cloud when it has none of its own."""
        rows = session.scalars(
            select(LdapConfiguration).where(LdapConfiguration.removed.is_(None)).order_by(LdapConfiguration.id)).all()
        own = [row for row in rows if row.domain_id is not None and row.domain_id == domain]
        return [Server(row.hostname, row.port) for row in own or rows if row.domain_id is None or own]

    def _layout(self, session: Session) -> Layout:
        def text(name: str) -> str:
            return self.settings.text(session, f"ldap.{name}")

        sealed = text("bind.password")
        return Layout(
            base=text("basedn"), principal=text("bind.principal"),
            password=self.vault.open(sealed) if sealed else "", username=text("username.attribute"),
            email=text("email.attribute"), first_name=text("firstname.attribute"),
            last_name=text("lastname.attribute"), user_object=text("user.object"), group_object=text("group.object"),
            member=text("group.user.uniquemember"), query=text("query.filter"), group=text("search.group.principle"),
            tls=text("tls"), ca_file=text("truststore"),
            page=self.settings.whole(session, "ldap.request.page.size"),
            seconds=self.settings.whole(session, "ldap.read.timeout") / 1000,
        )
