"""The keys with which users sign requests."""

from __future__ import annotations

import re

from stratoform.model.bootstrap import new_key
from stratoform.model.tenancy import Account

from .frame.answer import One
from .frame.base import EVERYONE, Command
from .frame.params import Text, refuse
from .rules.tenancy import UserRef, demand_power
from .views.tenancy import USER_KEYS

_LEAST = 16


class Key(Text):
    """A key given by hand: printable ASCII without spaces, not too short."""

    def __init__(self, doc: str) -> None:
        super().__init__(doc, length=128)

    def read(self, text: str) -> str:
        """See Param.read."""
        if not re.fullmatch(rf"[!-~]{{{_LEAST},}}", text):
            raise refuse(self.name, f"a key has at least {_LEAST} printable ASCII characters and no spaces")
        return text


class _Keys(Command):
    """What both commands about keys have in common."""

    id = UserRef("The user.").required

    def check(self) -> None:
        """See Command.check."""
        demand_power(self.context, self.session.get_one(Account, self.id.account_id))


class RegisterUserKeys(_Keys, roles=EVERYONE, event="REGISTER.USER.KEY", view=USER_KEYS):
    """Makes new keys for a user; the old ones are no longer taken."""

    def run(self) -> One:
        """See Command.run."""
        secret = new_key()
        self.id.api_key, self.id.secret_key = new_key(), self.context.shared.vault.seal(secret)
        return One(USER_KEYS.key, {"apikey": self.id.api_key, "secretkey": secret})


class GetUserKeys(_Keys, roles=EVERYONE, view=USER_KEYS, since="4.10.0"):
    """Tells the keys of a user; none are told of one who has none."""

    def run(self) -> One:
        """See Command.run."""
        sealed = self.id.secret_key
        secret = self.context.shared.vault.open(sealed) if sealed is not None else None
        return One(USER_KEYS.key, {"apikey": self.id.api_key, "secretkey": secret})
