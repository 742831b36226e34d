"""A guest as libvirt's domain XML (https://libvirt.org/formatdomain.html), built by a library from plain values."""

from __future__ import annotations

import os
from collections.abc import Mapping
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
LIMITS = ("read_bytes_sec", "write_bytes_sec", "read_iops_sec", "write_iops_sec")
"""What can be limited of a disk, a second; libvirt's own names."""
_SERIAL_LENGTH = 20  # virtio-blk cuts it there
# A PCI Express port takes one device, and none can be added while the guest runs: those it starts with, and spare
# ones for what is plugged in later (a kernel and firmware find these in milliseconds).
_PORTS_BESIDE_DISKS, _SPARE_PORTS = 4, 14


@dataclass(frozen=True)
class Disk:
    """A disk: file, image format, bus (virtio, scsi, sata, ide), and its place on the bus (one of PLACES).

    ``serial`` is what the guest finds it by, whatever its device is called there; ``limits`` has some of LIMITS.
    """

    path: str
    format: str
    bus: str
    place: int
    serial: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def device(self) -> str:
        """Its device name, by which libvirt tells a guest's disks apart."""
        return _PREFIX[self.bus] + chr(ord("a") + self.place)


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
    if guest.machine == "q35":
        _add_ports(devices, len(guest.disks) + len(guest.nics) + _PORTS_BESIDE_DISKS + _SPARE_PORTS)
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


def _add_ports(devices: Element, count: int) -> None:
    _leaf(devices, "controller", type="pci", index=0, model="pcie-root")
    for index in range(1, count + 1):
        _leaf(devices, "controller", type="pci", index=index, model="pcie-root-port")


def _add_disk(devices: Element, disk: Disk, boots: bool) -> None:
    node = _leaf(devices, "disk", type="file", device="disk")
    _leaf(node, "driver", name="qemu", type=disk.format, discard="unmap")
    _leaf(node, "source", file=disk.path)
    _leaf(node, "target", dev=disk.device, bus=disk.bus)
    if disk.limits:
        tune = _leaf(node, "iotune")
        for name, value in disk.limits.items():
            _leaf(tune, name, value)
    if disk.serial:
        _leaf(node, "serial", disk.serial)
    if boots:
        _leaf(node, "boot", order=1)


def serial(volume: str) -> str:
    """The serial number of a volume's disk: its name's letters and digits, as many as a guest can see."""
    return "".join(c for c in volume if c.isalnum())[:_SERIAL_LENGTH]


def disk_xml(disk: Disk) -> str:
    """The definition of a disk to be plugged into a running guest."""
    devices = Element("devices")
    _add_disk(devices, disk, boots=False)
    return ElementTree.tostring(devices[0], encoding="unicode")


def disks_in(xml: str) -> list[dict[str, Any]]:
    """The disks in a guest's XML: ``device``, ``path`` (None for an empty drive), ``limits`` and their own ``xml``."""
    found = []
    for node in ElementTree.fromstring(xml).iterfind("devices/disk"):  # noqa: S314  libvirt's own
        source, target = node.find("source"), node.find("target")
        found.append({
            "device": target.get("dev") if target is not None else None,
            "path": source.get("file") if source is not None else None,
            "limits": {name: int(node.findtext(f"iotune/{name}") or 0) for name in LIMITS},
            "xml": ElementTree.tostring(node, encoding="unicode"),
        })
    return found


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
