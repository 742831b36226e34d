# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can go wrong between a module and the cloud."""

from __future__ import annotations


class CloudError(Exception):
    """A sentence for the person who asked; ``code`` is the API's error code when the cloud refused."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class NotFoundError(CloudError):
    """A name that nothing in the cloud carries."""


class ImmutableError(CloudError):
    """A change the cloud cannot make to an existing object."""


class UnreachableError(CloudError):
    """No answer: refused, timed out, broken off."""
