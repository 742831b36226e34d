"""The operation ``router``: a spec, converged part by part into a namespace of the host."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from typing import Any

from .. import checks, files, links
from ..base import Operation, Plan, State, Step
from ..errors import NodeError
from . import daemons
from .dnsmasq_part import Dnsmasq
from .links_part import Links, host_end
from .metadata_part import Metadata
from .part import Part, Place, digests
from .spec import Router, parse

# In order of need: services bind to addresses, addresses need links. A new part is one more line.
PARTS: tuple[type[Part], ...] = (Links, Dnsmasq, Metadata)
_SPEC = "spec.json"
_SPEC_KEYS = ("uuid", "name", "generation", "interfaces", "gateway", "dns", "dhcp", "metadata")


def newest(stored: Mapping[str, Any] | None, incoming: Mapping[str, Any]) -> Mapping[str, Any]:
    """Choose the spec to converge: the stored one unless the incoming one is of a later generation.

    A job that was overtaken thus never takes back what a later one did; it may still heal it.

    Raises:
        NodeError: the stored spec belongs to another router.
    """
    if stored is None:
        return incoming
    if stored["uuid"] != incoming["uuid"]:
        raise NodeError(f"a router of this name with UUID {stored['uuid']} is on this host")
    return incoming if incoming["generation"] > stored["generation"] else stored


class RouterOperation(Operation):
    """See the module. Every part is compared with the host each time, so whatever died or was lost comes back."""

    noun = "router"

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._place = Place(str(params["name"]))
        self._spec: Mapping[str, Any] = {}
        self._router: Router | None = None
        self._touched: list[str] = []

    def title(self) -> str:
        """See :class:`Operation`."""
        return f"router {self.params['name']}"

    def _stored(self) -> dict[str, Any] | None:
        text = files.read(self._place.path(_SPEC))
        try:
            return json.loads(text) if text else None
        except ValueError:  # nothing but a spec was ever renamed there; a damaged one is no reason to stop
            return None

    def find(self) -> State:
        """Read every part of the router, or for ``absent`` its traces."""
        checks.domain_name(self.params["name"])
        stored = self._stored()
        if self.wanted == "absent":
            return self._traces(stored)
        incoming = {key: self.params.get(key) for key in _SPEC_KEYS}
        incoming["uuid"], incoming["generation"] = checks.uuid(incoming["uuid"]), int(incoming["generation"] or 0)
        self._spec = newest(stored, incoming)
        self._router = parse(self._spec)
        parts = {part.name: part(self._place).find(self._router) for part in PARTS}
        return {"generation": stored["generation"] if stored else None, "parts": parts}

    def _traces(self, stored: Mapping[str, Any] | None) -> State:
        """What is left of the router on the host; nothing, when it belongs to another router of this name."""
        uuid = checks.uuid(self.params["uuid"])
        if stored is not None and stored["uuid"] != uuid:
            return {}
        found = {
            "netns": links.netns_file(self._place.name) is not None,
            "directory": os.path.isdir(self._place.directory),
            "host_ends": [end for end in self._host_ends(uuid, stored) if links.exists(end)],
        }
        return found if any(found.values()) else {}

    def _host_ends(self, uuid: str, stored: Mapping[str, Any] | None) -> list[str]:
        interfaces = (stored or self.params).get("interfaces") or []
        return [host_end(uuid, str(interface["name"])) for interface in interfaces]

    def plan(self, current: State) -> Plan:
        """The parts' steps one after the other."""
        if self.wanted == "absent":
            self._touched = sorted(part.name for part in PARTS) if current else []
            return Plan((Step("remove", current),) if current else (), {})
        router = self._wanted_router()
        steps = []
        for kind in PARTS:
            part = kind(self._place)
            steps += [Step("part", (part, step)) for step in part.plan(current["parts"][part.name], router)]
        if not steps and current["generation"] == router.generation:
            return Plan((), current)
        self._touched = sorted({step.what[0].name for step in steps})
        if current["generation"] != router.generation:
            steps.insert(0, Step("store", dict(self._spec)))
        return Plan(tuple(steps), {**current, "generation": router.generation, "changed_parts": self._touched})

    def _wanted_router(self) -> Router:
        if self._router is None:
            raise NodeError("it was not looked at before it was planned")
        return self._router

    def show(self, state: State) -> State:
        """Files of a router hold passwords and user data: a diff tells that they differ, not what they say."""
        parts = {name: digests(part) for name, part in state.get("parts", {}).items()}
        return {**state, **({"parts": parts} if parts else {})}

    def value(self, state: State) -> State:
        """Name, the generation that is in force, and the parts that were touched."""
        generation = state.get("generation") if self.wanted == "present" else None
        return {"name": self._place.name, "generation": generation, "changed_parts": self._touched}

    def do_store(self, spec: Mapping[str, Any]) -> None:
        """Write the spec down first: a run killed from here on is finished by the next one, whichever that is."""
        directory = self._place.directory
        os.makedirs(directory, mode=0o755, exist_ok=True)
        os.chmod(directory, 0o711)  # noqa: S103  the daemons reach their files, others do not even list them
        files.write(self._place.path(_SPEC), json.dumps(spec))

    def do_part(self, what: tuple[Part, Step]) -> None:
        """Do a step of a part."""
        part, step = what
        part.apply(step, self._wanted_router())

    def do_remove(self, found: State) -> None:
        """End what runs in the namespace, then remove links, namespace and files."""
        name = self._place.name
        if links.has_netns(name):
            for pid in daemons.pids_in(name):
                daemons.end_pid(pid)
        for end in found["host_ends"]:
            links.delete(end)
        links.delete_netns(name)
        if found["directory"]:
            shutil.rmtree(self._place.directory)
            with contextlib.suppress(OSError):  # other routers are there
                os.rmdir(os.path.dirname(self._place.directory))
