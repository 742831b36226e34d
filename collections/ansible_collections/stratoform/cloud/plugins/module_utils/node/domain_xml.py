"""A guest as libvirt's domain XML (https://libvirt.org/formatdomain.html), built by a library from plain values."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

CONSOLE_DIR = "/var/log/stratoform/console"
# Device name prefix by bus; libvirt orders guests' disks by it.
_PREFIX = {"virtio": "vd", "scsi": "sd", "sata": "sd", "ide": "hd"}
# cgroup v1 shares have the default 1024 where a v2 weight has 100; kernel documentation, cgroup-v2.rst.
_SHARES_RANGE, _WEIGHT_RANGE, _WEIGHT_PER_SHARE = (2, 262144), (1, 10000), 100 / 1024


PLACES = range(26)  # device names end in a letter


@dataclass(frozen=True)
class Disk:
    """A disk: file, image format, bus (virtio, scsi, sata, ide), and its place on the bus (one of PLACES)."""

    path: str
    format: str
    bus: str
    place: int


@dataclass(frozen=True)
class Nic:
    """A network interface: MAC, the host's bridge, model, and the MTU when it is not the bridge's."""

    mac: str
    bridge: str
    model: str
    mtu: int | None


@dataclass(frozen=True)
class Guest:
    """Everything that makes the XML of one guest. ``shares`` None: the host cannot weigh guests' CPU."""

    name: str
    uuid: str
    vcpus: int
    memory_mb: int
    shares: int | None
    machine: str
    accelerator: str
    disks: list[Disk]
    nics: list[Nic]
    vnc_password: str | None = field(default=None, repr=False)

    @property
    def console_log(self) -> str:
        """File the serial console is written to."""
        return os.path.join(CONSOLE_DIR, f"{self.name}.log")


def shares(vcpus: int, cpu_mhz: int | None, cgroup_version: int | None) -> int | None:
    """Weight of a guest's CPU against its neighbours: proportional to what it was sold (vcpus x MHz).

    Returns:
        A value the host's cgroup version accepts, None without a speed or without a CPU controller.
    """
    if not cpu_mhz or cgroup_version is None:
        return None
    sold = vcpus * cpu_mhz
    if cgroup_version == 1:
        (low, high), value = _SHARES_RANGE, sold
    else:
        (low, high), value = _WEIGHT_RANGE, round(sold * _WEIGHT_PER_SHARE)
    return max(low, min(high, value))


def _leaf(parent: Element, tag: str, text: Any = None, **attributes: Any) -> Element:
    child = SubElement(parent, tag, {key: str(value) for key, value in attributes.items()})
    if text is not None:
        child.text = str(text)
    return child


def to_xml(guest: Guest) -> str:
    """Build the definition."""
    domain = Element("domain", type=guest.accelerator)
    _leaf(domain, "name", guest.name)
    _leaf(domain, "uuid", guest.uuid)
    _leaf(domain, "memory", guest.memory_mb, unit="MiB")
    _leaf(domain, "vcpu", guest.vcpus)
    if guest.shares is not None:
        _leaf(_leaf(domain, "cputune"), "shares", guest.shares)
    _add_machine(domain, guest)
    # The service decides whether a guest runs again, so whatever ends it, ends it.
    _leaf(domain, "on_poweroff", "destroy")
    _leaf(domain, "on_reboot", "restart")
    _leaf(domain, "on_crash", "destroy")
    devices = _leaf(domain, "devices")
    for index, disk in enumerate(sorted(guest.disks, key=lambda disk: disk.place)):
        _add_disk(devices, disk, boots=index == 0)
    for nic in guest.nics:
        _add_nic(devices, nic)
    _add_consoles(devices, guest)
    rng = _leaf(devices, "rng", model="virtio")
    _leaf(rng, "backend", "/dev/urandom", model="random")
    _leaf(devices, "memballoon", model="virtio")
    return ElementTree.tostring(domain, encoding="unicode")


def _add_machine(domain: Element, guest: Guest) -> None:
    system = _leaf(_leaf(domain, "sysinfo", type="smbios"), "system")
    # cloud-init finds its CloudStack data source by this product name (ds-identify).
    _leaf(system, "entry", "Apache Software Foundation", name="manufacturer")
    _leaf(system, "entry", "CloudStack KVM Hypervisor", name="product")
    _leaf(system, "entry", guest.uuid, name="uuid")
    firmware = _leaf(domain, "os")
    _leaf(firmware, "type", "hvm", arch="x86_64", machine=guest.machine)
    _leaf(firmware, "smbios", mode="sysinfo")
    features = _leaf(domain, "features")
    _leaf(features, "acpi")
    _leaf(features, "apic")
    # Emulation offers every feature it has, as today's distributions need x86-64-v2; KVM a migratable model.
    mode = "host-model" if guest.accelerator == "kvm" else "maximum"
    _leaf(domain, "cpu", mode=mode, check="none")
    _leaf(domain, "clock", offset="utc")


def _add_disk(devices: Element, disk: Disk, boots: bool) -> None:
    node = _leaf(devices, "disk", type="file", device="disk")
    _leaf(node, "driver", name="qemu", type=disk.format, discard="unmap")
    _leaf(node, "source", file=disk.path)
    _leaf(node, "target", dev=_PREFIX[disk.bus] + chr(ord("a") + disk.place), bus=disk.bus)
    if boots:
        _leaf(node, "boot", order=1)


def _add_nic(devices: Element, nic: Nic) -> None:
    node = _leaf(devices, "interface", type="bridge")
    _leaf(node, "mac", address=nic.mac)
    _leaf(node, "source", bridge=nic.bridge)
    _leaf(node, "model", type=nic.model)
    if nic.mtu:
        _leaf(node, "mtu", size=nic.mtu)
    _leaf(node, "rom", enabled="no")  # the network boot ROM costs a second of every boot


def _add_consoles(devices: Element, guest: Guest) -> None:
    serial = _leaf(devices, "serial", type="pty")
    _leaf(serial, "log", file=guest.console_log, append="off")
    _leaf(serial, "target", port=0)
    attributes = {"type": "vnc", "port": "-1", "autoport": "yes", "listen": "127.0.0.1"}
    if guest.vnc_password:
        attributes["passwd"] = guest.vnc_password
    SubElement(devices, "graphics", attributes)
    _leaf(_leaf(devices, "video"), "model", type="vga")
    _leaf(devices, "input", type="tablet", bus="virtio")


def vnc_port(xml: str) -> int | None:
    """The VNC port in a running guest's XML."""
    graphics = ElementTree.fromstring(xml).find("devices/graphics[@type='vnc']")  # noqa: S314  libvirt's own
    port = int(graphics.get("port", "-1")) if graphics is not None else -1
    return port if port > 0 else None
