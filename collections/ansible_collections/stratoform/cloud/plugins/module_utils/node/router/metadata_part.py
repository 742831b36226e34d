"""Part three: the metadata, user-data and password service (:mod:`.metadata_service`)."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from .. import files
from ..base import State, Step
from . import account, daemons, metadata_service
from .part import Place, digest, plan_files, read_files
from .spec import METADATA_ADDRESS, Router

_PYTHON = "/usr/bin/python3"
_PROGRAM, _DATA, _TAKEN, _RUNS = "metadata.py", "metadata.json", "taken", "metadata.runs"


def data(router: Router) -> str:
    """The text of ``metadata.json``: where guests may ask, and what each may know."""
    guests = {
        ip: {"metadata": dict(guest.metadata), "user_data": guest.user_data, "password": guest.password}
        for ip, guest in router.guests.items()
    }
    addresses = [METADATA_ADDRESS, *(interface.ip for interface in router.guest_interfaces)]
    return json.dumps({"addresses": addresses, "guests": guests}, indent=1, sort_keys=True) + "\n"


def program() -> str:
    """The text of the service, wherever this collection was loaded from: Ansible carries it in an archive."""
    spec: Any = metadata_service.__spec__
    return str(spec.loader.get_source(spec.name))


def plan(current: State, desired: dict[str, str]) -> list[Step]:
    """Decide: write what differs; start when it is dead, or when the program that runs is another one.

    Which one runs is noted when it is started: files that are right do not prove it.
    """
    steps = plan_files(current["files"], desired)
    wanted = digest([desired[_PROGRAM]])
    if not current["alive"] or current["runs"] != wanted:
        steps.append(Step("start", wanted))
    known = json.loads(desired[_DATA])["guests"]
    # A mark of a guest that left must not silence the password of the next one with its address.
    steps += [Step("forget", ip) for ip in current["taken"] if not known.get(ip, {}).get("password")]
    return steps


class Metadata:
    """See the module."""

    name = "metadata"

    def __init__(self, place: Place) -> None:
        self._place = place
        script = place.path(_PROGRAM)
        argv = [_PYTHON, "-I", script, place.directory, account.name()]
        self._daemon = daemons.Daemon(self.name, place.name, argv, place.path("metadata.pid"), script)

    @staticmethod
    def _contents(router: Router) -> dict[str, str]:
        return {_PROGRAM: program(), _DATA: data(router)}

    def find(self, router: Router) -> State:
        """Read its files, which passwords were taken, and whether it lives."""
        taken = self._place.path(_TAKEN)
        return {
            "files": read_files(self._place, list(self._contents(router))),
            "taken": sorted(os.listdir(taken)) if os.path.isdir(taken) else [],
            "runs": files.read(self._place.path(_RUNS)),
            "alive": daemons.pid_of(self._daemon) is not None,
        }

    def plan(self, current: State, router: Router) -> Sequence[Step]:
        """See :func:`plan`."""
        return plan(current, self._contents(router))

    def apply(self, step: Step, router: Router) -> None:
        """Do one step."""
        if step.verb == "write":
            self._write(step.what, self._contents(router)[step.what])
        elif step.verb == "start":
            self._start()
            files.write(self._place.path(_RUNS), step.what)
        else:
            files.remove(os.path.join(self._place.path(_TAKEN), step.what))

    def _write(self, name: str, text: str) -> None:
        if name == _DATA:  # passwords: for the service's eyes only
            files.write(self._place.path(name), text, mode=0o400, owner=account.owner())
        else:
            files.write(self._place.path(name), text, mode=0o644)

    def _start(self) -> None:
        taken = self._place.path(_TAKEN)
        os.makedirs(taken, mode=0o700, exist_ok=True)
        os.chown(taken, *account.owner())
        daemons.start(self._daemon)
