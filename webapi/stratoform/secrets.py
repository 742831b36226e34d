"""Secrets at rest: encrypted with one key file (Fernet: AES-128-CBC with HMAC-SHA256)."""

from __future__ import annotations

import os
from pathlib import Path

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
