"""What the wire tells of a request that carries no API key, and what it carries back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stratoform.commands.frame.answer import Answer


@dataclass(frozen=True)
class Visit:
    """A request, as far as it says who is there.

    Attributes:
        token: the session's secret name, from the cookie; "" when there is none.
        key: the session's second secret, which no other site can make a browser send; "" when there is none.
        signature: what was given as such; "" when nothing was.
        signed_with: whether the request was signed with a key.
        address: where it came from.
    """

    token: str = ""
    key: str = ""
    signature: str = ""
    signed_with: Callable[[str], bool] = lambda _key: False
    address: str = ""


@dataclass(frozen=True)
class Passage:
    """An answer, and what the client holds of its session from now on ("": nothing)."""

    answer: Answer
    token: str = ""
    key: str = ""
