"""The endpoint ``/client/api``: parse, authenticate, dispatch, render; and a well-formed answer whatever happens."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import HTTPException

from stratoform.commands.frame.answer import Answer
from stratoform.commands.frame.caller import Caller
from stratoform.errors import ApiError, Fault
from stratoform.wire.errors import CODES, error_body
from stratoform.wire.params import Pairs, Value, first, gather, scrub, shown, split
from stratoform.wire.render import JSON_TYPE, XML_TYPE, content, to_json, to_xml
from stratoform.wire.roots import ERROR_ROOT, root_of
from stratoform.wire.sessions import Entrance, carry, demand_method, visit
from stratoform.wire.signature import Directory, authenticate

log = logging.getLogger(__name__)

LARGEST_BODY: Final = 1 << 20
"""Bytes a request body may have: user data, the largest thing there is to send, has 32 KiB at most.

A larger one is refused with 431, since the API's numbers have no 413.
"""

_PATIENCE: Final = 32 << 20
"""Bytes of a body too large still taken in: who is cut off while sending never reads why."""

_LONGEST_RECORD: Final = 1 << 14
"""Characters of an unforeseen error that reach the log, whatever a stranger sent along."""

_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
"""All are routed here, so that those not allowed are refused in the API's own words."""


class Dispatch(Protocol):
    """What carries a command out."""

    def __call__(self, name: str, params: Mapping[str, Value], caller: Caller, /) -> Answer:
        """Run the command of that name, or start it; raises ApiError to refuse."""


@dataclass(frozen=True)
class Service:
    """Everything one endpoint needs."""

    dispatch: Dispatch
    directory: Directory
    entrance: Entrance
    clock: Callable[[], datetime]
    version: str


def utc_now() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)


def blueprint(
    dispatch: Dispatch,
    directory: Directory,
    entrance: Entrance = Entrance(),  # noqa: B008 - frozen, and lets nobody in
    clock: Callable[[], datetime] = utc_now,
    version: str = "4.3.0",
) -> Blueprint:
    """Return the endpoint.

    Args:
        dispatch: carries out the commands of authenticated callers.
        directory: where API keys are looked up.
        entrance: logins and sessions.
        clock: the aware time against which requests expire.
        version: the release of the reference we speak like, shown as ``cloud-stack-version`` in XML.
    """
    service = Service(dispatch, directory, entrance, clock, version)
    endpoint = Blueprint("api", __name__)

    @endpoint.route("/client/api", methods=_METHODS, provide_automatic_options=False)
    @endpoint.route("/client/api/<named>", methods=_METHODS, provide_automatic_options=False)
    def api(named: str | None = None) -> Response:
        return _serve(service, request, named)

    return endpoint


def _serve(service: Service, incoming: Request, named: str | None) -> Response:
    """Answer a request. Its path may name the command once more (as in the OpenAPI document); the parameter counts."""
    pairs = split(incoming.query_string)
    params: Mapping[str, Value] = {}
    try:
        pairs += split(_form(incoming))
        params = gather(pairs)
        if named is not None and named != first(pairs, "command"):
            raise ApiError(Fault.BAD_PARAMETER, "the path must name the same command as the parameter 'command'")
        command = (first(pairs, "command") or "").lower()
        if door := service.entrance.doors.get(command):
            demand_method(command, incoming)
            passage = door(params, visit(incoming, pairs))
            response = _response(service, pairs, content(passage.answer))
            carry(passage, response, secure=incoming.is_secure)
            return response
        caller = _caller(service, incoming, pairs)
        answer = service.dispatch(_command(pairs), params, caller)
        return _response(service, pairs, content(answer))
    except ApiError as error:
        return _refusal(service, pairs, error)
    except Exception:  # noqa: BLE001 - the last line of defence: a client always gets an answer it can read
        return _refusal(service, pairs, _unforeseen(pairs, params))


def _caller(service: Service, incoming: Request, pairs: Pairs) -> Caller:
    """Return who asks: by API key when there is one, otherwise by session.

    Raises:
        ApiError: UNAUTHENTICATED.
    """
    if not first(pairs, "apikey") and (known := service.entrance.caller(visit(incoming, pairs))):
        return known
    return authenticate(pairs, service.directory, service.clock())


def _form(incoming: Request) -> bytes:
    """Return the form-encoded body of a POST, b"" for a GET.

    Raises:
        ApiError: METHOD_NOT_ALLOWED for other methods, BAD_PARAMETER for a body that is too large,
            of another type, or cut short.
    """
    if incoming.method == "GET":
        return b""
    if incoming.method != "POST":
        raise ApiError(Fault.METHOD_NOT_ALLOWED, "only GET and POST are allowed")
    body = _read(incoming)
    if body and incoming.mimetype not in ("", "application/x-www-form-urlencoded"):
        raise ApiError(
            Fault.BAD_PARAMETER,
            f"a request body must be application/x-www-form-urlencoded, not {shown(incoming.mimetype)}",
        )
    return body


def _read(incoming: Request) -> bytes:
    chunks, size = [], 0
    try:
        while chunk := incoming.stream.read(1 << 16):
            size += len(chunk)
            if size <= LARGEST_BODY:
                chunks.append(chunk)
            elif size > _PATIENCE:
                break
    except (HTTPException, OSError) as error:  # the client went away, or the server has a lower limit of its own
        raise ApiError(Fault.BAD_PARAMETER, "the request body could not be read to its end") from error
    if size > LARGEST_BODY:
        raise ApiError(Fault.BAD_PARAMETER, f"the request body is too large; at most {LARGEST_BODY} bytes are allowed")
    return b"".join(chunks)


def _command(pairs: Pairs) -> str:
    if name := first(pairs, "command"):
        return name
    raise ApiError(Fault.UNKNOWN_COMMAND, "no command given; name one in parameter 'command'")


def _refusal(service: Service, pairs: Pairs, error: ApiError) -> Response:
    status = CODES[error.fault].number
    log.info("%s answered %d: %s", shown(first(pairs, "command") or ""), status, error.message)
    return _response(service, pairs, error_body(error), error)


def _unforeseen(pairs: Pairs, params: Mapping[str, Value]) -> ApiError:
    """Log the exception in flight and return what the client may know of it: where to look."""
    log_id = secrets.token_hex(6)
    command = shown(first(pairs, "command") or "")
    # One record, so that the number finds all of it; secrets may hide in parameters and in exceptions' texts.
    details = scrub(f"{traceback.format_exc()}in {command} with {dict(params)}", params)
    log.error("unforeseen error %s: %s", log_id, details[:_LONGEST_RECORD])
    return ApiError(Fault.INTERNAL, f"{command} failed for an unforeseen reason, logged as {log_id}")


def _response(service: Service, pairs: Pairs, fields: Mapping[str, Any], error: ApiError | None = None) -> Response:
    unknown = error is not None and error.fault is Fault.UNKNOWN_COMMAND
    root = ERROR_ROOT if unknown else root_of(first(pairs, "command"))
    if (first(pairs, "response") or "").lower() == "json":
        body, content_type = to_json(root, fields), JSON_TYPE
    else:
        body, content_type = to_xml(root, fields, service.version), XML_TYPE
    response = Response(body, CODES[error.fault].number if error else 200, content_type=content_type)
    response.headers["Cache-Control"] = "no-store"  # keys and passwords pass here
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
