"""Answers as JSON or XML, the way the reference spells them.

A body may hold str, int, float, bool, aware datetimes, lists and mappings of these, and, so that the
result of a failed job needs no numbers outside of this room, a :class:`Fault` (its number) or an
:class:`ApiError` (its error body). None is left out, at every depth.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import orjson

from stratoform.commands.frame.answer import Accepted, Answer, Many, One, Plain
from stratoform.errors import ApiError, Fault
from stratoform.wire.errors import CODES, error_body

JSON_TYPE = "application/json; charset=UTF-8"
XML_TYPE = "text/xml; charset=UTF-8"

_SCALARS = frozenset((str, int, float, bool))
_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def content(answer: Answer) -> dict[str, Any]:
    """Return what stands under the root of an answer."""
    match answer:
        case One(key, body):
            return {key: body}
        case Many(key, items, count):
            # The reference leaves out what is empty: no count for no matches, no list beyond the last page.
            return ({"count": count} if count else {}) | ({key: items} if items else {})
        case Accepted(jobid, identity):
            return {"id": identity, "jobid": jobid}
        case Plain(body):
            # A synchronous command's success is a string in the reference; clients compare it with "true".
            # In the result of a job, one level deeper, it is a boolean.
            success = body.get("success")
            return {**body, "success": "true" if success else "false"} if isinstance(success, bool) else {**body}


def to_json(root: str, fields: Mapping[str, Any]) -> bytes:
    """Render as JSON. ASCII only, so that no text can make it fail or change its meaning on the way.

    Most answers hold nothing that must be left out or escaped. These are written by orjson as they are, several times
    as fast; what it wrote shows whether the answer was one of them.
    """
    try:
        text = orjson.dumps({root: fields}, _value, _OPTIONS)
    except orjson.JSONEncodeError:  # numbers beyond 64 bits, half a surrogate pair, or what no body may hold
        text = b""
    if text and text.isascii() and not any(mark in text for mark in _NOTHING):
        return text
    return json.dumps({root: plain(fields)}, separators=(",", ":"), allow_nan=False, check_circular=False).encode()


_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_NOTHING = (b":null", b",null", b"[null")
"""How orjson writes None, which is left out, and numbers that are none (NaN), which are refused."""


def _value(value: Any) -> Any:
    """What orjson does not write itself."""
    return _date(value) if isinstance(value, datetime) else plain(value)


def to_xml(root: str, fields: Mapping[str, Any], version: str) -> bytes:
    """Render as XML: an element per field, one per entry of a list.

    Characters XML cannot hold become U+FFFD. A key that is no XML name, which a user's own details may
    have, becomes ``<entry name="...">``.
    """
    element = ET.Element(root, {"cloud-stack-version": version})
    _append_all(element, plain(fields))
    document: bytes = ET.tostring(element, encoding="UTF-8", xml_declaration=True)
    return document


def plain(value: Any) -> Any:
    """Return a value in the terms of JSON: None left out, dates as text, faults as numbers.

    Raises:
        TypeError: for a type no body may hold, and for a datetime without a time zone.
    """
    if isinstance(value, Mapping):
        return {
            # The test for scalars is here, not a call deeper: lists of many thousand fields come through.
            key: field if type(field) in _SCALARS else plain(field)
            for key, field in value.items()
            if field is not None
        }
    if isinstance(value, list | tuple):
        return [item if type(item) in _SCALARS else plain(item) for item in value if item is not None]
    if isinstance(value, datetime):
        return _date(value)
    if isinstance(value, str | int | float):  # enumerations of these, too
        return value
    if isinstance(value, Fault):
        return CODES[value].number
    if isinstance(value, ApiError):
        return error_body(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def _date(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise TypeError("a datetime without a time zone has no place in an answer")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat()[:19]}+0000"


def _append_all(parent: ET.Element, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        _append(parent, name, value)


def _append(parent: ET.Element, name: str, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _append(parent, name, item)
        return
    if _XML_NAME.fullmatch(name):
        child = ET.SubElement(parent, name)
    else:
        child = ET.SubElement(parent, "entry", {"name": _NOT_XML.sub("\ufffd", name)})
    if isinstance(value, dict):
        _append_all(child, value)
    elif isinstance(value, bool):
        child.text = "true" if value else "false"
    else:
        child.text = _NOT_XML.sub("\ufffd", str(value))
