"""From the bytes of a query string or form body to the parameters a command takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final
from urllib.parse import unquote_to_bytes

from stratoform.errors import ApiError, Fault

Pairs = Sequence[tuple[str, str]]
"""Names and values in the order and spelling in which they arrived, decoded."""

Value = str | list[dict[str, str]]
"""A plain value, or the entries of a map parameter in the order of their indexes."""

MOST_PARAMETERS: Final = 2000

RESERVED: Final = frozenset(
    ("command", "apikey", "signature", "signatureversion", "expires", "response", "sessionkey", "_", "callback")
)
"""Names that belong to the protocol (or to a browser's cache busting) and reach no command."""

_INDEXED = re.compile(r"(?P<name>[^\[\].]+)\[(?P<index>[0-9]{1,4})\]\.(?P<field>[^\[\]]+)", re.DOTALL)
_NOT_UTF8 = re.compile("[\ud800-\udfff]")
# Names are signed as they are, not encoded: these characters would let one signed text be read as two requests.
_UNSIGNABLE = re.compile(r"[&=%\x00-\x20\x7f]")


def split(*encoded: bytes) -> list[tuple[str, str]]:
    """Decode form-encoded texts, one after the other. Never raises: :func:`gather` judges.

    Bytes that are no UTF-8 become lone surrogates, which no valid text contains.
    """
    return [pair for text in encoded for pair in _decode(text)]


def _decode(text: bytes) -> Iterator[tuple[str, str]]:
    parts = filter(None, text.replace(b"+", b" ").split(b"&"))
    # One more than allowed is decoded, enough for the judge to see that there are too many.
    for part in islice(parts, MOST_PARAMETERS + 1):
        name, _, value = part.partition(b"=")
        yield _text(name), _text(value)


def _text(encoded: bytes) -> str:
    raw = unquote_to_bytes(encoded) if b"%" in encoded else encoded
    return raw.decode("utf-8", "surrogateescape")


def first(pairs: Pairs, name: str) -> str | None:
    """Return the first value of a parameter, its name compared without regard to case."""
    return next((value for key, value in pairs if key.lower() == name), None)


def gather(pairs: Pairs) -> dict[str, Value]:
    """Return what a command gets: lower-cased names, map parameters as lists, nothing reserved.

    The names of fields inside a map parameter keep their case: they may be keys of a user's own.

    Raises:
        ApiError: MALFORMED_PARAMETER for text that cannot be read (NUL, not UTF-8, a bad name or index),
            BAD_PARAMETER for too many parameters and for one given twice. Names the parameter.
    """
    if len(pairs) > MOST_PARAMETERS:
        raise ApiError(Fault.BAD_PARAMETER, f"too many parameters; at most {MOST_PARAMETERS} are allowed")
    plain: dict[str, Value] = {}
    maps: dict[str, dict[int, dict[str, str]]] = {}
    for spelling, value in pairs:
        _readable(spelling, value)
        name = spelling.lower()
        if "[" not in name and "]" not in name:
            _once(spelling, name in plain or name in maps)
            plain[name] = value
            continue
        if not (match := _INDEXED.fullmatch(spelling)):
            raise ApiError(
                Fault.MALFORMED_PARAMETER,
                f"parameter {shown(spelling)} is not of the form name[index].field, for instance details[0].key",
            )
        name = match["name"].lower()
        entry = maps.setdefault(name, {}).setdefault(int(match["index"]), {})
        _once(spelling, name in plain or match["field"] in entry)
        entry[match["field"]] = value
    plain.update((name, [entries[index] for index in sorted(entries)]) for name, entries in maps.items())
    return {name: value for name, value in plain.items() if name not in RESERVED}


def _readable(name: str, value: str) -> None:
    if flaw := _flaw(name) or _flaw(value):
        raise ApiError(Fault.MALFORMED_PARAMETER, f"parameter {shown(name)} {flaw}")
    if not name or _UNSIGNABLE.search(name):
        raise ApiError(
            Fault.MALFORMED_PARAMETER,
            f"parameter name {shown(name)} is empty or contains a space, a control character, '&', '=' or '%'",
        )


def _flaw(text: str) -> str | None:
    if "\0" in text:
        return "contains a NUL byte"
    if not text.isascii() and _NOT_UTF8.search(text):
        return "is not valid UTF-8"
    return None


def _once(name: str, seen: bool) -> None:
    if seen:
        raise ApiError(Fault.BAD_PARAMETER, f"parameter {shown(name)} is given more than once; give it once")


def shown(text: str, longest: int = 64) -> str:
    """Return a stranger's text as it may stand in a sentence or a log line: quoted, printable, short."""
    return ascii(text if len(text) <= longest else text[:longest] + "...")


_TELLS_SECRET = re.compile(
    r"pass|secret|private|userdata|signature|api_?key|session|token|credential|psk|\.key$", re.IGNORECASE
)


def hidden(params: Mapping[str, Value]) -> set[str]:
    """Return the values that must appear in no log: those whose name, or whose map key, suggests a secret."""
    secrets: set[str] = set()
    subject, content = params.get("name"), params.get("value")
    if isinstance(subject, str) and isinstance(content, str) and _TELLS_SECRET.search(subject):
        secrets.add(content)  # a setting, for instance
    for name, value in params.items():
        entries = [{name: value}] if isinstance(value, str) else value
        for entry in entries:
            whole = _TELLS_SECRET.search(name) or _TELLS_SECRET.search(entry.get("key", ""))
            secrets.update(text for field, text in entry.items() if whole or _TELLS_SECRET.search(field))
    return secrets - {"", "true", "false"}  # answers to passwordenabled and its like


def scrub(text: str, params: Mapping[str, Value]) -> str:
    """Return a text for the log without the secrets among the parameters, raw or as Python would quote them."""
    for secret in sorted(hidden(params), key=len, reverse=True):
        text = text.replace(secret, "***").replace(repr(secret)[1:-1], "***")
    return text
