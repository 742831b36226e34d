"""The commands of those who have no API key, declared like all others. listApis does not list them (CloudStack API)."""

from __future__ import annotations

from typing import Final

from stratoform.commands.frame.base import EVERYONE, Command
from stratoform.commands.frame.params import Long, Raw, Text
from stratoform.commands.frame.view import View, unset

_NO_JOB = (
    unset("jobid", "string", "The unfinished job that is changing this object."),
    unset("jobstatus", "integer", "The state of that job."),
)

LOGIN = View("login", None, (
    unset("username", "string", "The user's name."),
    unset("userid", "string", "The user's id."),
    unset("domainid", "string", "The user's domain."),
    unset("timeout", "integer", "Seconds after which the session ends when it is not used."),
    unset("account", "string", "The user's account."),
    unset("firstname", "string", "The user's first name."),
    unset("lastname", "string", "The user's last name."),
    unset("type", "string", "The account's type: 0 user, 1 root, 2 domain, 3 resource administrator."),
    unset("timezone", "string", "The user's time zone."),
    unset("timezoneoffset", "string", "Hours between that time zone and UTC, now."),
    unset("registered", "string", "Always false."),
    unset("sessionkey", "string", "What every call of the session sends as parameter sessionkey."),
    unset("is2faenabled", "string", "Always false.", since="4.18.0.0"),
    unset("is2faverified", "string", "Always true.", since="4.18.0.0"),
    *_NO_JOB,
))

LOGOUT = View("logout", None, (unset("description", "string", "success."), *_NO_JOB))

_LATEST: Final = 253402300799999
"""The last millisecond of the year 9999."""


class Login(Command, roles=EVERYONE, view=LOGIN, stranger=True):
    """Logs a user in and begins a session. POST only.

    The user shows a password, or a portal signs for the user: then timestamp and signature stand for the password.
    """

    flat = True

    username = Text("The user's name.").required
    password = Raw("The user's password.", length=255)
    domain = Text("The user's domain as a path, e.g. sales/north; left out: ROOT.", length=512)
    domainid = Text("The id of the user's domain, instead of its path.")
    timestamp = Long("With signature: milliseconds since 1970, when the portal signed.", most=_LATEST)


class Logout(Command, roles=EVERYONE, view=LOGOUT, stranger=True):
    """Ends the session of the call."""

    flat = True
