# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The CloudStack query API over the standard library: signed requests, pages, asynchronous jobs."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import hmac
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError, UnreachableError
from ansible_collections.stratoform.cloud.plugins.module_utils.settings import Settings

Transport = Callable[[Settings, Mapping[str, str]], tuple[int, bytes]]
"""Sends the signed parameters and gives back HTTP status and body; raises UnreachableError."""

OK = 200
SUCCEEDED = 1
FAILED = 2
FIRST_POLL = 0.05  # seconds
SLOWEST_POLL = 2.0
PATIENCE = 30.0  # seconds a job's poller puts up with a service that is being restarted


class Api:
    """The commands of one cloud, as one account.

    Args:
        settings: where, and with which keys; without a secret requests go unsigned.
        transport: replaced in tests.
        clock: monotonic seconds.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        settings: Settings,
        transport: Transport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._transport = transport or send
        self._clock = clock
        self._sleep = sleep

    def call(self, command: str, **params: Any) -> dict[str, Any]:
        """Send one command and give back the body of its answer, for an asynchronous one the job's id.

        Raises:
            CloudError: the cloud refused; the message is the cloud's own sentence.
            UnreachableError: no answer came.
        """
        return self._ask(self.settings, command, params)

    def list(self, command: str, **params: Any) -> list[dict[str, Any]]:
        """All objects a list command matches, page by page.

        The first call names no page: the page size the cloud chose by itself is one it accepts
        (a larger one is refused, and an administrator may have lowered the limit).
        """
        answer = self.call(command, **params)
        items = _items(answer)
        total, size = int(answer.get("count") or len(items)), len(items)
        page = 1
        while size and len(items) < total:
            page += 1
            more = _items(self.call(command, page=page, pagesize=size, **params))
            if not more:  # rows vanished while we were reading
                break
            items.extend(more)
        return items

    def run(self, command: str, **params: Any) -> dict[str, Any]:
        """Send a command that changes something, wait for its job when there is one, give back the object.

        Some commands work before they answer (adding a host asks the host), so the answer may take as long as a job.
        """
        patient = dataclasses.replace(self.settings, timeout=max(self.settings.timeout, self.settings.job_timeout))
        answer = self._ask(patient, command, params)
        if "jobid" in answer and not any(isinstance(value, dict) for value in answer.values()):
            answer = self.wait(answer["jobid"], command)
        return only(command, answer)

    def wait(self, jobid: str, command: str) -> dict[str, Any]:
        """Follow a job to its end and give back its result.

        A service that restarts meanwhile resumes its jobs, so silence is borne for a while.

        Raises:
            CloudError: the job failed, or did not end within ``job_timeout`` seconds.
        """

        def finished() -> dict[str, Any] | None:
            job = self.call("queryAsyncJobResult", jobid=jobid)
            result = job.get("jobresult") or {}
            result = result if isinstance(result, dict) else {"errortext": result}
            if job.get("jobstatus") == FAILED:
                raise CloudError(_sentence(result) or f"job {jobid} failed without a reason", _code(result))
            return dict(result) if job.get("jobstatus") == SUCCEEDED else None

        return self.until(finished, lambda: f"job {jobid} of {command} did not end")

    def until(self, probe: Callable[[], Any], complaint: Callable[[], str]) -> Any:
        """Repeat ``probe`` ever more slowly until it gives something; the first pause is 50 ms.

        Raises:
            CloudError: ``job_timeout`` seconds passed; the sentence begins with the ``complaint``.
        """
        start = answered = self._clock()
        pause = FIRST_POLL
        while True:
            try:
                found = probe()
                answered = self._clock()
            except UnreachableError:
                if self._clock() - answered > PATIENCE:
                    raise
                found = None
            if found is not None:
                return found
            if self._clock() - start > self.settings.job_timeout:
                raise CloudError(f"{complaint()} within {self.settings.job_timeout:g} s")
            self._sleep(pause)
            pause = min(pause * 1.5, SLOWEST_POLL)

    def _ask(self, settings: Settings, command: str, params: Mapping[str, Any]) -> dict[str, Any]:
        request = {"command": command, "response": "json", **encode(params)}
        status, body = self._transport(settings, sign(request, settings, _now()))
        return _open(command, status, body)


def encode(params: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as the API spells them; None is left out, an empty list or mapping becomes empty text.

    Lists of scalars are joined by commas; mappings and lists of mappings become
    ``name[0].key=value``.
    """
    encoded: dict[str, str] = {}
    for name, value in params.items():
        if value is None:
            continue
        rows = [value] if isinstance(value, Mapping) else value
        if isinstance(rows, (list, tuple)) and rows and all(isinstance(row, Mapping) for row in rows):
            for index, row in enumerate(rows):
                encoded.update({f"{name}[{index}].{key}": _text(row[key]) for key in row})
        elif isinstance(rows, (list, tuple)):
            encoded[name] = ",".join(_text(row) for row in rows)
        else:
            encoded[name] = _text(value)
    return encoded


def sign(params: Mapping[str, str], settings: Settings, now: dt.datetime) -> dict[str, str]:
    """The parameters with key, expiry (signature version 3) and signature added."""
    if not settings.secret:
        return dict(params)
    expires = now + dt.timedelta(seconds=settings.expiration)
    signed = {
        **params,
        "apiKey": settings.key,
        "signatureVersion": "3",
        "expires": expires.strftime("%Y-%m-%dT%H:%M:%S+0000"),
    }
    query = "&".join(
        "{}={}".format(name, urllib.parse.quote(signed[name], safe="*")) for name in sorted(signed, key=str.lower)
    )
    digest = hmac.new(settings.secret.encode(), query.lower().encode(), hashlib.sha1).digest()
    signed["signature"] = base64.b64encode(digest).decode()
    return signed


def send(settings: Settings, params: Mapping[str, str]) -> tuple[int, bytes]:
    """Send by HTTP. Secrets never appear in an error."""
    query = urllib.parse.urlencode(params, quote_via=urllib.parse.quote)
    url, data = settings.endpoint, query.encode()
    if settings.method == "get":
        url, data = f"{url}?{query}", None
    request = urllib.request.Request(url, data=data, headers=dict(settings.headers))  # noqa: S310 settings allow http(s) only
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=_tls(settings)))
    try:
        with opener.open(request, timeout=settings.timeout) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        raise UnreachableError(f"No answer from {settings.endpoint}: {reason}") from error


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.endpoint.startswith("https"):
        return None
    context = ssl.create_default_context(cafile=settings.ca_path)
    if not settings.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert:
        context.load_cert_chain(settings.cert, settings.cert_key)
    return context


def _open(command: str, status: int, body: bytes) -> dict[str, Any]:
    """Take the answer out of its root element; anything but 200 is the cloud's refusal."""
    try:
        (content,) = json.loads(body).values()
    except (ValueError, AttributeError):
        raise CloudError(
            f"{command} answered HTTP {status} without an API answer: is the endpoint's path right?", status
        ) from None
    content = content if isinstance(content, dict) else {}
    if status != OK:
        raise CloudError(_sentence(content) or f"{command} answered HTTP {status}", _code(content) or status)
    return content


def _items(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The one list of an answer; an empty result has none at all."""
    return next(([dict(item) for item in value] for value in answer.values() if isinstance(value, list)), [])


def only(command: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The object of an answer: ``{"zone": {...}}``, ``{"host": [{...}]}``, or the answer itself (success).

    Raises:
        CloudError: the answer says ``success: false``.
    """
    if str(answer.get("success", True)).lower() == "false":
        raise CloudError(str(answer.get("displaytext") or f"{command} did not succeed"))
    for value in answer.values():
        if isinstance(value, dict):
            return dict(value)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return dict(value[0])
    return dict(answer)


def _sentence(answer: Mapping[str, Any]) -> str:
    return str(answer.get("errortext") or "").strip()


def _code(answer: Mapping[str, Any]) -> int | None:
    code = answer.get("errorcode")
    return int(code) if code is not None else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
