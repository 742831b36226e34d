"""Enabling, disabling and locking accounts."""

from __future__ import annotations

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Order
from stratoform.model.sessions import end_sessions
from stratoform.model.tenancy import Account, Domain, User
from stratoform.sagas import account_disable, clearing

from .accounts import OneAccount
from .frame.base import ADMINS, AsyncCommand, Command
from .frame.params import Bool, Ref, Text, refuse
from .rules import tenancy as rules
from .views.tenancy import ACCOUNT


def demand_not_own(command: Command, account: Account) -> None:
    """Refuses to shut the caller or the first administrator out.

    Raises:
        ApiError: ACCOUNT.
    """
    if rules.is_default(account):
        raise ApiError(Fault.ACCOUNT, f"Unable to execute {command.name}: account '{account.name}' is there from the "
                                      "start and stays enabled", [("account", account.uuid)])
    if account.id == command.caller.account_id:
        raise ApiError(Fault.ACCOUNT, f"Unable to execute {command.name}: this is your own account; another "
                                      "administrator can do it", [("account", account.uuid)])


def _demand_staying(command: Command, account: Account) -> None:
    """Refuses to change the state of an account that is being deleted.

    Raises:
        ApiError: ACCOUNT.
    """
    if account.cleanup:
        raise ApiError(Fault.ACCOUNT, f"Unable to execute {command.name}: account '{account.name}' is being deleted",
                       [("account", account.uuid)])


class EnableAccount(OneAccount, roles=ADMINS, event="ACCOUNT.ENABLE", view=ACCOUNT):
    """Enables an account that was disabled or locked."""

    def check(self) -> None:
        """See Command.check."""
        self.found = self.named()
        _demand_staying(self, self.found)

    def run(self) -> Account:
        """See Command.run."""
        if self.found.state != "enabled":  # sessions begun before come back to nobody
            end_sessions(self.session, [user.id for user in self.context.all(User, User.account_id == self.found.id)])
        self.found.state = "enabled"
        return self.found


class LockAccount(Command, roles=ADMINS, event="ACCOUNT.LOCK", view=ACCOUNT):
    """Locks an account: its users can do nothing, its machines keep running."""

    account = Text("Name of the account.").required
    domainid = Ref(Domain, "Domain of the account.").required

    def check(self) -> None:
        """See Command.check."""
        self.found = rules.account_in(self, self.account, self.domainid)
        _demand_lockable(self, self.found)

    def run(self) -> Account:
        """See Command.run."""
        self.found.state = "locked"
        return self.found


def _demand_lockable(command: Command, account: Account) -> None:
    demand_not_own(command, account)
    _demand_staying(command, account)
    if account.state == "disabled":
        raise refuse("account", f"account '{account.name}' is disabled, which is more than locked; enableAccount first")


class DisableAccount(AsyncCommand, OneAccount, roles=ADMINS, event="ACCOUNT.DISABLE", view=ACCOUNT):
    """Disables an account: its users can do nothing, and its machines are stopped."""

    lock = Bool("True: locks it instead; its machines keep running.").required

    def check(self) -> None:
        """See Command.check."""
        self.found = self.named()
        demand_not_own(self, self.found)
        _demand_staying(self, self.found)
        if self.lock:
            _demand_lockable(self, self.found)

    def prepare(self) -> Account:
        """From now on its users can do nothing; each machine is stopped by a job of its own."""
        self.found.state = "locked" if self.lock else "disabled"
        if not self.lock:
            for order, vm in clearing.stops(self.session, self.found):
                self.enqueue(order, vm)
        return self.found

    def order(self, subject: Account) -> Order:
        """See AsyncCommand.order."""
        return account_disable.order(subject)
