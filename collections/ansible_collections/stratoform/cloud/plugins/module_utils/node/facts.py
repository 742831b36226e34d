"""What a host is: hardware, hypervisor and networks, as the API shows a host."""

from __future__ import annotations

import os
import platform
import socket
from typing import Any, ClassVar
from xml.etree import ElementTree

from . import files, kvm_probe, links, virt
from .base import Operation, Plan, State


def version(number: int) -> str:
    """Spell libvirt's version numbers: 9001002 is 9.1.2."""
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"


def os_name(os_release: str) -> str:
    """PRETTY_NAME of an os-release(5) text."""
    for line in os_release.splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip("\"'")
    return "Linux"


def iqn(initiator: str) -> str | None:
    """The name in a text of /etc/iscsi/initiatorname.iscsi."""
    for line in initiator.splitlines():
        if line.startswith("InitiatorName="):
            return line.partition("=")[2].strip() or None
    return None


def can_hvm(capabilities: str) -> bool:
    """Tell from libvirt's capabilities XML whether full virtualisation is offered."""
    kinds = ElementTree.fromstring(capabilities).findall("guest/os_type")  # noqa: S314  libvirt's own XML
    return any(kind.text == "hvm" for kind in kinds)


class Facts(Operation):
    """The operation ``facts``: reads only."""

    noun = "host"
    verbs: ClassVar[dict[str, str]] = {"present": "inspect"}

    def find(self) -> State:
        """Ask libvirt and the kernel."""
        connection = virt.connection()
        capabilities: str = connection.getCapabilities()
        _model, _memory_mib, cpus, mhz, nodes, sockets, *_cores = connection.getInfo()
        return {
            "name": socket.gethostname(),
            "uuid": ElementTree.fromstring(capabilities).findtext("host/uuid"),  # noqa: S314  libvirt's own XML
            "iqn": iqn(files.read("/etc/iscsi/initiatorname.iscsi") or ""),
            "os": os_name(files.read("/etc/os-release") or ""),
            "kernel": platform.release(),
            "hypervisor": "KVM",
            "hypervisor_version": version(connection.getVersion()),
            "libvirt_version": version(connection.getLibVersion()),
            "acceleration": kvm_probe.kind_of_host(),
            "cpus": cpus,
            "cpu_sockets": nodes * sockets,
            "cpu_mhz": mhz,
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "capabilities": "hvm" if can_hvm(capabilities) else "",
            "bridges": links.bridges(),
        }

    def plan(self, current: Any) -> Plan:
        """There is never anything to do."""
        return Plan((), current)

