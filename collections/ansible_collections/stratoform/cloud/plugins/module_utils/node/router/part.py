"""What a part of a router is. A later part (NAT, firewall, load balancer) is one more class like these."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from .. import files
from ..base import State, Step
from ..files import RUN_DIR
from .spec import Router


@dataclass(frozen=True)
class Place:
    """Where a router lives on the host: the namespace and the run-time directory carry its name."""

    name: str

    @property
    def directory(self) -> str:
        """Directory of its run-time files; gone with the router, and with a reboot of the host."""
        return os.path.join(RUN_DIR, "router", self.name)

    def path(self, name: str) -> str:
        """A file of the router."""
        return os.path.join(self.directory, name)


class Part(Protocol):
    """One concern of a router. Parts are converged in order and removed in reverse."""

    name: ClassVar[str]

    def __init__(self, place: Place) -> None:
        """Belong to the router at this place."""

    def find(self, router: Router) -> State:
        """Read what is there. Changes nothing."""

    def plan(self, current: State, router: Router) -> Sequence[Step]:
        """Decide what to do. Pure."""

    def apply(self, step: Step, router: Router) -> None:
        """Do one step."""


def plan_files(current: dict[str, str | None], desired: dict[str, str]) -> list[Step]:
    """Steps that write the files which differ."""
    return [Step("write", name) for name, text in desired.items() if current.get(name) != text]


def read_files(place: Place, names: Sequence[str]) -> dict[str, str | None]:
    """Read a router's files; None for one that is missing."""
    return {name: files.read(place.path(name)) for name in names}


def digest(texts: Iterable[str]) -> str:
    """A short name for these texts, as a note of what a daemon has read."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def digests(state: Any) -> Any:
    """A state fit to be shown: texts of files hold secrets, so their lengths stand for them."""
    if isinstance(state, dict):
        hidden = {name: f"{len(text)} characters" if text else None for name, text in state.get("files", {}).items()}
        return {**state, **({"files": hidden} if "files" in state else {})}
    return state
