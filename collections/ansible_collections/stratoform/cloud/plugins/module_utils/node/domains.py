"""Guests: started from a description, stopped cleanly, gone without a trace.

Guests are transient in libvirt's sense: the host knows one only while it runs. The database is the truth about
stopped ones, so a definition left on some host can never start a guest twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from . import checks, domain_xml, files, kvm_probe, links, virt
from .base import Operation, Plan, State, Step
from .errors import NodeError

_BUSES = ("virtio", "scsi", "sata", "ide")
_LOOK_EVERY_S = 0.1
# A guest whose system is not yet up ignores the power button, so it is pressed again.
_PRESS_EVERY_S = 5.0
_KILL_LIMIT_S = 15.0


def plan(current: State, desired: State) -> Plan:
    """Decide how a guest gets from what libvirt shows to running, stopped or absent.

    Args:
        current: ``uuid``, ``state`` (running, paused, off) and ``persistent``; empty when unknown to the host.
        desired: ``uuid``, ``state``, ``force``, and whether a console ``log`` is there to be removed.

    Raises:
        NodeError: another guest of this name is on the host and this one was to run.
    """
    foreign = bool(current) and current["uuid"] != desired["uuid"]
    if desired["state"] == "running":
        if foreign:
            raise NodeError(f"a guest of this name with UUID {current['uuid']} is on this host")
        return _plan_running(current, desired)
    # A foreign guest of the same name is not ours to stop: our own is not here.
    mine = {} if foreign else current
    steps = []
    if mine.get("state") in ("running", "paused"):
        steps.append(Step("kill" if desired["force"] or desired["state"] == "absent" else "shut_down"))
    if mine.get("persistent"):
        steps.append(Step("undefine"))
    if desired["state"] == "absent" and desired["log"] and not foreign:
        steps.append(Step("remove_log"))
    return Plan(tuple(steps), {})


def _plan_running(current: State, desired: State) -> Plan:
    after = {"uuid": desired["uuid"], "state": "running", "persistent": False}
    if current.get("state") == "running":
        return Plan((), current)
    if current.get("state") == "paused":
        return Plan((Step("resume"),), after)
    leftover = (Step("undefine"),) if current else ()
    return Plan((*leftover, Step("start")), after)


def cgroup_version() -> int | None:
    """Version of the host's CPU controller; None when it has none."""
    controllers = files.read("/sys/fs/cgroup/cgroup.controllers")
    if controllers is not None:
        return 2 if "cpu" in controllers.split() else None
    return 1 if os.path.isdir("/sys/fs/cgroup/cpu") or os.path.isdir("/sys/fs/cgroup/cpu,cpuacct") else None


class Domain(Operation):
    """The operation ``domain``."""

    noun = "domain"
    verbs: ClassVar[Mapping[str, str]] = {"running": "start", "stopped": "stop", "absent": "remove"}

    @property
    def wanted(self) -> str:
        """The state asked for."""
        return str(self.params.get("state") or "running")

    def title(self) -> str:
        """See :class:`Operation`."""
        return f"guest {self.params['name']}"

    @property
    def _log(self) -> str:
        return os.path.join(domain_xml.CONSOLE_DIR, f"{checks.domain_name(self.params['name'])}.log")

    def _domain(self) -> Any:
        try:
            return virt.connection().lookupByName(checks.domain_name(self.params["name"]))
        except virt.errors() as error:
            if virt.is_missing(error):
                return None
            raise

    def find(self) -> State:
        """Read what libvirt knows of a guest of this name."""
        domain = self._domain()
        if domain is None:
            return {}
        try:
            number, _reason = domain.state()
            names = {virt.libvirt.VIR_DOMAIN_PAUSED: "paused", virt.libvirt.VIR_DOMAIN_SHUTOFF: "off"}
            state = names.get(number, "running")
            found = {"uuid": domain.UUIDString(), "state": state, "persistent": bool(domain.isPersistent())}
            if state != "off":
                found["vnc_port"] = domain_xml.vnc_port(domain.XMLDesc())
        except virt.errors() as error:
            if virt.is_missing(error):  # it ended while we looked
                return {}
            raise
        return found

    def plan(self, current: State) -> Plan:
        """See :func:`plan`."""
        desired = {
            "uuid": checks.uuid(self.params["uuid"]),
            "state": self.wanted,
            "force": bool(self.params.get("force")),
            "log": os.path.exists(self._log),
        }
        decided = plan(current, desired)
        if any(step.verb == "start" for step in decided.steps):
            self._guest()  # names what is missing before anything is done
        return decided

    def value(self, state: State) -> State:
        """What the API needs to know of the guest."""
        return {
            "name": self.params["name"],
            "uuid": self.params["uuid"],
            "state": self.wanted,
            "vnc_port": state.get("vnc_port") if self.wanted == "running" else None,
        }

    def _guest(self) -> domain_xml.Guest:
        params = self.params
        vcpus, memory = params.get("vcpus") or 0, params.get("memory_mb") or 0
        if vcpus < 1 or memory < 1:
            raise NodeError("vcpus and memory_mb must be positive")
        return domain_xml.Guest(
            name=checks.domain_name(params["name"]),
            uuid=checks.uuid(params["uuid"]),
            vcpus=vcpus,
            memory_mb=memory,
            shares=domain_xml.shares(vcpus, params.get("cpu_mhz"), cgroup_version()),
            machine=params.get("machine") or "q35",
            accelerator=params.get("acceleration") or kvm_probe.kind_of_host(),
            disks=[_disk(disk) for disk in params.get("disks") or []],
            nics=[_nic(nic) for nic in params.get("nics") or []],
            vnc_password=params.get("vnc_password"),
        )

    def do_start(self, _what: None) -> None:
        """Start the guest from its description."""
        os.makedirs(domain_xml.CONSOLE_DIR, mode=0o750, exist_ok=True)
        virt.connection().createXML(domain_xml.to_xml(self._guest()))

    def do_resume(self, _what: None) -> None:
        """Let a paused guest run on."""
        self._domain().resume()

    def do_shut_down(self, _what: None) -> None:
        """Press the power button and wait; a guest that does not go in time is ended."""
        deadline = time.monotonic() + float(self.params.get("shutdown_timeout_s") or 0)
        press_at = 0.0
        while time.monotonic() < deadline and self._runs():
            if time.monotonic() >= press_at:
                press_at = time.monotonic() + _PRESS_EVERY_S
                self._unless_gone("shutdownFlags", virt.libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
            time.sleep(_LOOK_EVERY_S)
        self.do_kill(None)

    def do_kill(self, _what: None) -> None:
        """End the guest now: its disks are flushed first where QEMU still obeys."""
        deadline = time.monotonic() + _KILL_LIMIT_S
        while self._runs():
            if time.monotonic() > deadline:
                raise NodeError("it does not end, although it was destroyed")
            try:
                self._unless_gone("destroyFlags", virt.libvirt.VIR_DOMAIN_DESTROY_GRACEFUL)
            except virt.errors():  # it ignored SIGTERM
                self._unless_gone("destroyFlags", 0)

    def _runs(self) -> bool:
        return self.find().get("state") in ("running", "paused")

    def _unless_gone(self, method: str, flags: int) -> None:
        """Call a method of the guest; that it has just ended by itself is as good."""
        domain = self._domain()
        if domain is None:
            return
        try:
            getattr(domain, method)(flags)
        except virt.errors():
            if self._runs():
                raise

    def do_undefine(self, _what: None) -> None:
        """Forget a definition somebody made persistent."""
        domain = self._domain()
        if domain is not None and domain.isPersistent():
            library = virt.libvirt
            domain.undefineFlags(library.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | library.VIR_DOMAIN_UNDEFINE_NVRAM)

    def do_remove_log(self, _what: None) -> None:
        """Remove the console log."""
        files.remove(self._log)


def disk_of(disk: Mapping[str, Any]) -> domain_xml.Disk:
    """One disk of the arguments as it appears in a guest, its values checked; its file may be missing."""
    directory = virt.pool_directory(checks.uuid(disk["pool_uuid"]))
    path = os.path.join(directory, checks.file_name(disk["volume"]))
    bus, place = disk.get("bus") or "virtio", disk.get("device_id") or 0
    if bus not in _BUSES or place not in domain_xml.PLACES:
        raise NodeError(f"disk {disk['volume']} needs a bus of {', '.join(_BUSES)} and a device_id of 0 to 25")
    limits = {name: value for name, value in (disk.get("limits") or {}).items() if value}
    for name, value in limits.items():
        if name not in domain_xml.LIMITS or value < 0:
            raise NodeError(f"{name} of {value} is no limit of a disk; there are {', '.join(domain_xml.LIMITS)}")
    serial = domain_xml.serial(disk["volume"])
    return domain_xml.Disk(path, disk.get("format") or "qcow2", bus, place, serial, limits)


def _disk(disk: Mapping[str, Any]) -> domain_xml.Disk:
    """Check one disk of the arguments and find its file."""
    found = disk_of(disk)
    if not os.path.exists(found.path):
        raise NodeError(f"volume {found.path} does not exist on this host")
    return found


def _nic(nic: Mapping[str, Any]) -> domain_xml.Nic:
    """Check one network interface of the arguments."""
    bridge = checks.interface(nic["bridge"])
    if not links.is_bridge(bridge):
        raise NodeError(f"there is no bridge {bridge} on this host")
    return domain_xml.Nic(checks.mac(nic["mac"]), bridge, nic.get("model") or "virtio", nic.get("mtu"))
