"""Telling simulated hosts to dawdle or fail."""

from __future__ import annotations

import re
from typing import Final

from stratoform.model.topology import Cluster, Host, Pod, Zone
from stratoform.sagas.services import SIMULATOR
from stratoform.sagas.simulated_faults import EACH_TIME, Trouble, make_trouble, names, operation_of

from .frame.base import ROOT_ONLY, Command
from .frame.params import Ref, Text, refuse, shown

_PART: Final = re.compile(r"(?P<key>wait|timeout|result|count):(?P<value>[^|:]*)")
PLACES: Final = {"zoneid": Host.zone_id, "podid": Host.pod_id, "clusterid": Host.cluster_id, "hostid": Host.id}


class ConfigureSimulator(Command, roles=ROOT_ONLY):
    """Makes an operation on simulated hosts slow, or fail: on one host, those of a cluster, pod or zone, or on all."""

    zoneid = Ref(Zone, "Only on hosts of this zone.")
    podid = Ref(Pod, "Only on hosts of this pod.")
    clusterid = Ref(Cluster, "Only on hosts of this cluster.")
    hostid = Ref(Host, "Only on this host.")
    name_ = Text("The operation, by its name or that of the agent command it stands for, e.g. StartCommand.").required
    value = Text("What becomes of it: wait:<milliseconds>, result:fail, count:<times> (default: each time), joined "
                 "by |. An empty result (result:) heals it.").required

    def check(self) -> None:
        """See Command.check."""
        if operation_of(self.name_) is None:
            raise refuse("name", f"{shown(self.name_)} is neither {names()}")
        self.plan()
        if self.hostid is not None and self.hostid.hypervisor != SIMULATOR:
            raise refuse("hostid", f"host '{self.hostid.name}' is no simulated one but {self.hostid.hypervisor}")

    def plan(self) -> dict[str, str]:
        """The parts of the value.

        Raises:
            ApiError: one cannot be read.
        """
        found: dict[str, str] = {}
        for part in filter(None, self.value.split("|")):
            match = _PART.fullmatch(part.strip())
            key = "wait" if match is not None and match["key"] == "timeout" else match["key"] if match else ""
            if match is None or key in found:
                raise refuse("value", f"{shown(part)} is not wait:<milliseconds>, result:fail, result: or "
                                      "count:<times>, each once")
            found[key] = match["value"].strip()
        for key in ("wait", "count"):
            if not re.fullmatch(r"[0-9]{1,7}", found.get(key, "0"), re.ASCII):
                raise refuse("value", f"{key} is a whole number of at most 7 digits, not {shown(found[key])}")
        if found.get("result", "") not in {"", "fail"}:
            raise refuse("value", f"result is fail or nothing, not {shown(found['result'])}")
        return found

    def run(self) -> None:
        """See Command.run."""
        plan = self.plan()
        operation = operation_of(self.name_)
        assert operation is not None  # noqa: S101 - checked
        wanted = [column == self.values[name].id for name, column in PLACES.items() if name in self.values]
        hosts = self.context.all(Host, Host.hypervisor == SIMULATOR, *wanted) if wanted else None
        make_trouble(self.session, hosts, operation, Trouble(
            plan.get("result", ""), int(plan.get("wait", 0)) / 1000, int(plan.get("count", EACH_TIME))))
