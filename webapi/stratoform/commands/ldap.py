"""Directories: telling of them, looking into them, and making accounts of the people in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, select

from stratoform.errors import ApiError, Fault
from stratoform.ldap.client import LdapError, NobodyError, Person, Server
from stratoform.model.base import new_uuid, now
from stratoform.model.ldap import LdapConfiguration
from stratoform.model.roles import Role
from stratoform.model.tenancy import Account, Domain, User

from .accounts import NewAccount
from .frame.answer import Body, Many, One
from .frame.base import EVERYONE, OPERATORS, Command, ListCommand
from .frame.context import Shared
from .frame.params import Choice, Details, Int, Ref, Short, Text, refuse, shown
from .frame.plain import PlainList
from .frame.scope import visible
from .rules import tenancy as rules
from .rules.places import asked, demand_free_name
from .rules.tenancy import Name, TimeZone
from .views.ldap import LDAP_ADDED, LDAP_CONFIGURATION, LDAP_DELETED, LDAP_USER
from .views.tenancy import ACCOUNT

SOURCE: Final = "ldap"
"""User.source of those whose password a directory keeps."""


class HostText(Text):
    """The name or the address of a machine."""

    def read(self, text: str) -> str:
        """See Param.read."""
        if not re.fullmatch(r"[0-9A-Za-z_][0-9A-Za-z_.:-]{0,252}", text):
            raise refuse(self.name, f"{shown(text)} is neither the name nor the address of a host")
        return text.lower()


def unavailable(name: str, error: LdapError, parameter: str = "") -> ApiError:
    """The error for a directory that could not be asked, or has not what a parameter asks for."""
    if isinstance(error, NobodyError):
        return refuse(parameter, str(error))
    return ApiError(Fault.RESOURCE_UNAVAILABLE, f"Unable to execute {name}: {error}")


def shown_person(person: Person) -> Body:
    """Somebody in a directory, as the API shows it."""
    return {
        "email": person.email or None, "principal": person.dn, "firstname": person.first_name or None,
        "lastname": person.last_name or None, "username": person.username, "domain": person.unit or None,
    }


class AddLdapConfiguration(Command, roles=OPERATORS, event="LDAP.CONFIGURATION.ADD", view=LDAP_ADDED, since="4.2.0"):
    """Tells of a directory server. It is asked once, to see that it can be."""

    hostname = HostText("Its name or address.").required
    port = Int("Its port, mostly 389, or 636 with TLS from the first byte.", least=1, most=65535).required
    domainid = Ref(Domain, "The domain whose users it knows (default: all).", since="4.10")

    @classmethod
    def ahead(cls, values: Mapping[str, Any], caller: Any, shared: Shared) -> None:  # noqa: ARG003 - see Command.ahead
        """Tries the server."""
        try:
            shared.ldap.probe(Server(values["hostname"], values["port"]))
        except LdapError as error:
            raise refuse("hostname", f"{error}; check hostname, port and the settings ldap.*") from error

    def check(self) -> None:
        """See Command.check."""
        taken = select(LdapConfiguration.id).where(
            LdapConfiguration.hostname == self.hostname, LdapConfiguration.port == self.port,
            LdapConfiguration.domain_id == (self.domainid.id if self.domainid else None),
            LdapConfiguration.removed.is_(None))
        if self.session.scalar(taken.limit(1)) is not None:
            raise refuse("hostname", f"{self.hostname}:{self.port} is configured already")

    def run(self) -> LdapConfiguration:
        """See Command.run."""
        made = LdapConfiguration(hostname=self.hostname, port=self.port,
                                 domain_id=self.domainid.id if self.domainid else None)
        self.session.add(made)
        return made


class ListLdapConfigurations(ListCommand, roles=EVERYONE, view=LDAP_CONFIGURATION, since="4.2.0"):
    """Lists the directory servers."""

    keyword_columns = (LdapConfiguration.hostname,)

    hostname = Text("Only the servers of this name or address.")
    port = Int("Only the servers with this port.")
    domainid = Ref(Domain, "Only the servers of this domain.", since="4.10")
    id = Ref(LdapConfiguration, "Only this server.", noun="LDAP configuration", since="4.19")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [LdapConfiguration.removed.is_(None), *visible(LdapConfiguration, self.caller), *self.matching({
            "hostname": LdapConfiguration.hostname, "port": LdapConfiguration.port,
            "domainid": LdapConfiguration.domain_id, "id": LdapConfiguration.id})]


class DeleteLdapConfiguration(Command, roles=OPERATORS, event="LDAP.CONFIGURATION.DELETE", view=LDAP_DELETED,
                              since="4.2.0"):
    """Forgets a directory server; who came from it cannot log in by password any more."""

    hostname = Text("Its name or address; or give id.")
    port = Int("Its port, where several of that name are configured.")
    domainid = Ref(Domain, "The domain whose it is.", since="4.10")
    id = Ref(LdapConfiguration, "The server.", noun="LDAP configuration", since="4.19")

    def run(self) -> One:
        """See Command.run."""
        if (self.id is None) == (self.hostname is None):
            raise refuse("hostname", "say which directory server: hostname, or id")
        found = self.context.all(LdapConfiguration, *asked(
            (self.hostname, LdapConfiguration.hostname), (self.port, LdapConfiguration.port),
            (self.domainid, LdapConfiguration.domain_id), (self.id, LdapConfiguration.id)))
        if len(found) != 1:
            given = ", ".join(self.values)
            raise refuse(given, f"{'no' if not found else 'more than one'} directory server is configured like this; "
                                "listLdapConfigurations shows them")
        body = LDAP_DELETED.one(self.session, self.caller, found[0].id)
        found[0].removed = now()
        return One(LDAP_DELETED.key, body)


class _Domained(Command):
    """For commands that look into a directory before they begin."""

    domainid = Ref(Domain, "The domain of the account (default: the caller's).")

    @classmethod
    def looked_up(cls, values: Mapping[str, Any], caller: Any, shared: Shared) -> int:
        """Row id of the domain asked for; when there is none, the caller's: the command itself refuses later."""
        with shared.ldap.db.read() as session:
            found = session.scalar(select(Domain.id).where(Domain.uuid == values.get("domainid", "")))
        own: int = caller.domain_id
        return found if found is not None else own


class ListLdapUsers(PlainList, _Domained, roles=OPERATORS, view=LDAP_USER, since="4.2.0"):
    """Lists the people in the directory."""

    listtype = Choice("all, or new: only those who are no users yet (default all).", ("all", "new"))
    domainid = Ref(Domain, "Whose directory servers are asked.", since="4.10")

    @classmethod
    def ahead(cls, values: Mapping[str, Any], caller: Any, shared: Shared) -> Sequence[Person]:
        """See Command.ahead."""
        try:
            return shared.ldap.people(cls.looked_up(values, caller, shared))
        except LdapError as error:
            raise unavailable(cls.name, error) from error

    def items(self) -> list[Body]:
        """See PlainList.items."""
        people: Sequence[Person] = sorted(self.context.learned, key=lambda one: one.username)
        if self.listtype == "new":
            known = set(self.session.scalars(select(User.name).where(User.removed.is_(None))))
            people = [one for one in people if one.username not in known]
        return [{**shown_person(one), "name": f"{one.username} {one.first_name} {one.last_name} {one.email}"}
                for one in people]

    def run(self) -> Many:
        """See Command.run."""
        found = super().run()
        assert isinstance(found, Many)  # noqa: S101 - lists answer so
        items = [{name: value for name, value in item.items() if name != "name"} for item in found.items]
        return Many(found.key, items, found.count)


class LdapCreateAccount(NewAccount, _Domained, roles=OPERATORS, event="ACCOUNT.CREATE", view=ACCOUNT, since="4.2.0"):
    """Makes an account of somebody in the directory, or a user of an account that is there."""

    @classmethod
    def ahead(cls, values: Mapping[str, Any], caller: Any, shared: Shared) -> Person:
        """See Command.ahead."""
        try:
            return shared.ldap.person(cls.looked_up(values, caller, shared), values["username"])
        except LdapError as error:
            raise unavailable(cls.name, error, "username") from error

    def check(self) -> None:
        """See Command.check."""
        self.found = self.context.live(
            Account, Account.name == (self.account or self.username), rules.people(),
            Account.domain_id == (self.domainid.id if self.domainid is not None else self.caller.domain_id))
        if self.found is None:
            super().check()
            return
        rules.demand_power(self.context, self.found)
        domain = rules.hold_domain(self.session, self.found.domain_id)
        rules.demand_free_user(self.session, "username", self.username, domain)

    def run(self) -> Account:
        """See Command.run."""
        user = person_as_user(self.context.learned)
        if self.found is None:
            return self.made(user)
        user.name, user.timezone, user.account_id = self.username, self.timezone, self.found.id
        user.uuid = self.userid or new_uuid()
        self.session.add(user)
        return self.found


def person_as_user(person: Person) -> User:
    """A user whose password the directory keeps."""
    return User(name=person.username, email=person.email[:255], first_name=person.first_name[:255],
                last_name=person.last_name[:255], source=SOURCE)


class ImportLdapUsers(_Domained, roles=OPERATORS, event="LDAP.USERS.IMPORT", view=LDAP_USER, since="4.3.0"):
    """Makes accounts of all people in the directory who are no users yet, or of a group's members.

    Without domainid they come into domains below ROOT, named like the group or their organisational unit.
    """

    answers_list = True

    timezone = TimeZone("Their time zone.")
    accounttype = Short("0 user, 1 root, 2 domain, 3 resource administrator; or give roleid.")
    roleid = Ref(Role, "The role of the accounts; or give accounttype.", since="4.9")
    accountdetails = Details("Free key-value pairs of the accounts.")
    domainid = Ref(Domain, "The domain of the accounts.")
    group = Text("Only members of the group of this name.")
    account = Name("The one account that all become users of (default: each an own one, named like the user).")
    keyword = Text("Only people whose user name contains this, in any case.")
    page = Int("Has no effect: all are imported.", least=1)
    pagesize = Int("Has no effect: all are imported.", least=1)

    @classmethod
    def ahead(cls, values: Mapping[str, Any], caller: Any, shared: Shared) -> Sequence[Person]:
        """See Command.ahead."""
        try:
            return shared.ldap.people(cls.looked_up(values, caller, shared), group=values.get("group", ""))
        except LdapError as error:
            raise unavailable(cls.name, error, "group") from error

    def check(self) -> None:
        """See Command.check."""
        self.kind, self.role = rules.chosen_role(self.accounttype, self.roleid)
        if self.domainid is None and not self.caller.is_root:
            raise refuse("domainid", "only root administrators make domains; say in which one the accounts shall be")

    def run(self) -> Many:
        """See Command.run."""
        people = [one for one in sorted(self.context.learned, key=lambda one: one.username)
                  if self.keyword is None or self.keyword.lower() in one.username.lower()]
        made = [one for one in people if self._imported(one)]
        return Many(LDAP_USER.key, [shown_person(one) for one in made], len(made))

    def _imported(self, person: Person) -> bool:
        """Whether somebody is new and became a user; who cannot be one (a taken name) is passed over."""
        given = "roleid" if self.roleid is not None else "accounttype"
        domain = rules.hold_domain(self.session, self._domain(person).id)
        account = self.context.live(Account, Account.domain_id == domain.id, rules.people(),
                                    Account.name == (self.account or person.username))
        try:
            rules.demand_free_user(self.session, "username", person.username, domain)
        except ApiError:
            return False
        if not rules.is_name(person.username):
            return False
        rules.demand_may_give(self.context, given, self.kind, self.role, domain)
        if account is None:
            account = Account(
                name=self.account or person.username, domain_id=domain.id, type=int(self.kind),
                role_id=self.role.id if self.role is not None else None,
                details=rules.plain_details(self.accountdetails))
            self.session.add(account)
            self.session.flush()
        rules.demand_power(self.context, account)
        user = person_as_user(person)
        user.account_id, user.timezone = account.id, self.timezone
        self.session.add(user)
        self.session.flush()
        return True

    def _domain(self, person: Person) -> Domain:
        """The domain asked for, or the one named like group or unit, made when it is missing."""
        name = self.group or person.unit
        if self.domainid is not None or not name:
            return self.domainid or self.session.get_one(Domain, self.caller.domain_id)
        root = self.session.scalars(select(Domain).where(Domain.path == "/")).one()
        found = self.context.live(Domain, Domain.parent_id == root.id, Domain.name == name)
        if found is not None:
            return found
        rules.hold_domain(self.session, root.id)
        demand_free_name(self.session, "group", name, Domain, Domain.parent_id == root.id)
        if "/" in name or "\\" in name:
            raise refuse("domainid", f"unit '{name}' cannot be the name of a domain; say which domain they shall be in")
        domain = Domain(name=name, parent_id=root.id, path=f"/{name}/")
        self.session.add(domain)
        self.session.flush()
        return domain
