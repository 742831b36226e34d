"""Whether guests of this host can use KVM: tried, not assumed.

``/dev/kvm`` may exist and still hang every guest. The probe starts a real one: the host's own firmware boots a
disk of a few instructions that writes a word to the serial port and resets. On working hardware that takes a
fraction of a second.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from typing import Any

from . import files
from .base import Operation, Plan, State, Step
from .errors import NodeError

HOST_FILE = "/etc/stratoform/host.json"
_QEMU = ("/usr/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm", "/usr/bin/qemu-kvm")
_WORD = b"alive"
_SECTOR, _DISK_SIZE = 510, 1024 * 1024


def boot_sector() -> bytes:
    """A boot sector in real mode: the word to COM1, then a reset by the keyboard controller."""
    code = bytes([0xFA, 0xBA, 0xF8, 0x03])  # cli; mov dx, 0x3f8
    for letter in _WORD:
        code += bytes([0xB0, letter, 0xEE])  # mov al, letter; out dx, al
    code += bytes([0xB0, 0xFE, 0xE6, 0x64, 0xF4, 0xEB, 0xFD])  # mov al, 0xfe; out 0x64, al; hlt; jmp $-1
    return code.ljust(_SECTOR, b"\0") + b"\x55\xaa"


def emulator() -> str:
    """Path of this host's QEMU.

    Raises:
        NodeError: none is installed.
    """
    for path in _QEMU:
        if os.access(path, os.X_OK):
            return path
    raise NodeError("QEMU is not installed on this host")


def probe(accelerator: str, timeout_s: float) -> bool:
    """Start a guest of the kind we deploy and tell whether it ran to its end in time."""
    with tempfile.NamedTemporaryFile(prefix="stratoform-probe-") as disk:
        disk.write(boot_sector().ljust(_DISK_SIZE, b"\0"))
        disk.flush()
        argv = [emulator(), "-accel", accelerator, "-machine", "q35", "-m", "32", "-nodefaults"]
        argv += ["-display", "none", "-no-reboot", "-serial", "stdio"]
        argv += ["-drive", f"file={disk.name},format=raw,if=none,id=probe,readonly=on"]
        argv += ["-device", "virtio-blk-pci,drive=probe"]
        try:
            done = subprocess.run(  # noqa: S603  an argument list, no shell
                argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
            )
        except subprocess.TimeoutExpired:
            return False
    return _WORD in done.stdout


def measured(timeout_s: float) -> str:
    """``kvm`` when a guest really runs with it, else ``qemu`` (emulation)."""
    return "kvm" if os.path.exists("/dev/kvm") and probe("kvm", timeout_s) else "qemu"


def of_host(timeout_s: float = 5) -> str:
    """What guests of this host use: as recorded when the host was prepared, else measured now."""
    recorded = read_host_file().get("acceleration")
    return recorded if recorded in ("kvm", "qemu") else measured(timeout_s)


def read_host_file() -> State:
    """The facts recorded when the host was prepared; empty when it was not, or the file is damaged."""
    try:
        recorded: Any = json.loads(files.read(HOST_FILE) or "{}")
    except ValueError:
        return {}
    return recorded if isinstance(recorded, dict) else {}


class Acceleration(Operation):
    """The operation ``acceleration``: measure and record. Asked again, it trusts its record unless told not to."""

    noun = "acceleration"
    verbs = {"present": "measure", "absent": "forget"}  # noqa: RUF012  a ClassVar in the base

    def find(self) -> State:
        """Read the record."""
        recorded = read_host_file()
        return {"acceleration": recorded["acceleration"]} if "acceleration" in recorded else {}

    def plan(self, current: State) -> Plan:
        """Measure when nothing is recorded, or when asked to; a dry run measures too, as that changes nothing."""
        if self.wanted == "absent":
            return Plan((Step("record", None),) if current else (), {})
        if current and not self.params.get("again"):
            return Plan((), current)
        found = measured(self.params.get("timeout_s") or 5)
        after = {"acceleration": found}
        return Plan((Step("record", found),) if current != after else (), after)

    def do_record(self, found: str | None) -> None:
        """Write what was found beside the other facts of the host."""
        recorded = {**read_host_file(), "acceleration": found}
        if found is None:
            del recorded["acceleration"]
        os.makedirs(os.path.dirname(HOST_FILE), mode=0o755, exist_ok=True)
        files.write(HOST_FILE, json.dumps(recorded, indent=1) + "\n", mode=0o644)
