"""The numbers and the JSON of a refusal (CloudStack API, error codes 401-537 and 4250-9999)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from stratoform.errors import ApiError, Fault


class Code(NamedTuple):
    """What a fault is called on the wire."""

    number: int
    """``errorcode``, which is the HTTP status too."""

    exception: int
    """``cserrorcode``: the reference's number for the exception of that name, 9999 where none fits."""


_NO_EXCEPTION_FITS: Final = 9999

CODES: Final[dict[Fault, Code]] = {
    Fault.UNAUTHENTICATED: Code(401, 4290),  # CloudAuthenticationException
    Fault.NOT_PERMITTED: Code(401, 4365),  # PermissionDeniedException; 401 also here, never 403
    Fault.METHOD_NOT_ALLOWED: Code(405, _NO_EXCEPTION_FITS),
    Fault.CALL_LIMIT: Code(429, _NO_EXCEPTION_FITS),
    Fault.MALFORMED_PARAMETER: Code(430, _NO_EXCEPTION_FITS),
    Fault.BAD_PARAMETER: Code(431, 4350),  # InvalidParameterValueException
    Fault.UNKNOWN_COMMAND: Code(432, _NO_EXCEPTION_FITS),
    Fault.UNAVAILABLE: Code(503, _NO_EXCEPTION_FITS),
    Fault.INTERNAL: Code(530, 4250),  # CloudRuntimeException
    Fault.ACCOUNT: Code(531, 4365),  # PermissionDeniedException
    Fault.RESOURCE_LIMIT: Code(532, 4280),  # AccountLimitException
    Fault.INSUFFICIENT_CAPACITY: Code(533, 4325),  # InsufficientCapacityException
    Fault.RESOURCE_UNAVAILABLE: Code(534, 4380),  # ResourceUnavailableException
    Fault.ALLOCATION: Code(535, 4370),  # ResourceAllocationException
    Fault.IN_USE: Code(536, 4375),  # ResourceInUseException
    Fault.RULE_CONFLICT: Code(537, 4360),  # NetworkRuleConflictException
}


def error_body(error: ApiError) -> dict[str, Any]:
    """Return a refusal as the API shows it, in an error answer and in the result of a failed job alike."""
    code = CODES[error.fault]
    return {
        "uuidList": [{"uuid": uuid, "description": table} for table, uuid in error.ids],
        "errorcode": code.number,
        "cserrorcode": code.exception,
        "errortext": error.message,
    }
