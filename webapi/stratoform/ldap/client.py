"""Speaks LDAP. Knows neither database nor API; every call opens a connection and ends it.

What people typed goes into filters only escaped (RFC 4515), and never into a DN: DNs are what a search found.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import Any, Final

from ldap3 import BASE, NONE, SUBTREE, Connection, Tls
from ldap3 import Server as Ldap3Server
from ldap3.core.exceptions import (
    LDAPBindError,
    LDAPException,
    LDAPInvalidCredentialsResult,
    LDAPNoSuchObjectResult,
    LDAPOperationResult,
)
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import parse_dn

MOST: Final = 10000
"""Entries read of one search."""
TLS: Final = ("none", "ssl", "starttls")


class LdapError(Exception):
    """The directory could not be asked; the text says why, without any password."""


class NobodyError(LdapError):
    """It was asked, and has not exactly one of what was looked for."""


@dataclass(frozen=True)
class Server:
    """Where a directory is."""

    host: str
    port: int


@dataclass(frozen=True)
class Layout:
    """How to get in, and where in the directory people and groups are.

    Attributes:
        base: DN below which people are.
        principal, password: of the search user; without a principal the search is anonymous.
        query: filter that finds one person; %u stands for the user name, %e for the e-mail address, %n for the name.
            Empty: made of user_object and username.
        group: DN of the group whose members alone count; empty: everybody.
        tls: one of TLS; ca_file: its certificates of authorities (PEM); empty: those of this machine.
        seconds: how long one answer may take.
    """

    base: str
    principal: str
    password: str
    username: str
    email: str
    first_name: str
    last_name: str
    user_object: str
    group_object: str
    member: str
    query: str
    group: str
    tls: str
    ca_file: str
    page: int
    seconds: float


@dataclass(frozen=True)
class Person:
    """Somebody in the directory. ``unit`` is the organisational unit nearest above."""

    dn: str
    username: str
    email: str
    first_name: str
    last_name: str
    unit: str


class Client:
    """One directory, kept by several servers of which the first that answers is asked.

    Args:
        servers: in the order in which they are tried.
        layout: see there.
    """

    def __init__(self, servers: Sequence[Server], layout: Layout) -> None:
        self.servers = servers
        self.layout = layout

    def probe(self) -> None:
        """Connects and binds as the search user.

        Raises:
            LdapError: that did not work.
        """
        with self._connected():
            pass

    def people(self, username: str | None = None, group: str = "") -> list[Person]:
        """Those of that user name, or all; with a group's name only its members.

        Raises:
            LdapError: the directory could not be asked.
        """
        kept = self.layout
        name = "*" if username is None else escape_filter_chars(username)
        wanted = f"(&(objectClass={escape_filter_chars(kept.user_object)})({kept.username}={name}))"
        with self._connected() as connection:
            found = [_person(entry, kept) for entry in self._search(connection, wanted, kept.base)]
            members = [self._members(connection, dn) for dn in self._groups(connection, group)]
        return [one for one in found if one.username and all(one.dn.lower() in names for names in members)]

    def accepts(self, username: str, email: str, name: str, password: str) -> bool:
        """Whether the directory takes the password for the one person the filter finds.

        Raises:
            LdapError: the directory could not be asked.
        """
        if not password:  # a bind without a password succeeds for everybody: it is an anonymous one (RFC 4513, 5.1.2)
            return False
        with self._connected() as connection:
            found = self._search(connection, self._filter(username, email, name), self.layout.base, most=2)
            if len(found) != 1:
                return False
            dn = str(found[0]["dn"])
            groups = list(self._groups(connection, ""))
            if not all(self._has(connection, group, dn) for group in groups):
                return False
        try:
            with self._connected(dn, password):
                return True
        except _RefusedError:
            return False

    def _filter(self, username: str, email: str, name: str) -> str:
        kept = self.layout
        pattern = kept.query or f"(&(objectClass={escape_filter_chars(kept.user_object)})({kept.username}=%u))"
        values = {"%u": username, "%e": email, "%n": name}
        parts = []
        rest = pattern
        while "%" in rest:  # one pass: what was put in is not looked at again
            before, _, after = rest.partition("%")
            key = f"%{after[:1]}"
            parts += [before, escape_filter_chars(values[key]) if key in values else key]
            rest = after[1:]
        return "".join([*parts, rest])

    def _groups(self, connection: Any, name: str) -> Iterator[str]:
        """DNs of the groups of which people must be members."""
        kept = self.layout
        if kept.group:
            yield kept.group
        if name:
            wanted = f"(&(objectClass={escape_filter_chars(kept.group_object)})(cn={escape_filter_chars(name)}))"
            found = self._search(connection, wanted, kept.base, most=2)
            if len(found) != 1:
                raise NobodyError(f"the directory has {'no' if not found else 'more than one'} group named {name!r}")
            yield str(found[0]["dn"])

    def _members(self, connection: Any, group: str) -> frozenset[str]:
        found = self._search(connection, "(objectClass=*)", group, attributes=[self.layout.member], scope=BASE)
        return frozenset(str(dn).lower() for entry in found for dn in _values(entry, self.layout.member))

    def _has(self, connection: Any, group: str, dn: str) -> bool:
        wanted = f"({self.layout.member}={escape_filter_chars(dn)})"
        return bool(self._search(connection, wanted, group, scope=BASE, most=1))

    def _search(  # noqa: PLR0913 - a search has these
        self, connection: Any, wanted: str, base: str, *, most: int = MOST, scope: Any = SUBTREE,
        attributes: Sequence[str] = (),
    ) -> list[Mapping[str, Any]]:
        """The entries found, at most so many."""
        kept = self.layout
        asked = list(attributes) or [kept.username, kept.email, kept.first_name, kept.last_name]
        try:
            entries = connection.extend.standard.paged_search(
                base, wanted, scope, attributes=asked, paged_size=min(kept.page, most), generator=True)
            return list(islice((e for e in entries if e.get("type") == "searchResEntry"), most))
        except LDAPNoSuchObjectResult as error:
            raise LdapError(f"the directory has no entry {base!r}") from error
        except LDAPException as error:
            raise LdapError(f"the directory did not answer a search: {_why(error)}") from error

    @contextmanager
    def _connected(self, user: str = "", password: str = "") -> Iterator[Any]:
        """A bound connection to the first server that answers; as the search user unless told otherwise."""
        problems = []
        for server in self.servers:
            try:
                connection = self._bound(server, user or self.layout.principal, password or self.layout.password)
            except (LDAPInvalidCredentialsResult, LDAPBindError, LDAPOperationResult) as error:
                if user:
                    raise _RefusedError(_why(error)) from error
                raise LdapError(f"{server.host} refused the search user: {_why(error)}") from error
            except (LDAPException, OSError) as error:
                problems.append(f"{server.host}:{server.port}: {_why(error)}")
                continue
            try:
                yield connection
            finally:
                _close(connection)
            return
        raise LdapError(f"no directory could be reached ({'; '.join(problems) or 'none is configured'})")

    def _bound(self, server: Server, user: str, password: str) -> Any:
        kept = self.layout
        tls = _Tls(kept.ca_file) if kept.tls != "none" else None
        where = Ldap3Server(server.host, server.port, use_ssl=kept.tls == "ssl", tls=tls, get_info=NONE,
                            connect_timeout=kept.seconds)
        connection = Connection(
            where, user or None, password or None, read_only=True, auto_referrals=False, check_names=False,
            raise_exceptions=True, receive_timeout=ceil(kept.seconds))
        try:
            connection.open()
            if kept.tls == "starttls":
                connection.start_tls()
            connection.bind()
        except BaseException:
            _close(connection)
            raise
        return connection


def _close(connection: Any) -> None:
    """Ends a connection, at whatever point it is; a socket that ldap3 gave up half-way is closed, too."""
    socket = connection.socket
    with suppress(LDAPException, OSError):
        connection.unbind()
    if socket is not None:
        with suppress(OSError):
            socket.close()


class _Tls(Tls):  # type: ignore[misc]  # ldap3 ships no types
    """TLS as Python's own defaults have it: certificate and host name are checked while shaking hands.

    Args:
        ca_file: certificates of authorities (PEM); empty: those of this machine.
    """

    def __init__(self, ca_file: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self.ca_file = ca_file

    def wrap_socket(self, connection: Any, do_handshake: bool = True) -> None:
        """Called by ldap3 when the connection shall turn to TLS."""
        context = ssl.create_default_context(cafile=self.ca_file or None)
        connection.socket = context.wrap_socket(
            connection.socket, server_hostname=connection.server.host, do_handshake_on_connect=do_handshake)


class _RefusedError(Exception):
    """The directory does not take this user and password."""


def _why(error: BaseException) -> str:
    """The cause on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def _values(entry: Mapping[str, Any], attribute: str) -> list[Any]:
    """Values of an attribute, whatever the case its name is answered in."""
    found: Any = next((v for k, v in entry["attributes"].items() if k.lower() == attribute.lower()), [])
    return list(found) if isinstance(found, (list, tuple)) else [found]


def _person(entry: Mapping[str, Any], layout: Layout) -> Person:
    def first(attribute: str) -> str:
        return next((str(value) for value in _values(entry, attribute) if isinstance(value, str)), "")

    units: Iterator[str] = iter(())
    with suppress(LDAPException):  # what a server calls a DN need not be one
        units = iter([value for kind, value, _ in parse_dn(entry["dn"]) if kind.lower() == "ou"])
    return Person(str(entry["dn"]), first(layout.username), first(layout.email), first(layout.first_name),
                  first(layout.last_name), next(units, ""))
