"""How many calls accounts made, where calls are limited."""

from __future__ import annotations

from stratoform.model.tenancy import Account

from .frame.answer import Answer, One
from .frame.base import EVERYONE, ROOT_ONLY, Command
from .frame.params import Ref
from .views.records import API_LIMIT


class GetApiLimit(Command, roles=EVERYONE, view=API_LIMIT, since="4.1"):
    """Tells how many calls the caller's account made and may still make; this one is counted too."""

    def run(self) -> Answer:
        """See Command.run."""
        account = self.session.get_one(Account, self.caller.account_id)
        count = self.context.shared.calls.of(account.id)
        return One(API_LIMIT.key, {
            "accountid": account.uuid, "account": account.name, "apiIssued": count.issued,
            "apiAllowed": count.left, "expireAfter": round(count.seconds),
        })


class ResetApiLimit(Command, roles=ROOT_ONLY, since="4.1"):
    """Begins the count of calls anew, for one account or for all."""

    account = Ref(Account, "The account whose calls are meant; left out: every account.")

    def run(self) -> None:
        """See Command.run."""
        self.context.shared.calls.reset(self.account.id if self.account is not None else None)
