"""This machine as the host under test: its libvirt, its namespaces, a bridge and directories of our own.

Needs root and the packages of role ``kvm_host``. Daemons that do not run are started and ended by their pid;
what the machine had before is left alone.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.host import PATH, run, wait_for

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "collections"))

BRIDGE = "sfbr-test0"
PROGRAMS = ("libvirtd", "virtlogd", "qemu-img", "dnsmasq", "ip", "ssh", "ssh-keygen")
SOCKETS = {"virtlogd": "/run/libvirt/virtlogd-sock", "libvirtd": "/run/libvirt/libvirt-sock"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.path).parents:
            item.add_marker(pytest.mark.host)
            if missing := _missing():
                item.add_marker(pytest.mark.skip(reason=missing))


def _missing() -> str | None:
    if os.geteuid() != 0:
        return "needs root"
    absent = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
    if importlib.util.find_spec("libvirt") is None:
        absent.append("the libvirt binding for Python")
    return f"needs {', '.join(absent)}" if absent else None


@pytest.fixture(scope="session")
def _libvirt() -> Iterator[None]:
    """Libvirt answers. What had to be started for that is ended, last started first."""
    started: list[int] = []
    with tempfile.TemporaryDirectory() as directory:
        for name, socket in SOCKETS.items():
            if run("pidof", name, check=False).returncode != 0:
                pid_file = Path(directory) / name
                run(name, "--daemon", "--pid-file", pid_file)
                wait_for(pid_file.exists, 10)
                started.append(int(pid_file.read_text()))
                wait_for(Path(socket).exists, 10)
        yield
        for pid in reversed(started):
            os.kill(pid, signal.SIGTERM)


@pytest.fixture
def bridge() -> Iterator[str]:
    """A bridge with no way out of this machine."""
    run("ip", "link", "delete", BRIDGE, check=False)
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "link", "set", BRIDGE, "up")
    yield BRIDGE
    run("ip", "link", "delete", BRIDGE)


@pytest.fixture
def place(_libvirt: None) -> Iterator[Path]:
    """A directory guests' disks may live in: libvirt's user must be able to reach it."""
    directory = Path(tempfile.mkdtemp(prefix="stratoform-test-", dir="/var/lib"))
    directory.chmod(0o755)
    for name in ("pool", "store"):
        (directory / name).mkdir(mode=0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def pool(place: Path) -> Iterator[str]:
    """A storage pool; its UUID."""
    from ansible_collections.stratoform.cloud.plugins.module_utils.node.pools import Pool  # noqa: PLC0415

    name = str(uuid.uuid4())
    params = {"uuid": name, "type": "Filesystem", "path": str(place / "pool")}
    Pool.converge(params)
    yield name
    Pool.converge({**params, "state": "absent"})


@pytest.fixture(scope="session")
def guest_image() -> Path:
    """The guest image that role ``guest_image`` builds."""
    image = Path(os.environ.get("STRATOFORM_GUEST_IMAGE", ROOT / "var" / "image" / "tiny.qcow2"))
    if not image.exists():
        pytest.skip(f"needs the guest image {image.name} (role guest_image)")
    return image
