"""Requests no decent client makes, and answers taken apart with suspicion."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from tests.support.client import Client

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """A well-formed answer: the HTTP status, what is under the root, and the error's text ('' when there is none)."""

    status: int
    content: Any
    text: str


def body(client: Client, command: str, params: Mapping[str, str | bytes], response: str) -> str:
    """The signed form of a request. Bytes are sent as they are, percent-encoded."""
    given: dict[str, str | bytes] = {**params, "command": command, "apikey": client.key, "response": response}
    pairs = sorted(given.items(), key=lambda pair: pair[0].lower())
    query = "&".join(f"{name}={quote(value, safe='*')}" for name, value in pairs)
    digest = hmac.new(client.secret.encode(), query.lower().encode(), hashlib.sha1).digest()
    return f"{query}&signature={quote(base64.b64encode(digest).decode(), safe='')}"


def post(client: Client, form: str | bytes, response: str) -> Answer:
    """Sends a form and checks that the answer is one of the API's: one root, status and code the same."""
    got = client.http.post("/client/api", data=form, content_type=FORM)
    assert got.headers["Cache-Control"] == "no-store"
    assert {name for name, _ in got.headers} <= {"Content-Type", "Content-Length", "Cache-Control",
                                                 "X-Content-Type-Options"}
    content: Any
    if response == "json":
        assert got.headers["Content-Type"] == "application/json; charset=UTF-8"
        ((root, content),) = json.loads(got.data).items()
        code, text = content.get("errorcode"), content.get("errortext", "")
    else:
        assert got.headers["Content-Type"] == "text/xml; charset=UTF-8"
        content = ET.fromstring(got.data)  # noqa: S314 - the service's own answer, which the test is about
        root, code, text = content.tag, content.findtext("errorcode"), content.findtext("errortext") or ""
    assert "response" in root
    assert (got.status_code == 200) == (code is None)
    assert got.status_code == int(code or 200)
    assert "Traceback" not in text
    return Answer(got.status_code, content, text)


def ask(client: Client, command: str, params: Mapping[str, str | bytes], response: str = "json") -> Answer:
    """Makes a signed request."""
    return post(client, body(client, command, params, response), response)
