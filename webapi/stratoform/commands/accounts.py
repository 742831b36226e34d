"""Accounts: what owns resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, false, select, true

from stratoform.model.base import new_uuid
from stratoform.model.roles import Role
from stratoform.model.tenancy import Account, Domain, User
from stratoform.model.topology import Zone
from stratoform.secrets import hash_password

from .frame.base import ADMINS, EVERYONE, ROOT_ONLY, AsyncCommand, Command, ListCommand
from .frame.caller import RoleType
from .frame.context import Shared
from .frame.params import Bool, Choice, Details, ListOf, Long, Ref, Short, Text, refuse
from .frame.scope import at_or_above, inside, subtree
from .rules import tenancy as rules
from .rules.tenancy import AccountRef, Name, NetworkDomain, NewId, Password, TimeZone
from .views.tenancy import ACCOUNT

STATES: Final = ("enabled", "disabled", "locked")


class NewAccount(Command):
    """What every command that makes an account does."""

    account = Name("Name of the account; unique in its domain (default: the user's name).")
    accounttype = Short("0 user, 1 root, 2 domain, 3 resource administrator; or give roleid.")
    roleid = Ref(Role, "The role of the account; or give accounttype.", since="4.9")
    domainid = Ref(Domain, "The domain of the account (default: the caller's).")
    timezone = TimeZone("The time zone of its first user.")
    username = Name("Name of its first user; unique in the domain.").required
    networkdomain = NetworkDomain("The DNS suffix of its networks.")
    accountdetails = Details("Free key-value pairs.")
    accountid = NewId("The id the account has in another region.")
    userid = NewId("The id the user has in another region.")

    def check(self) -> None:
        """See Command.check."""
        self.kind, self.role = rules.chosen_role(self.accounttype, self.roleid)
        self.domain = rules.hold_domain(
            self.session, self.domainid.id if self.domainid is not None else self.caller.domain_id)
        given = "roleid" if self.roleid is not None else "accounttype"
        rules.demand_may_give(self.context, given, self.kind, self.role, self.domain)
        rules.demand_free_account(self.session, "account", self.account or self.username, self.domain)
        rules.demand_free_user(self.session, "username", self.username, self.domain)
        rules.demand_new_id(self.session, "accountid", self.accountid, Account)
        rules.demand_new_id(self.session, "userid", self.userid, User)

    def made(self, user: User) -> Account:
        """The account with its first user, whose name, id and time zone are set here."""
        account = Account(
            uuid=self.accountid or new_uuid(), name=self.account or self.username, domain_id=self.domain.id,
            type=int(self.kind), role_id=self.role.id if self.role is not None else None,
            network_domain=self.networkdomain or None, details=rules.plain_details(self.accountdetails))
        self.session.add(account)
        self.session.flush()
        user.uuid, user.name, user.timezone = self.userid or new_uuid(), self.username, self.timezone
        user.account_id = account.id
        self.session.add(user)
        return account


class CreateAccount(NewAccount, roles=ADMINS, event="ACCOUNT.CREATE", view=ACCOUNT):
    """Creates an account and its first user."""

    email = Text("E-mail address of the user.").required
    firstname = Text("First name of the user.").required
    lastname = Text("Last name of the user.").required
    password = Password("Password of the user.").required

    @classmethod
    def ahead(cls, values: Mapping[str, Any], caller: Any, shared: Shared) -> str:  # noqa: ARG003 - see Command.ahead
        """Hashing takes its time, in which no other transaction shall wait."""
        return hash_password(values["password"])

    def run(self) -> Account:
        """See Command.run."""
        return self.made(User(
            email=self.email, first_name=self.firstname, last_name=self.lastname,
            password=self.context.learned))


class ListAccounts(ListCommand, roles=EVERYONE, view=ACCOUNT):
    """Lists accounts: without listall, id or domainid the caller's own."""

    keyword_columns = (Account.name, Account.state)

    accounttype = Long("Only accounts of this type.")
    id = AccountRef("Only this account.")
    iscleanuprequired = Bool("Only accounts whose things are (true) or are not (false) being removed.")
    name_ = Text("Only accounts of this name.")
    state = Choice("Only accounts in this state.", STATES)
    listall = Bool("Everything the caller may see, not only its own.")
    domainid = Ref(Domain, "Only accounts of this domain.")
    isrecursive = Bool("With domainid: the domains below it too.")
    details = ListOf(Text("Sections of the answer that are wanted; all are always given.", since="4.5"))
    showicon = Bool("True: with icons. No account has one.")
    tag = Text("Only accounts with this tag.", since="4.20")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [Account.removed.is_(None), rules.people(), self._whose(), *self.matching({
            "accounttype": Account.type, "id": Account.id, "name": Account.name, "state": Account.state,
            "iscleanuprequired": Account.cleanup,
        })]
        if self.tag is not None:
            wanted.append(false())  # accounts have no tags
        return wanted

    def _whose(self) -> ColumnElement[bool]:
        caller = self.caller
        if caller.role not in {RoleType.ADMIN, RoleType.DOMAIN_ADMIN}:
            return Account.id == caller.account_id
        if self.domainid is not None:
            return inside(Account, subtree(self.domainid.path) if self.isrecursive else Domain.id == self.domainid.id)
        if self.listall or self.id is not None:
            return true() if caller.is_root else inside(Account, subtree(caller.domain_path))
        return Account.id == caller.account_id


class OneAccount(Command):
    """For commands about one account, named by its id, or by its name and domain."""

    id = AccountRef("The account; or give account and domainid.")
    account = Text("Name of the account; goes with domainid.")
    domainid = Ref(Domain, "Domain of the account (default: the caller's).")

    def named(self) -> Account:
        """The account, over which the caller has power.

        Raises:
            ApiError: none or several are named, it is not there, or it may do more than the caller.
        """
        if self.id is None and self.account is None:
            raise refuse("id", "say which account: id, or account and domainid")
        if self.id is None:
            return rules.account_in(self, self.account or "", self.domainid)
        rules.demand_power(self.context, self.id)
        if self.account not in {None, self.id.name}:
            raise refuse("account", f"the account of that id is '{self.id.name}'; give id, or account and domainid")
        return self.id


class UpdateAccount(OneAccount, roles=ADMINS, event="ACCOUNT.UPDATE", view=ACCOUNT):
    """Changes an account."""

    newname = Name("New name; unique in its domain.")
    networkdomain = NetworkDomain("New DNS suffix of its networks; empty: none of its own.")
    accountdetails = Details("Free key-value pairs; they are added to the account's.")
    roleid = Ref(Role, "New role.", since="4.10")

    def check(self) -> None:
        """See Command.check."""
        self.found = self.named()
        domain = rules.hold_domain(self.session, self.found.domain_id)
        if self.newname is not None and self.newname != self.found.name:
            if rules.is_default(self.found):
                raise refuse("newname", f"account '{self.found.name}' is there from the start and keeps its name")
            rules.demand_free_account(self.session, "newname", self.newname, domain, self.found.id)
        if self.roleid is not None:
            rules.demand_enabled(self.roleid)
            kind, role = rules.chosen_role(None, self.roleid)
            if rules.is_default(self.found) and (kind is not RoleType.ADMIN or role is not None):
                raise refuse("roleid", f"account '{self.found.name}' is there from the start and keeps its role")
            if self.found.id == self.caller.account_id and kind != self.found.type:
                raise refuse("roleid", "nobody changes the type of its own account; another administrator can")
            rules.demand_may_give(self.context, "roleid", kind, role, domain)

    def run(self) -> Account:
        """See Command.run."""
        account = self.found
        self.assign(account, {"newname": "name"})
        if "networkdomain" in self.values:
            account.network_domain = self.networkdomain or None
        if self.accountdetails:
            account.details = {**(account.details or {}), **self.accountdetails}
        if self.roleid is not None:
            kind, role = rules.chosen_role(None, self.roleid)
            account.type, account.role_id = int(kind), role.id if role is not None else None
        return account


class MarkDefaultZoneForAccount(AsyncCommand, roles=ROOT_ONLY, event="ACCOUNT.MARK.DEFAULT.ZONE", view=ACCOUNT,
                                since="4.0"):
    """Sets the zone in which an account's users begin."""

    account = Text("Name of the account.").required
    domainid = Ref(Domain, "Domain of the account.").required
    zoneid = Ref(Zone, "The zone.").required

    def check(self) -> None:
        """See Command.check."""
        self.found = rules.account_in(self, self.account, self.domainid)
        if self.zoneid.domain_id is not None:
            above = select(Domain.id).where(at_or_above(self.domainid.path))
            if self.zoneid.domain_id not in self.session.scalars(above).all():
                raise refuse("zoneid", f"zone '{self.zoneid.name}' belongs to a domain in which account "
                                       f"'{self.found.name}' is not")

    def prepare(self) -> Account:
        """See AsyncCommand.prepare."""
        return self.found

    def run(self) -> None:
        """See Command.run."""
        assert isinstance(self.subject, Account)  # noqa: S101 - prepare gave it
        self.subject.default_zone_id = self.zoneid.id
