"""Disks of running guests: plugged in, grown, limited and unplugged while the guest works."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from . import domain_xml, domains, virt
from .base import Operation, Plan, State, Step
from .errors import NodeError

_LOOK_EVERY_S = 0.1
# A guest that is still starting misses the request to let go of a disk, so it is asked again.
_ASK_EVERY_S = 3.0


def plan(current: State, desired: State | None) -> Plan:
    """Decide how the guest gets the disk asked for (None: it shall not have it).

    Args:
        current: ``running``, and of the guest's disk of this file ``device``, ``capacity_bytes`` and ``limits`` (None:
            it has none); ``taken``: another file its device has.
        desired: ``device``, ``capacity_bytes`` (None: as it is) and ``limits``.

    Raises:
        NodeError: the guest does not run here, its device is taken, or the disk would have to shrink.
    """
    has = current.get("device")
    if desired is None:
        return Plan((Step("unplug"),) if has else (), {**current, "device": None})
    if not current["running"]:
        raise NodeError("the guest does not run on this host")
    if not has:
        if current.get("taken"):
            raise NodeError(f"its device {desired['device']} is taken by {current['taken']}")
        return Plan((Step("plug"),), {**current, **desired})
    after = {**current, **desired, "capacity_bytes": desired["capacity_bytes"] or current["capacity_bytes"]}
    if has != desired["device"]:
        raise NodeError(f"the guest has it as {has}, not as {desired['device']}")
    steps = []
    wanted = desired["capacity_bytes"]
    if wanted and wanted < current["capacity_bytes"]:
        raise NodeError(f"it has {current['capacity_bytes']} bytes; no guest bears that it shrinks while it runs")
    if wanted and wanted > current["capacity_bytes"]:
        steps.append(Step("grow", wanted))
    if desired["limits"] != current["limits"]:
        steps.append(Step("limit", desired["limits"]))
    return Plan(tuple(steps), after)


class GuestDisk(Operation):
    """The operation ``guest_disk``."""

    noun = "disk"
    verbs: ClassVar[Mapping[str, str]] = {"present": "attach", "absent": "detach"}

    def title(self) -> str:
        """See :class:`Operation`."""
        return f"disk {self.params['volume']} of guest {self.params['name']}"

    def lock_file(self) -> str:
        """The guest's own: neither two disks nor disk and guest are changed at the same time."""
        return domains.Domain(self.params).lock_file()

    @property
    def _disk(self) -> domain_xml.Disk:
        return domains.disk_of(self.params)

    def _guest(self) -> Any:
        """The running guest; None when it does not run here."""
        found = domains.Domain(self.params).find()
        if found.get("uuid") != self.params["uuid"] or found.get("state") == "off":
            return None
        return virt.connection().lookupByUUIDString(self.params["uuid"])

    def find(self) -> State:
        """Read what the guest has."""
        guest = self._guest()
        if guest is None:
            return {"running": False}
        disk, found = self._disk, {"running": True}
        for seen in domain_xml.disks_in(guest.XMLDesc()):
            if seen["path"] == disk.path:
                size, _allocated, _physical = guest.blockInfo(seen["device"])
                found |= {"device": seen["device"], "capacity_bytes": size, "limits": seen["limits"]}
            elif seen["device"] == disk.device:
                found["taken"] = seen["path"] or "an empty drive"
        return found

    def plan(self, current: State) -> Plan:
        """See :func:`plan`."""
        if self.wanted == "absent":
            return plan(current, None)
        disk = self._disk
        limits = dict.fromkeys(domain_xml.LIMITS, 0) | dict(disk.limits)
        desired = {"device": disk.device, "capacity_bytes": self.params.get("size_bytes"), "limits": limits}
        decided = plan(current, desired)
        if not current.get("device") and not os.path.exists(disk.path):
            raise NodeError(f"volume {disk.path} does not exist on this host")
        return decided

    def value(self, state: State) -> State:
        """The device libvirt knows it by, and its size in bytes."""
        return {key: state[key] for key in ("device", "capacity_bytes") if state.get(key) is not None}

    def do_plug(self, _what: None) -> None:
        """Plug the disk into the guest, and give it its size."""
        self._guest().attachDeviceFlags(domain_xml.disk_xml(self._disk), virt.libvirt.VIR_DOMAIN_AFFECT_LIVE)

    def do_grow(self, size: int) -> None:
        """Make the disk larger; the guest sees it at once."""
        self._guest().blockResize(self._disk.device, size, virt.libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)

    def do_limit(self, limits: dict[str, int]) -> None:
        """Limit what the guest does with the disk."""
        self._guest().setBlockIoTune(self._disk.device, limits, virt.libvirt.VIR_DOMAIN_AFFECT_LIVE)

    def do_unplug(self, _what: None) -> None:
        """Ask the guest to let go of the disk and wait until it did: what it has cached is written by then.

        Raises:
            NodeError: it did not within the time; it has the disk still.
        """
        limit = float(self.params.get("timeout_s") or 0)
        deadline, ask_at = time.monotonic() + limit, 0.0
        while True:
            guest, path = self._guest(), self._disk.path
            mine = [seen for seen in domain_xml.disks_in(guest.XMLDesc()) if seen["path"] == path] if guest else []
            if not mine:
                return
            if time.monotonic() >= deadline:
                raise NodeError(f"the guest did not let go of it within {limit:g} seconds; it must have started up and "
                                "may not be using it")
            if time.monotonic() >= ask_at:
                ask_at = time.monotonic() + _ASK_EVERY_S
                self._ask(guest, mine[0]["xml"])
            time.sleep(_LOOK_EVERY_S)

    @staticmethod
    def _ask(guest: Any, xml: str) -> None:
        try:
            guest.detachDeviceFlags(xml, virt.libvirt.VIR_DOMAIN_AFFECT_LIVE)
        except virt.errors():  # it is about to let go, or has just ended: the next look tells
            time.sleep(_LOOK_EVERY_S)
