"""Files as a host needs them: replaced whole, locked, and with room for them."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from typing import NamedTuple

from .errors import NodeError

RUN_DIR = "/run/stratoform"


class Owner(NamedTuple):
    """Numeric owner and group of a file."""

    uid: int
    gid: int


def read(path: str) -> str | None:
    """Return the text of a file, None when there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def write(path: str, text: str, mode: int = 0o600, owner: Owner | None = None) -> None:
    """Replace a file in one step: a reader sees the old or the new text, a crash leaves one of them."""
    temporary = f"{path}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)  # the umask must not decide who reads
        if owner:
            os.fchown(descriptor, owner.uid, owner.gid)
        file.write(text)
    os.rename(temporary, path)


def remove(path: str) -> None:
    """Remove a file that may be missing."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def commit(temporary: str, path: str) -> None:
    """Put a finished file in place so that it survives a power cut: data, then name."""
    descriptor = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(temporary, path)
    directory = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Hold an exclusive lock named by a file; the file is gone afterwards.

    The kernel releases the lock of a killed process. As the holder removes the file, a waiter may wake up
    with the lock of a file that is no longer the named one: it tries again.
    """
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
                break
        except FileNotFoundError:
            pass
        os.close(descriptor)
    try:
        yield
    finally:
        remove(path)
        os.close(descriptor)


class Space(NamedTuple):
    """A file system in bytes; ``available`` is what is left for us: free without what is reserved."""

    capacity: int
    available: int
    used: int


def space(directory: str) -> Space:
    """Measure the file system under a directory; zeros when the directory does not exist (yet)."""
    try:
        seen = os.statvfs(directory)
    except FileNotFoundError:
        return Space(0, 0, 0)
    unit = seen.f_frsize
    return Space(seen.f_blocks * unit, seen.f_bavail * unit, (seen.f_blocks - seen.f_bfree) * unit)


def need_space(directory: str, wanted: int) -> None:
    """Refuse early instead of filling a file system others live on.

    Raises:
        NodeError: fewer than ``wanted`` bytes are left.
    """
    left = space(directory).available
    if left < wanted:
        raise NodeError(f"{wanted} bytes are needed in {directory}, only {left} are free")
