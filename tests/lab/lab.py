#!/usr/bin/env python3
"""Test hosts: containers with systemd as process 1, each in a network namespace of its own.

    lab.py image            build the root file system (a minute), unless it is there
    lab.py up NAME...       start hosts and print where they answer, as JSON
    lab.py down NAME...     remove hosts; with the last one the switch between them goes too

Hosts hang on one switch, a bridge in a namespace without a way out: no packet of a test leaves this machine. Ansible
reaches them by ssh with a proxy command that enters that namespace. Needs root, podman, crun, mmdebstrap, socat.
Everything is kept in var/lab; containers have a storage of their own there, so podman's others are not touched.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
LAB = CHECKOUT / "var" / "lab"
SUITE = "bookworm"
SWITCH = "stratoform-lab"  # namespace
BRIDGE = "lab0"
NETWORK = "198.51.100"  # TEST-NET-2, RFC 5737
UP_LIMIT_S = 40.0
LIMIT = 20000  # open files and processes of a host

# podman's crun wants one cgroup v2 tree. Where this machine shows v1 beside it, the container is started in a mount
# namespace that shows v2 alone.
_PURE_CGROUP_V2 = 'umount -R -l /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 none /sys/fs/cgroup && exec "$@"'


class LabError(Exception):
    """A cause in plain words."""


class Host(NamedTuple):
    """A test host: its name, and the address on which ssh answers inside the switch's namespace."""

    name: str
    address: str

    @property
    def container(self) -> str:
        """Name of the container and of its network namespace."""
        return f"{SWITCH}-{self.name}"

    @property
    def port(self) -> str:
        """Name of its port on the switch: interface names have 15 characters at most."""
        return f"lab-{zlib.crc32(self.name.encode()):08x}"


def host(name: str) -> Host:
    """Return the host of a name; its address follows from the name, so that nothing needs remembering."""
    return Host(name, f"{NETWORK}.{10 + zlib.crc32(name.encode()) % 200}")


def run(*argv: str | Path, limit_s: float = 60, check: bool = True) -> str:
    """Run a program and return its output.

    Raises:
        LabError: it failed (with ``check``), or did not end in time.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=limit_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{words[0]}: {error}") from None
    if check and done.returncode:
        raise LabError(f"{' '.join(words[:4])}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def podman(*argv: str | Path, limit_s: float = 60, check: bool = True) -> str:
    """Run podman on the lab's own storage."""
    words = ["podman", f"--root={LAB}/podman", f"--runroot=/run/{SWITCH}", "--cgroup-manager=cgroupfs"]
    words += ["--events-backend=none", *map(str, argv)]
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        words = ["unshare", "-m", "--propagation", "private", "sh", "-c", _PURE_CGROUP_V2, "sh", *words]
    return run(*words, limit_s=limit_s, check=check)


# --- the root file system ---


def packages() -> list[str]:
    """Return what is installed at build time: a host has no way to a registry."""
    lines = (HERE / "root" / "packages.txt").read_text().splitlines()
    names = {line for line in lines if line and not line.startswith("#")}
    role = (CHECKOUT / "roles" / "kvm_host" / "vars" / "Debian.yml").read_text()
    listed = role.split("kvm_host_packages:\n")[1].split("\n\n")[0]
    return sorted(names | {line.strip(" -") for line in listed.splitlines()})


def image() -> Path:
    """Return the root file system, built when its inputs differ from those of the one that is there."""
    customize = HERE / "root" / "customize.sh"
    inputs = "\n".join([SUITE, *packages(), customize.read_text()])
    root = LAB / f"root-{hashlib.sha256(inputs.encode()).hexdigest()[:12]}"
    if root.exists():
        return root
    building = LAB / "root.new"
    for old in [building, *LAB.glob("root-*")]:
        shutil.rmtree(old, ignore_errors=True)
    run(
        "mmdebstrap", "--variant=minbase", "--aptopt=APT::Install-Recommends false",
        f"--include={','.join(packages())}", f'--customize-hook={customize} "$1"', SUITE, building,
        limit_s=600,
    )  # fmt: skip
    ssh = building / "root" / ".ssh"
    ssh.mkdir(mode=0o700, exist_ok=True)
    (ssh / "authorized_keys").write_text(key().with_suffix(".pub").read_text())
    building.rename(root)
    return root


def key() -> Path:
    """Return the key that hosts accept, made once."""
    path = LAB / "key"
    if not path.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", SWITCH, "-f", path)
    return path


# --- the network ---


def switch_up() -> None:
    """Make the switch between the hosts, unless it is there."""
    if SWITCH in _namespaces():
        return
    run("ip", "netns", "add", SWITCH)
    run("ip", "-n", SWITCH, "link", "set", "lo", "up")
    run("ip", "-n", SWITCH, "link", "add", BRIDGE, "type", "bridge")
    run("ip", "-n", SWITCH, "address", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
    run("ip", "-n", SWITCH, "link", "set", BRIDGE, "up")


def plug(one: Host) -> None:
    """Make a host's namespace with eth0 on the switch."""
    space = one.container
    run("ip", "netns", "add", space)
    run("ip", "-n", space, "link", "set", "lo", "up")
    run("ip", "-n", SWITCH, "link", "add", one.port, "type", "veth", "peer", "name", "eth0", "netns", space)
    run("ip", "-n", SWITCH, "link", "set", one.port, "master", BRIDGE, "up")
    run("ip", "-n", space, "address", "add", f"{one.address}/24", "dev", "eth0")
    run("ip", "-n", space, "link", "set", "eth0", "up")


def _namespaces() -> list[str]:
    return [line.split()[0] for line in run("ip", "netns", "list").splitlines()]


# --- hosts ---


def up(names: list[str]) -> list[Host]:
    """Start hosts afresh and wait until they are up; they start side by side."""
    root, hosts = image(), [host(name) for name in names]
    switch_up()
    for one in hosts:
        remove(one)
        plug(one)
        start(one, root)
    for one in hosts:
        wait(one)
    return hosts


def start(one: Host, root: Path) -> None:
    """Start a container on a throw-away layer over the root file system."""
    files, processes = (
        min(LIMIT, resource.getrlimit(kind)[1]) for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC)
    )
    podman(
        "run", "--detach", "--name", one.container, "--hostname", one.name, "--privileged", "--systemd=always",
        # podman asks for more than our own hard limits, which fails where we may not raise them.
        f"--ulimit=nofile=1024:{files}", f"--ulimit=nproc={processes}:{processes}", "--pids-limit=-1",
        "--network", f"ns:/run/netns/{one.container}", "--rootfs", f"{root}:O", "/sbin/init",
    )  # fmt: skip


def wait(one: Host) -> None:
    """Wait until systemd has started everything.

    Raises:
        LabError: a unit failed, or it took too long.
    """
    until = time.monotonic() + UP_LIMIT_S
    state = ""
    while time.monotonic() < until:
        state = podman("exec", one.container, "systemctl", "is-system-running", limit_s=10, check=False)
        if state == "running":
            return
        if state == "degraded":
            break
        time.sleep(0.2)
    failed = podman("exec", one.container, "systemctl", "--failed", "--no-legend", check=False)
    raise LabError(f"host {one.name} did not come up within {UP_LIMIT_S:g} s: {state} {failed}")


def remove(one: Host) -> None:
    """Remove a host that may be missing: container and namespace, and with the namespace its port."""
    podman("rm", "--force", "--time=1", "--ignore", one.container)
    if one.container in _namespaces():
        run("ip", "netns", "delete", one.container)


def down(names: list[str]) -> None:
    """Remove hosts, and the switch when nobody is left on it."""
    for name in names:
        remove(host(name))
    spaces = _namespaces()
    if SWITCH in spaces and not any(space.startswith(f"{SWITCH}-") for space in spaces):
        run("ip", "netns", "delete", SWITCH)


def where(one: Host) -> dict[str, str]:
    """Return what Ansible needs to reach a host."""
    proxy = f"nsenter --net=/run/netns/{SWITCH} socat - TCP:%h:%p"
    return {"name": one.name, "address": one.address, "user": "root", "key": str(key()), "proxy": proxy}


def main() -> int:
    """Run one command; one at a time, as hosts share the switch."""
    parser = argparse.ArgumentParser(description="Test hosts in containers.")
    parser.add_argument("command", choices=["image", "up", "down"])
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    LAB.mkdir(parents=True, exist_ok=True)
    with (LAB / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if arguments.command == "image":
                print(image())
            elif arguments.command == "up":
                print(json.dumps([where(one) for one in up(arguments.names)]))
            else:
                down(arguments.names)
        except LabError as error:
            print(f"Failed to run the lab: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
