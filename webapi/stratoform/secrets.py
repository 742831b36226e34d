"""Secrets at rest: encrypted with one key file (Fernet: AES-128-CBC with HMAC-SHA256); passwords hashed (Argon2id)."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken


class Vault:
    """Encrypts and decrypts with the key in a file of mode 0600.

    Args:
        key: a Fernet key (32 bytes, URL-safe base64).
    """

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    @classmethod
    def at(cls, file: Path) -> Vault:
        """The vault whose key is in the file; a new key is made when there is none."""
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return cls(file.read_bytes().strip())
        with os.fdopen(descriptor, "wb") as stream:
            key = Fernet.generate_key()
            stream.write(key)
        return cls(key)

    def seal(self, text: str) -> str:
        """The encrypted text."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text.

        Raises:
            ValueError: it was sealed with another key.
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise ValueError("a secret in the database was encrypted with another key file") from None


_AT_ONCE: Final = BoundedSemaphore(4)
"""Hashing is made to need memory: this many at once take 76 MiB, and a flood of logins waits instead of taking all."""

# Argon2id with 19 MiB, two passes, one lane: what OWASP's password storage sheet asks for at least.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, type=Type.ID)

_NOBODYS: Final = _HASHER.hash(secrets.token_urlsafe(32))
"""The hash of a password nobody knows: who does not exist takes as long to refuse as who does."""


def hash_password(text: str) -> str:
    """What to keep of a password: 97 ASCII characters, different each time."""
    with _AT_ONCE:
        return _HASHER.hash(text)


def verify_password(kept: str | None, text: str) -> bool:
    """Whether the text is the password.

    Args:
        kept: what hash_password() gave; None (no such user, or one without a password) is False after the same work.
        text: what was typed.
    """
    with _AT_ONCE:
        try:
            _HASHER.verify(kept or _NOBODYS, text)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None and kept != ""


def outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's: hash the password again at the next login."""
    return _HASHER.check_needs_rehash(kept)


def token_hash(token: str) -> str:
    """What to keep of a random token of 128 bits or more (a session's id): 64 hexadecimal digits, always the same."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
