"""Errors that reach a client, named by what went wrong.

Every layer raises :class:`ApiError` with a :class:`Fault`; only ``wire/errors.py`` knows which
number and which JSON a fault becomes (CloudStack API, error codes 401-551).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, EnumMeta


class _Untold(EnumMeta):
    """Kind of enumeration that no JSON library takes for the texts of its members: wire/render.py gives numbers."""


class Fault(Enum, metaclass=_Untold):
    """What went wrong, in the vocabulary of the CloudStack API. Names are never reused."""

    UNAUTHENTICATED = "unauthenticated"
    NOT_PERMITTED = "not permitted"
    METHOD_NOT_ALLOWED = "method not allowed"
    CALL_LIMIT = "call limit exceeded"
    MALFORMED_PARAMETER = "malformed parameter"
    BAD_PARAMETER = "bad or missing parameter value"
    UNKNOWN_COMMAND = "unknown or unsupported command"
    UNAVAILABLE = "service unavailable"
    INTERNAL = "internal error"
    ACCOUNT = "account error"
    RESOURCE_LIMIT = "resource limit reached"
    INSUFFICIENT_CAPACITY = "insufficient capacity"
    RESOURCE_UNAVAILABLE = "resource unavailable"
    ALLOCATION = "resource allocation error"
    IN_USE = "resource in use"
    RULE_CONFLICT = "network rule conflict"


class ApiError(Exception):
    """A refusal: the operation, the object, the cause, and the fact needed to act.

    Args:
        fault: the kind of refusal.
        message: one sentence for the person who asked; no secrets, no stack.
        ids: ``(table name, uuid)`` pairs of the objects the message speaks of.

    Attributes:
        admin_message: what root administrators read instead; may name hosts.
    """

    def __init__(self, fault: Fault, message: str, ids: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message
        self.admin_message = message
        self.ids = tuple(ids)
