"""Logging in: a password somebody vouches for, or the signature of a portal, begins a session."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stratoform.commands.frame.answer import Plain
from stratoform.commands.frame.caller import Caller
from stratoform.commands.frame.directory import caller_of
from stratoform.commands.frame.dispatch import record
from stratoform.commands.frame.params import Value, refuse, shown
from stratoform.db.database import Database
from stratoform.errors import ApiError, Fault
from stratoform.model.settings import Settings
from stratoform.model.tenancy import ROOT_DOMAIN, Account, Domain, User
from stratoform.secrets import Vault

from .authenticators import NATIVE, Authenticator, named
from .declared import Login
from .patience import Patience
from .sessions import ENABLED, Sessions, Tokens
from .single_sign_on import SingleSignOn
from .visit import Passage, Visit

log = logging.getLogger(__name__)

REFUSAL: Final = "Failed to log in: user name, password or domain is wrong, or the user may not log in"
"""One sentence for every cause, so that a stranger learns nothing; the cause is in the log."""
LOCKED: Final = "locked"
AT_ONCE: Final = 8
"""Logins checked at once: more are sent away, so that strangers cannot occupy every thread of the service."""


class Logins:
    """The command login.

    Args:
        db: the database.
        settings: read with every login.
        vault: opens the key of single sign-on.
        sessions: where what is begun here goes on.
        authenticators: asked in this order, until one knows the user.
    """

    def __init__(
        self, db: Database, settings: Settings, vault: Vault, sessions: Sessions,
        authenticators: Sequence[Authenticator],
    ) -> None:
        self.db = db
        self.settings = settings
        self.sessions = sessions
        self.authenticators = authenticators
        self.patience = Patience()
        self.single_sign_on = SingleSignOn(db, settings, vault, sessions.clock)
        self._room = BoundedSemaphore(AT_ONCE)

    def login(self, given: Mapping[str, Value], visit: Visit) -> Passage:
        """Logs the user in.

        Raises:
            ApiError: UNAUTHENTICATED, with one sentence whatever the cause; CALL_LIMIT when the user name has to
                wait, UNAVAILABLE when too many log in at once, BAD_PARAMETER for what cannot be read.
        """
        values = Login.parse(given, None)
        how = self._by_password if "password" in values else self._by_signature
        if not self._room.acquire(blocking=False):
            raise ApiError(Fault.UNAVAILABLE, "too many users log in at this moment; try again in a second")
        try:
            user = how(values, given, visit)
        finally:
            self._room.release()
        tokens, body = self._begin(user, visit)
        return Passage(Plain({**body, "sessionkey": tokens.key}), tokens.token, tokens.key)

    def _by_password(self, values: Mapping[str, Any], given: Mapping[str, Value], visit: Visit) -> int:
        name, domain = values["username"], self._domain(values)
        whom = (domain if domain is not None else str(values.get("domain") or values.get("domainid")), name)
        self.patience.demand(whom)
        for authenticator in self.authenticators:
            user = authenticator(name, values["password"], domain, given)
            if user is not None and self._may(user):
                self.patience.succeeded(whom)
                return user
        self.patience.failed(whom)
        log.warning("login refused: user %s of domain %s from %s", shown(name), whom[0], shown(visit.address))
        self._count_failure(name, domain)
        raise ApiError(Fault.UNAUTHENTICATED, REFUSAL)

    def _by_signature(self, values: Mapping[str, Any], _given: Mapping[str, Value], visit: Visit) -> int:
        if "timestamp" not in values or not visit.signature:
            raise refuse("password", "it is missing; a signed login has timestamp and signature instead")
        if "domain" in values:
            raise refuse("domain", "a signed login names the domain by domainid")
        user, cause = self.single_sign_on(values["username"], self._domain(values), values["timestamp"], visit)
        if user is None or not self._may(user):
            log.warning("signed login refused: user %s from %s: %s", shown(values["username"]),
                        shown(visit.address), cause or "not enabled")
            raise ApiError(Fault.UNAUTHENTICATED, REFUSAL)
        return user

    def _domain(self, values: Mapping[str, Any]) -> int | None:
        """Row id of the domain meant; None when there is none."""
        if "domain" in values and "domainid" in values:
            raise refuse("domainid", "domain is given too; one of them says which domain is meant")
        if "domainid" in values:
            which = Domain.uuid == values["domainid"]
        else:
            which = Domain.path == path_of(values.get("domain", ""))
        with self.db.read() as session:
            return session.scalar(select(Domain.id).where(which, Domain.removed.is_(None)))

    def _may(self, user: int) -> bool:
        with self.db.read() as session:
            return session.scalar(
                select(User.id).join(Account, Account.id == User.account_id)
                .where(User.id == user, User.removed.is_(None), User.state == ENABLED, Account.removed.is_(None),
                       Account.state == ENABLED)
            ) is not None

    def _count_failure(self, name: str, domain: int | None) -> None:
        """Locks the user after incorrect.login.attempts.allowed failures, if the password is kept here.

        Who has none cannot be locked out; users of a directory are the directory's to lock, which may just be away.
        """
        def work(session: Session) -> None:
            user = named(session, name, domain)
            if user is None or user.state != ENABLED or user.source != NATIVE or user.password is None:
                return
            session.execute(update(User).where(User.id == user.id).values(failed_logins=User.failed_logins + 1)
                            .execution_options(synchronize_session=False))
            session.refresh(user)
            allowed = self.settings.whole(session, "incorrect.login.attempts.allowed")
            if 0 < allowed <= user.failed_logins:
                user.state = LOCKED
                record(session, caller_of(session, user.id), "USER.LOCK",
                       f"user {user.name} is locked after {user.failed_logins} failed logins; enableUser unlocks it",
                       None, level="WARN")

        self.db.write(work)

    def _begin(self, user_id: int, visit: Visit) -> tuple[Tokens, dict[str, Any]]:
        def work(session: Session) -> tuple[Tokens, dict[str, Any]]:
            user, account, domain = session.execute(
                select(User, Account, Domain).join(Account, Account.id == User.account_id)
                .join(Domain, Domain.id == Account.domain_id).where(User.id == user_id)
            ).one()
            user.failed_logins = 0
            seconds = 60 * self.settings.whole(session, "session.timeout")
            caller: Caller = caller_of(session, user.id)
            record(session, caller, "USER.LOGIN", f"user has logged in from IP address {visit.address}", None)
            tokens = self.sessions.begin(session, user, seconds)
            return tokens, _body(user, account, domain, seconds, self.sessions.clock)

        return self.db.write(work)


def path_of(text: str) -> str:
    """A domain's path as the model has it, from what a person types: '' and ROOT are '/', Comp1/sales is below it."""
    parts = [part.strip() for part in text.split("/") if part.strip()]
    if parts and parts[0].upper() == ROOT_DOMAIN:
        parts = parts[1:]
    return "/" + "".join(f"{part}/" for part in parts)


def _body(user: User, account: Account, domain: Domain, seconds: int, clock: Callable[[], datetime]) -> dict[str, Any]:
    zone = user.timezone or "UTC"
    return {
        "username": user.name, "userid": user.uuid, "domainid": domain.uuid, "timeout": seconds,
        "account": account.name, "firstname": user.first_name, "lastname": user.last_name, "type": str(account.type),
        "timezone": zone, "timezoneoffset": str(_offset(zone, clock())), "registered": "false",
        "is2faenabled": "false", "is2faverified": "true",
    }


def _offset(zone: str, moment: datetime) -> float:
    """Hours between a time zone and UTC; 0.0 for one this machine does not know."""
    try:
        offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError):
        return 0.0
    return (offset or timedelta()).total_seconds() / 3600
