"""Sessions on the wire: the cookies and the parameter that carry them (CloudStack API, login).

A call of a session has the cookie JSESSIONID, which browsers add by themselves, and the parameter ``sessionkey``,
which another site cannot make a browser send. The cookie of that name is for clients that look for it there; it opens
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from flask import Request, Response

from stratoform.access.visit import Passage, Visit
from stratoform.commands.frame.caller import Caller
from stratoform.errors import ApiError, Fault
from stratoform.wire.params import Pairs, Value, first
from stratoform.wire.signature import signed

TOKEN: Final = "JSESSIONID"  # noqa: S105 - a cookie's name
KEY: Final = "sessionkey"
_PATH: Final = "/client"


class Door(Protocol):
    """What a request without an API key may be: a login or a logout."""

    def __call__(self, given: Mapping[str, Value], visit: Visit, /) -> Passage:
        """Let the visit pass; raises ApiError to refuse."""


@dataclass(frozen=True)
class Entrance:
    """Who comes in without an API key.

    Attributes:
        doors: by the command's name in lower case.
        caller: who makes a session's call; None: nobody does.
    """

    doors: Mapping[str, Door] = field(default_factory=dict)
    caller: Callable[[Visit], Caller | None] = lambda _visit: None


def visit(incoming: Request, pairs: Pairs) -> Visit:
    """Return what a request says of its session and of a portal's signature."""
    return Visit(
        token=incoming.cookies.get(TOKEN, ""), key=first(pairs, KEY) or "", signature=first(pairs, "signature") or "",
        signed_with=partial(signed, pairs), address=incoming.remote_addr or "",
    )


def demand_method(command: str, incoming: Request) -> None:
    """Refuse passwords and signed logins in URLs, which end up in logs and histories.

    Raises:
        ApiError: METHOD_NOT_ALLOWED.
    """
    if command == "login" and incoming.method != "POST":
        raise ApiError(Fault.METHOD_NOT_ALLOWED, "login takes POST only: what a URL holds ends up in logs")


def carry(passage: Passage, response: Response, *, secure: bool) -> None:
    """Put a passage's session into the cookies of its answer, or take them away."""
    for name, value in ((TOKEN, passage.token), (KEY, passage.key)):
        if value:
            response.set_cookie(name, value, path=_PATH, httponly=True, samesite="Strict", secure=secure)
        else:
            response.delete_cookie(name, path=_PATH, httponly=True, samesite="Strict", secure=secure)
