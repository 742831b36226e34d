"""Typed parameters: each parses, describes and complains for itself, and resolves what it refers to.

A parameter is declared as a class attribute of a command; on an instance it reads as the parsed value. ``.required``
makes it demanded and takes ``None`` out of its type. The wire gives ``str`` for plain parameters and
``list[dict[str, str]]`` for maps (CloudStack API, "map parameters").
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from stratoform.errors import ApiError, Fault
from stratoform.model.base import Entity

if TYPE_CHECKING:
    from .context import Context

T = TypeVar("T")
E = TypeVar("E", bound=Entity)
Value = str | list[dict[str, str]]
SHOWN = 60
"""How much of a refused value an error repeats."""


def refuse(name: str, why: str) -> ApiError:
    """The error for a bad value of one parameter."""
    return ApiError(Fault.BAD_PARAMETER, f"Invalid parameter {name}: {why}")


def shown(value: object) -> str:
    """A value as an error repeats it: short, on one line, quoted."""
    text = "".join(c if c.isprintable() else "?" for c in str(value))
    return f"'{text[:SHOWN]}...'" if len(text) > SHOWN else f"'{text}'"


class Param(Generic[T]):
    """One parameter of a command.

    Args:
        doc: what it means; shown by listApis. Demanded: an undocumented parameter fails at import.
        since: release that brought it.
        admin: only root administrators may give it, and see it in listApis.
    """

    wire_type = "string"
    takes_empty = False
    """True: an empty value is a value (no items), not one left out."""
    blanks: tuple[str, ...] = ("",)
    """What clients send for a value they leave out."""

    def __init__(self, doc: str, *, since: str = "", admin: bool = False) -> None:
        if not doc.endswith("."):
            msg = f"a parameter's doc is a sentence: {doc!r}"
            raise TypeError(msg)
        self.doc = doc
        self.since = since
        self.admin = admin
        self.demanded = False
        self.length = 255
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name.rstrip("_")

    @property
    def required(self) -> Required[T]:
        """The same parameter, demanded."""
        demanded = copy(self)
        demanded.demanded = True
        return Required(demanded)

    @overload
    def __get__(self, command: None, owner: type) -> Self: ...
    @overload
    def __get__(self, command: object, owner: type) -> T | None: ...
    def __get__(self, command: object | None, owner: type) -> Self | T | None:
        """The parsed value; None when it was not given."""
        if command is None:
            return self
        value: T | None = command.values.get(self.name)  # type: ignore[attr-defined]
        return value

    def parse(self, value: Value) -> Any:
        """The typed value, from what the wire gave.

        Raises:
            ApiError: BAD_PARAMETER, naming the parameter and what is allowed.
        """
        if not isinstance(value, str):
            raise refuse(self.name, "it takes one value, not a map")
        if len(value) > self.length:
            raise refuse(self.name, f"it may have at most {self.length} characters, this has {len(value)}")
        return self.read(value)

    def read(self, text: str) -> Any:
        """The typed value of a text already known to be of a bearable length."""
        return text

    def resolve(self, value: Any, context: Context) -> Any:  # noqa: ARG002 - references do
        """The object a parsed reference means, after the access check; other values stay themselves."""
        return value

    def resolve_all(self, values: Sequence[Any], context: Context) -> list[Any]:
        """The same for the values of a list."""
        return [self.resolve(value, context) for value in values]


class Required(Generic[T]):
    """A demanded parameter: its value is never None."""

    def __init__(self, param: Param[T]) -> None:
        self.param = param

    def __set_name__(self, owner: type, name: str) -> None:
        self.param.__set_name__(owner, name)

    @overload
    def __get__(self, command: None, owner: type) -> Self: ...
    @overload
    def __get__(self, command: object, owner: type) -> T: ...
    def __get__(self, command: object | None, owner: type) -> Self | T:
        """The parsed value."""
        if command is None:
            return self
        value: T = command.values[self.param.name]  # type: ignore[attr-defined]
        return value


class Text(Param[str]):
    """A text without control characters, normalised (NFC), not blank."""

    def __init__(self, doc: str, *, length: int = 255, since: str = "", admin: bool = False) -> None:
        super().__init__(doc, since=since, admin=admin)
        self.length = length

    def read(self, text: str) -> str:
        """See Param.read."""
        text = unicodedata.normalize("NFC", text).strip()
        if not text:
            raise refuse(self.name, "it must not be empty")
        if any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
            raise refuse(self.name, "it must not contain control characters or line breaks")
        return text


class Raw(Param[str]):
    """A text taken as it is, line breaks and all (keys, user data)."""

    def __init__(self, doc: str, *, length: int, since: str = "") -> None:
        super().__init__(doc, since=since)
        self.length = length


_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_HOSTNAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


class HostName(Text):
    """A host name of one label (RFC 1123), not beginning with a digit."""

    def read(self, text: str) -> str:
        """See Param.read."""
        if not _HOSTNAME.fullmatch(text):
            raise refuse(self.name, f"{shown(text)} is no host name: at most 63 letters, digits and hyphens, "
                                    "beginning with a letter and not ending with a hyphen")
        return text


class DomainName(Text):
    """A DNS suffix: host-name labels joined by dots, at most 190 characters (CloudStack's limit)."""

    longest = 190

    def read(self, text: str) -> str:
        """See Param.read."""
        if len(text) > self.longest or not all(_LABEL.fullmatch(label) for label in text.split(".")):
            raise refuse(self.name, f"{shown(text)} is no domain name, e.g. cloud.example.org")
        return text.lower()


class Bool(Param[bool]):
    """``true`` or ``false``, in any case."""

    wire_type = "boolean"
    blanks = ("", "None")  # libcloud writes a flag nobody set as Python does

    def read(self, text: str) -> bool:
        """See Param.read."""
        if text.lower() not in {"true", "false"}:
            raise refuse(self.name, f"{shown(text)} is neither true nor false")
        return text.lower() == "true"


class Int(Param[int]):
    """A whole number within bounds."""

    wire_type = "integer"

    def __init__(self, doc: str, *, least: int = 0, most: int = 2**31 - 1, since: str = "") -> None:
        super().__init__(doc, since=since)
        self.least, self.most = least, most

    def read(self, text: str) -> int:
        """See Param.read."""
        if not re.fullmatch(r"-?[0-9]{1,19}", text.strip(), re.ASCII):
            raise refuse(self.name, f"{shown(text)} is no whole number")
        number = int(text)
        if not self.least <= number <= self.most:
            raise refuse(self.name, f"{number} is not between {self.least} and {self.most}")
        return number


class Short(Int):
    """A whole number of 15 bits."""

    wire_type = "short"

    def __init__(self, doc: str, *, least: int = 0, most: int = 2**15 - 1, since: str = "") -> None:
        super().__init__(doc, least=least, most=most, since=since)


class Long(Int):
    """A whole number of 63 bits."""

    wire_type = "long"

    def __init__(self, doc: str, *, least: int = 0, most: int = 2**63 - 1, since: str = "") -> None:
        super().__init__(doc, least=least, most=most, since=since)


class Choice(Param[str]):
    """One of a few words, in any case; the value is spelled as declared."""

    def __init__(self, doc: str, words: Iterable[str], *, since: str = "") -> None:
        super().__init__(doc, since=since)
        self.words = {word.lower(): word for word in words}

    def read(self, text: str) -> str:
        """See Param.read."""
        word = self.words.get(text.strip().lower())
        if word is None:
            raise refuse(self.name, f"{shown(text)} is not one of {', '.join(self.words.values())}")
        return word


class Ip4(Param[str]):
    """An IPv4 address."""

    def read(self, text: str) -> str:
        """See Param.read."""
        try:
            return str(ipaddress.IPv4Address(text.strip()))
        except ValueError:
            raise refuse(self.name, f"{shown(text)} is no IPv4 address") from None


_NETMASKS = frozenset(str(ipaddress.IPv4Network(f"0.0.0.0/{length}").netmask) for length in range(33))


class Netmask(Param[str]):
    """An IPv4 netmask in dotted form: neither a prefix length nor a host mask."""

    def read(self, text: str) -> str:
        """See Param.read."""
        if text.strip() not in _NETMASKS:
            raise refuse(self.name, f"{shown(text)} is no netmask, e.g. 255.255.255.0")
        return text.strip()


class Ip6(Param[str]):
    """An IPv6 address, without the interface (%eth0) that only means something on one machine."""

    def read(self, text: str) -> str:
        """See Param.read."""
        try:
            address = ipaddress.IPv6Address(text.strip())
        except ValueError:
            address = None
        if address is None or address.scope_id is not None:  # Python takes any text at all behind the %
            raise refuse(self.name, f"{shown(text)} is no IPv6 address")
        return str(address)


class Cidr(Param[str]):
    """An IPv4 network in CIDR form: an address and the length of its prefix."""

    def read(self, text: str) -> str:
        """See Param.read."""
        try:
            network = ipaddress.IPv4Network(text.strip(), strict=False)
        except ValueError:
            network = None
        if network is None or not re.fullmatch(r".*/[0-9]{1,2}", text.strip()):  # Python takes 10.1.1.0/0.0.0.255, too
            raise refuse(self.name, f"{shown(text)} is no network, e.g. 10.1.1.0/24")
        return str(network)


class When(Param[datetime]):
    """A date (``2026-11-20``) or a date and time (ISO 8601, with offset); UTC unless said."""

    wire_type = "date"

    def read(self, text: str) -> datetime:
        """See Param.read."""
        try:
            moment = datetime.fromisoformat(text.strip())
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # overflow: the year 0 or 10000 in UTC
            raise refuse(self.name, f"{shown(text)} is no date, e.g. 2026-11-20 or 2026-11-20T13:45:00+0100") from None


class ListOf(Param[list[T]], Generic[T]):
    """Values of one kind, separated by commas."""

    wire_type = "list"
    takes_empty = True

    def __init__(self, item: Param[T], *, most: int = 1000) -> None:
        super().__init__(item.doc, since=item.since, admin=item.admin)
        self.item = item
        self.most = most
        self.length = 65536

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        self.item.name = self.name

    def read(self, text: str) -> list[Any]:
        """See Param.read."""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if len(parts) > self.most:
            raise refuse(self.name, f"it takes at most {self.most} values, this has {len(parts)}")
        return [self.item.parse(part) for part in parts]

    def resolve(self, value: Any, context: Context) -> Any:
        """See Param.resolve."""
        return self.item.resolve_all(value, context)


class Details(Param[dict[str, str]]):
    """A map: ``details[0].key=a&details[0].value=b`` or ``details[0].a=b``; one flat mapping comes out."""

    wire_type = "map"

    def parse(self, value: Value) -> dict[str, str]:
        """See Param.parse."""
        if isinstance(value, str):
            raise refuse(self.name, f"it is a map: {self.name}[0].key=...&{self.name}[0].value=...")
        flat: dict[str, str] = {}
        for entry in value:
            pairs = [(entry["key"], entry["value"])] if set(entry) == {"key", "value"} else list(entry.items())
            for key, item in pairs:
                if len(key) > self.length or len(item) > 4096:  # noqa: PLR2004 - column's limit
                    raise refuse(self.name, f"the entry {shown(key)} is too long")
                flat[key] = item
        return flat


class Records(Param[list[dict[str, str]]]):
    """A map whose entries have several named fields each, e.g. ``iptonetworklist[0].ip``."""

    wire_type = "map"

    def __init__(self, doc: str, fields: Iterable[str], *, since: str = "") -> None:
        super().__init__(doc, since=since)
        self.fields = frozenset(fields)

    def parse(self, value: Value) -> list[dict[str, str]]:
        """See Param.parse."""
        if isinstance(value, str):
            raise refuse(self.name, f"it is a map: {self.name}[0].{min(self.fields)}=...")
        for entry in value:
            for field, text in entry.items():
                if field not in self.fields:
                    raise refuse(self.name, f"{shown(field)} is not one of {', '.join(sorted(self.fields))}")
                if len(text) > self.length:
                    raise refuse(self.name, f"{field} may have at most {self.length} characters")
        return value


class Ref(Param[E], Generic[E]):
    """The uuid of an existing object the caller may use; the value is the object.

    Args:
        entity: kind of object.
        where: further condition on the row, e.g. a template that is no ISO.
        noun: what errors call it.
    """

    wire_type = "uuid"

    def __init__(  # noqa: PLR0913 - keywords of a declaration
        self, entity: type[E], doc: str, *, noun: str = "", since: str = "", admin: bool = False,
        where: Callable[[], Any] | None = None,
    ) -> None:
        super().__init__(doc, since=since, admin=admin)
        self.entity = entity
        self.noun = noun or entity.__tablename__.replace("_", " ")
        self.where = where

    def resolve(self, value: Any, context: Context) -> E:
        """See Param.resolve. One answer for "no such id" and "not yours": nobody learns that a foreign id exists."""
        found: E | None = context.find(self.entity, value, self.where() if self.where is not None else None)
        if found is None:
            raise refuse(self.name, f"no {self.noun} with id {shown(value)} exists, or it is not yours to use")
        return found

    def resolve_all(self, values: Sequence[Any], context: Context) -> list[Any]:
        """See Param.resolve_all. One query, however many there are."""
        found = context.find_all(self.entity, values, self.where() if self.where is not None else None)
        return [found.get(value) or self.resolve(value, context) for value in values]


class NoneYet(Param[str]):
    """The uuid of a kind of object of which this cloud has none: every id is refused, truthfully."""

    wire_type = "uuid"

    def __init__(self, noun: str, doc: str, *, since: str = "") -> None:
        super().__init__(doc, since=since)
        self.noun = noun

    def read(self, text: str) -> str:
        """See Param.read."""
        raise refuse(self.name, f"no {self.noun} with id {shown(text)} exists")
