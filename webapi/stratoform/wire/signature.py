"""Who signed this request: signature versions 1 and 3 of the CloudStack API.

The signed text is every parameter but ``signature``, sorted by name, values percent-encoded, joined as
``name=value&...`` and lower-cased; the signature is its HMAC-SHA1 with the user's secret, in base64.
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hmac import compare_digest, digest
from typing import NoReturn, Protocol
from urllib.parse import quote

from stratoform.commands.frame.caller import Caller, Credential
from stratoform.errors import ApiError, Fault
from stratoform.wire.params import Pairs, first

log = logging.getLogger(__name__)

REFUSAL = "unable to verify user credentials and/or request signature"
"""One sentence for every cause, so that a stranger learns nothing; the cause is in the log."""

_EXPIRES = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:Z|([+ -]\d\d):?(\d\d))", re.ASCII)


class Directory(Protocol):
    """Where API keys are known."""

    def by_api_key(self, key: str) -> Credential | None:
        """Return the credential of an API key; None when it is unknown or its user or account not enabled."""


def authenticate(pairs: Pairs, directory: Directory, now: datetime) -> Caller:
    """Return who signed the request.

    Args:
        pairs: the parameters as they arrived; no name may occur twice (``params.gather`` sees to that).
        directory: where to look up the API key.
        now: an aware time; a version 3 request that expired before it is refused.

    Raises:
        ApiError: UNAUTHENTICATED, with the same sentence whatever the cause.
    """
    key = first(pairs, "apikey")
    if not key or not first(pairs, "signature"):
        _refuse("no apikey or no signature")
    if first(pairs, "signatureversion") == "3":
        expires = _moment(first(pairs, "expires") or "")
        if expires is None or expires < now:
            _refuse("expired, or expires is missing or not ISO 8601")
    credential = directory.by_api_key(key)
    if credential is None or not credential.secret:
        _refuse("no enabled user has this apikey")
    if not signed(pairs, credential.secret):
        _refuse("the signature does not match")
    return credential.caller


def _refuse(cause: str) -> NoReturn:
    log.info("request refused: %s", cause)
    raise ApiError(Fault.UNAUTHENTICATED, REFUSAL)


def signed(pairs: Pairs, secret: str) -> bool:
    """Return whether the parameters were signed with the secret, by any client in use."""
    given = (first(pairs, "signature") or "").encode("utf-8", "surrogateescape")
    # Every candidate is compared, so the time taken tells nothing about which one came close.
    matches = [
        compare_digest(b64encode(digest(secret.encode(), text.encode(), "sha1")), given)
        for text in set(signed_texts(pairs))
    ]
    return any(matches)


def signed_texts(pairs: Pairs) -> Iterator[str]:
    """Yield the texts that clients in use may have signed for these parameters; mostly they are all the same.

    They differ in the order of names (the reference, cs and CloudMonkey sort them as spelled, libcloud
    lower-cases them first) and in the characters left unencoded. All decode to the same parameters,
    so taking any of them gives a forger nothing.
    """
    encoded = [
        (name, f"{name}={quote(value, safe='')}".lower()) for name, value in pairs if name.lower() != "signature"
    ]
    for order in (sorted(encoded), sorted(encoded, key=lambda item: item[0].lower())):
        rfc3986 = "&".join(text for _, text in order)  # CloudMonkey 6.0, PHP, Go: ~ plain, * encoded
        cs = rfc3986.replace("%2a", "*")  # cs and everything built on it, CloudMonkey since
        yield rfc3986
        yield cs
        yield cs.replace("~", "%7e")  # the reference itself, Java, Python 2
        yield rfc3986.replace("~", "%7e")  # the sample code of the developer's guide on Python 2
        yield cs.replace("%5b", "[").replace("%5d", "]")  # libcloud


def _moment(text: str) -> datetime | None:
    """Read ``2011-10-10T12:00:00Z`` or ``...+0530``; a bare plus in a URL arrives as a space."""
    if not (match := _EXPIRES.fullmatch(text)):
        return None
    hours = (match[2] or "+00").replace(" ", "+")
    try:
        return datetime.fromisoformat(f"{match[1]}{hours}:{match[3] or '00'}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
