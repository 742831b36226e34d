"""Whether this host's /dev/kvm really runs guests.

The device being there proves nothing: nested virtualisation may offer it and then hang or kill every guest. So a real
guest is started, one of 512 bytes, and must say so on its serial port within the time limit. It takes a tenth of a
second where KVM works.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
from typing import Any, NamedTuple

from . import files
from .errors import NodeError

HOST_FILE = "/etc/stratoform/host.json"
DEVICE = "/dev/kvm"
EMULATORS = ("/usr/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm")
LIMIT_S = 5.0

# The guest: a boot sector that builds page tables, enters long mode, leaves the guest 200 times by CPUID with
# SSE state at hand, spins, writes a line to COM1 and resets (a triple fault). What breaks on a broken KVM is
# one of these steps. In gas syntax:
#
#       .code16
#       cli; xorw %ax, %ax; movw %ax, %ds; movw %ax, %es; movw %ax, %ss; movw $0x7c00, %sp; cld
#       movw $0x1000, %di; movw $0x1800, %cx; rep stosw               # room for three tables
#       movw $0x2003, 0x1000; movw $0x3003, 0x2000; movw $0x0083, 0x3000   # the first 2 MiB, as they are
#       lgdt gdtr
#       movl %cr4, %eax; orl $0x620, %eax; movl %eax, %cr4            # PAE, OSFXSR, OSXMMEXCPT
#       movl $0x1000, %eax; movl %eax, %cr3
#       movl $0xc0000080, %ecx; rdmsr; orl $0x100, %eax; wrmsr        # EFER.LME
#       movl %cr0, %eax; andl $0xfffffffb, %eax; orl $0x80000003, %eax; movl %eax, %cr0; ljmp $8, $long
#       .code64
# long: movl $16, %eax; movl %eax, %ds; movl %eax, %ss; movl $200, %r8d
# again: xorl %eax, %eax; cpuid
#       movq %r8, %xmm0; paddq %xmm0, %xmm0; movq %xmm0, %rbx; shrq $1, %rbx; cmpq %r8, %rbx; jne end
#       decl %r8d; jnz again
#       movl $100000, %ecx
# spin: loop spin
#       movl $text, %esi; movw $0x3f8, %dx
# next: lodsb; testb %al, %al; jz end; outb %al, %dx; jmp next
# end:  lidt zero; int3
#       .balign 8
# gdt:  .quad 0, 0x00209a0000000000, 0x0000920000000000
# gdtr: .word 23; .long gdt
# zero: .quad 0, 0
# text: .asciz "long mode works\n"
_CODE = bytes.fromhex(
    "fa31c08ed88ec08ed0bc007cfcbf0010b90018f3abc70600100320c70600200330c706003083000f"
    "0116d07c0f20e0660d200600000f22e066b8001000000f22d866b9800000c00f32660d000100000f"
    "300f20c06683e0fb660d030000800f22c0ea667c0800b8100000008ed88ed041b8c800000031c00f"
    "a266490f6ec0660fd4c066480f7ec348d1eb4c39c3751d41ffc875e1b9a0860100e2febee67c0000"
    "66baf803ac84c07403eeebf80f011c25d67c0000cc0f1f00000000000000000000000000009a2000"
    "00000000009200001700b87c0000000000000000000000000000000000006c6f6e67206d6f646520"
    "776f726b730a"
)
_SAYS = b"long mode works"
_SECTOR = 512
_DISK = 1 << 20  # SeaBIOS boots from no smaller virtio disk


class Verdict(NamedTuple):
    """``kind`` is ``kvm`` or ``qemu`` (libvirt's domain types); ``reason`` a sentence for an operator."""

    kind: str
    reason: str


def probe(limit_s: float = LIMIT_S) -> Verdict:
    """Start the guest under KVM and wait for its line. Everything it started has ended when it returns.

    Args:
        limit_s: seconds after which a silent guest counts as hung.

    Raises:
        NodeError: no emulator is installed.
    """
    if not os.path.exists(DEVICE):
        return Verdict("qemu", f"{DEVICE} does not exist")
    if platform.machine() != "x86_64":
        return Verdict("qemu", f"there is no probe for {platform.machine()}")
    program = emulator()
    with tempfile.NamedTemporaryFile(prefix="stratoform-probe-") as disk:
        disk.write(_CODE.ljust(_SECTOR - 2, b"\0") + b"\x55\xaa")
        disk.truncate(_DISK)
        disk.flush()
        try:
            # On time-out run() kills the process it started and waits for its end.
            done = subprocess.run(  # noqa: S603  an argument list, no shell
                _command(program, disk.name),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Verdict("qemu", f"{DEVICE} exists, but a guest hung for {limit_s:g} seconds")
    if _SAYS in done.stdout:
        return Verdict("kvm", "a guest ran under KVM")
    words = done.stderr.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"]
    return Verdict("qemu", f"{DEVICE} exists, but a guest did not run: {words[0]}")


def emulator() -> str:
    """Return the path of QEMU.

    Raises:
        NodeError: it is not installed.
    """
    for path in EMULATORS:
        if os.access(path, os.X_OK):
            return path
    raise NodeError("QEMU is not installed on this host")


def _command(program: str, disk: str) -> list[str]:
    """-cpu host: the guest sees what the processor has, which is the hardest case for a nested KVM."""
    return [
        program, "-accel", "kvm", "-cpu", "host", "-machine", "q35", "-m", "64",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
        "-drive", f"if=none,id=boot,format=raw,readonly=on,file={disk}",
        "-device", "virtio-blk-pci,drive=boot,bootindex=0",
    ]  # fmt: skip


def circumstances() -> dict[str, Any]:
    """What a verdict depends on: when one of these differs, the guest is started again."""
    return {"kernel": platform.release(), "device": os.path.exists(DEVICE), "processor": _processor()}


def _processor() -> str:
    for line in (files.read("/proc/cpuinfo") or "").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def recorded(path: str = HOST_FILE) -> dict[str, Any]:
    """Return what the host file holds; empty when it is missing or unreadable as JSON."""
    try:
        found = json.loads(files.read(path) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def kind_of_host() -> str:
    """Return the kind this host's guests have: as recorded when the host was prepared, else probed now."""
    kind = recorded().get("acceleration")
    return kind if kind in ("kvm", "qemu") else probe().kind
