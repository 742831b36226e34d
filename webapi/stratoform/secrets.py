"""Secrets at rest: encrypted with one key file (Fernet: AES-128-CBC with HMAC-SHA256); passwords hashed (Argon2id)."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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


# Argon2id with 7 MiB, five passes, one lane: as strong as 19 MiB and two passes (OWASP, password storage).
_HASHER: Final = PasswordHasher(time_cost=5, memory_cost=7168, parallelism=1, type=Type.ID)

_WORKSHOP: Final = ThreadPoolExecutor(2, "passwords")
"""Hashing is made to need time and memory. Here it needs two cores at most, and what it took stays with two threads."""

_NOBODYS: Final = (
    "$argon2id$v=19$m=7168,t=5,p=1$MbfDHk8F6xd0hzlsepY5ug"
    "$k0S5/5ARGuWSC+8u+eY8aN3xwIAuyZFdnW0HbmO95Yo"
)
"""The hash of a password nobody knows: who does not exist takes as long to refuse as who does."""


def hash_password(text: str) -> str:
    """What to keep of a password: some 100 ASCII characters, different each time."""
    return _WORKSHOP.submit(_HASHER.hash, text).result()


def verify_password(kept: str | None, text: str) -> bool:
    """Whether the text is the password.

    Args:
        kept: what hash_password() gave; None (no such user, or one without a password) is False after the same work.
        text: what was typed.
    """
    try:
        _WORKSHOP.submit(_HASHER.verify, kept or _NOBODYS, text).result()
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None and kept != ""


def outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's: hash the password again at the next login."""
    return _HASHER.check_needs_rehash(kept)


def token_hash(token: str) -> str:
    """What to keep of a random token of 128 bits or more (a session's id): 64 hexadecimal digits, always the same."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
