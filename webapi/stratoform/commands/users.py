"""Users: who speaks for an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement

from stratoform.errors import ApiError, Fault
from stratoform.model.base import new_uuid
from stratoform.model.sessions import end_sessions
from stratoform.model.tenancy import ADMIN, Account, Domain, User
from stratoform.sagas.clearing import forget_user
from stratoform.secrets import hash_password, verify_password

from .frame.base import ADMINS, EVERYONE, ROOT_ONLY, AsyncCommand, Command
from .frame.context import Shared
from .frame.owned import OwnedList
from .frame.params import Bool, Choice, Long, Ref, Text, refuse
from .rules import tenancy as rules
from .rules.tenancy import Name, NewId, Password, TimeZone, UserRef
from .user_keys import Key
from .views.tenancy import USER

STATES: Final = ("enabled", "disabled", "locked")
SOURCES: Final = ("native", "ldap")


class CreateUser(Command, roles=ADMINS, event="USER.CREATE", view=USER):
    """Creates a user of an account that is there."""

    account = Text("Name of the account.").required
    domainid = Ref(Domain, "Domain of the account (default: the caller's).")
    email = Text("E-mail address.").required
    firstname = Text("First name.").required
    lastname = Text("Last name.").required
    password = Password("Password.").required
    timezone = TimeZone("Time zone.")
    username = Name("The name the user logs in with; unique in the domain.").required
    userid = NewId("The id the user has in another region.")

    @classmethod
    def ahead(cls, values: Mapping[str, Any], caller: Any, shared: Shared) -> str:  # noqa: ARG003 - see Command.ahead
        """Hashing takes its time, in which no other transaction shall wait."""
        return hash_password(values["password"])

    def check(self) -> None:
        """See Command.check."""
        self.found = rules.account_in(self, self.account, self.domainid)
        if self.found.cleanup:
            raise refuse("account", f"account '{self.found.name}' is being deleted")
        domain = rules.hold_domain(self.session, self.found.domain_id)
        rules.demand_free_user(self.session, "username", self.username, domain)
        rules.demand_new_id(self.session, "userid", self.userid, User)

    def run(self) -> User:
        """See Command.run."""
        user = User(
            uuid=self.userid or new_uuid(), name=self.username, account_id=self.found.id, email=self.email,
            first_name=self.firstname, last_name=self.lastname, timezone=self.timezone,
            password=self.context.learned)
        self.session.add(user)
        return user


class ListUsers(OwnedList, roles=ADMINS, view=USER):
    """Lists users: without listall, id, account or domainid those of the caller's account."""

    keyword_columns = (User.name, User.first_name, User.last_name, User.email, User.state)

    id = UserRef("Only this user.")
    accounttype = Long("Only users of accounts of this type.")
    state = Choice("Only users in this state.", STATES)
    username = Text("Only users of this name.")
    usersource = Choice("Only users whose password is checked there.", SOURCES, since="4.21")
    showicon = Bool("True: with icons. No user has one.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [User.removed.is_(None), rules.persons(), *self.owned_conditions(User), *self.matching({
            "id": User.id, "accounttype": Account.type, "state": User.state, "username": User.name,
            "usersource": User.source,
        })]


class GetUser(Command, roles=ROOT_ONLY, view=USER):
    """Tells whose API key it is."""

    userapikey = Text("The API key.").required

    def run(self) -> User:
        """See Command.run."""
        user = self.context.live(User, User.api_key == self.userapikey, rules.persons())
        if user is None:
            raise refuse("userapikey", "no user has this API key")
        return user


class OneUser(Command):
    """For commands about one user."""

    id = UserRef("The user.").required

    def named(self) -> User:
        """The user, over whose account the caller has power."""
        rules.demand_power(self.context, self.account_of_user())
        return self.id

    def account_of_user(self) -> Account:
        """The user's account."""
        return self.session.get_one(Account, self.id.account_id)

    def demand_dispensable(self) -> None:
        """Refuses to shut out the caller itself, or the first administrator.

        Raises:
            ApiError: ACCOUNT.
        """
        why = None
        if self.id.id == self.caller.user_id:
            why = "this is yourself; another administrator can do it"
        elif self.id.name == ADMIN and rules.is_default(self.account_of_user()):
            why = "the first administrator is there from the start and stays"
        if why is not None:
            raise ApiError(Fault.ACCOUNT, f"Unable to execute {self.name}: {why}", [("user", self.id.uuid)])


class UpdateUser(OneUser, roles=EVERYONE, event="USER.UPDATE", view=USER):
    """Changes a user."""

    userapikey = Key("The user's API key; goes with usersecretkey.")
    usersecretkey = Key("The user's secret key; goes with userapikey.")
    email = Text("New e-mail address.")
    firstname = Text("New first name.")
    lastname = Text("New last name.")
    password = Password("New password.")
    currentpassword = Password("The present password, to be checked before it is changed.", since="4.11")
    timezone = TimeZone("New time zone.")
    username = Name("New name; unique in the domain.")

    @classmethod
    def ahead(cls, values: Mapping[str, Any], caller: Any, shared: Shared) -> str | None:  # noqa: ARG003 - see Command.ahead
        """See CreateUser.ahead."""
        return hash_password(values["password"]) if "password" in values else None

    def check(self) -> None:
        """See Command.check."""
        user = self.named()
        self._check_keys(user)
        self._check_password(user)
        if self.username is not None and self.username != user.name:
            if user.name == ADMIN and rules.is_default(self.account_of_user()):
                raise refuse("username", "the first administrator is there from the start and keeps the name")
            domain = rules.hold_domain(self.session, self.account_of_user().domain_id)
            rules.demand_free_user(self.session, "username", self.username, domain, user.id)

    def _check_keys(self, user: User) -> None:
        if (self.userapikey is None) != (self.usersecretkey is None):
            missing, given = ("usersecretkey", "userapikey") if self.usersecretkey is None else (
                "userapikey", "usersecretkey")
            raise refuse(missing, f"it must be given together with {given}")
        if self.userapikey is not None and self.context.live(
                User, User.api_key == self.userapikey, User.id != user.id) is not None:
            raise refuse("userapikey", "this key cannot be taken; choose another one, or let registerUserKeys make one")

    def _check_password(self, user: User) -> None:
        if self.password is not None and user.source != "native":
            raise refuse("password", f"the password of user '{user.name}' is kept in the directory ({user.source}); "
                                     "change it there")
        if self.currentpassword is not None and not verify_password(user.password, self.currentpassword):
            raise refuse("currentpassword", "this is not the present password")

    def run(self) -> User:
        """See Command.run."""
        user = self.id
        self.assign(user, {"email": "email", "firstname": "first_name", "lastname": "last_name",
                           "timezone": "timezone", "username": "name", "userapikey": "api_key"})
        if self.usersecretkey is not None:
            user.secret_key = self.context.shared.vault.seal(self.usersecretkey)
        if self.password is not None:
            user.password, user.failed_logins = self.context.learned, 0
        return user


class EnableUser(OneUser, roles=ADMINS, event="USER.ENABLE", view=USER):
    """Enables a user who was disabled or locked."""

    def check(self) -> None:
        """See Command.check."""
        self.named()

    def run(self) -> User:
        """See Command.run."""
        if self.id.state != "enabled":  # sessions begun before come back to nobody
            end_sessions(self.session, [self.id.id])
        self.id.state, self.id.failed_logins = "enabled", 0
        return self.id


class LockUser(OneUser, roles=ADMINS, event="USER.LOCK", view=USER):
    """Locks a user: neither password nor keys are taken until enableUser."""

    def check(self) -> None:
        """See Command.check."""
        self.named()
        self.demand_dispensable()
        if self.id.state == "disabled":
            raise refuse("id", f"user '{self.id.name}' is disabled, which is more than locked; enableUser first")

    def run(self) -> User:
        """See Command.run."""
        self.id.state = "locked"
        return self.id


class DisableUser(AsyncCommand, OneUser, roles=ADMINS, event="USER.DISABLE", view=USER):
    """Disables a user: neither password nor keys are taken until enableUser."""

    def check(self) -> None:
        """See Command.check."""
        self.named()
        self.demand_dispensable()

    def prepare(self) -> User:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self.id.state = "disabled"


class DeleteUser(OneUser, roles=ADMINS, event="USER.DELETE"):
    """Deletes a user; its account and what that owns stay."""

    def check(self) -> None:
        """See Command.check."""
        self.named()
        self.demand_dispensable()

    def run(self) -> None:
        """See Command.run."""
        end_sessions(self.session, [self.id.id])
        forget_user(self.id)
