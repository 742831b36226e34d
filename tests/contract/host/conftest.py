"""A guest on this machine, its router and its key, for the tests that look at real guests."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.node.domains import Domain
from ansible_collections.stratoform.cloud.plugins.module_utils.node.router.operation import RouterOperation
from ansible_collections.stratoform.cloud.plugins.module_utils.node.templates import Template
from ansible_collections.stratoform.cloud.plugins.module_utils.node.volumes import Volume

from tests.support.host import run

NAME, ROUTER, MAC, ADDRESS = "i-2-9905-VM", "r-9902-VM", "02:00:00:00:99:25", "198.18.2.23"
MIB = 1 << 20
USER_DATA = b'#!/bin/sh\necho "{{ 7*7 }} $((6*7))" > /tmp/user-data-was-here\n'

Ssh = Callable[[str], str | None]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
    return path


@pytest.fixture
def router(bridge: str, key: Path) -> Iterator[dict[str, Any]]:
    spec = {
        "uuid": str(uuid.uuid4()), "name": ROUTER, "generation": 1, "gateway": "198.18.2.1",
        "interfaces": [{"name": "eth0", "bridge": bridge, "mac": "02:00:00:00:99:21", "address": "198.18.2.2/24"}],
        "dns": {"domain": "cs1cloud.internal"},
        "dhcp": [{"mac": MAC, "ip": ADDRESS, "hostname": "real"}],
        "metadata": {ADDRESS: {
            "instance-id": NAME, "local-hostname": "real",
            "public-keys": key.with_suffix(".pub").read_text().strip(),
            "user-data": base64.b64encode(USER_DATA).decode(),
        }},
    }  # fmt: skip
    RouterOperation.converge(spec)
    yield spec
    RouterOperation.converge({**spec, "state": "absent"})


@pytest.fixture
def guest(place: Path, pool: str, bridge: str, guest_image: Path) -> Iterator[dict[str, Any]]:
    """Arguments of a guest whose volume is there; afterwards it is gone, whatever a test did."""
    (place / "store" / "image").write_bytes(guest_image.read_bytes())
    template = {"pool_uuid": pool, "name": "t", "source": {"url": f"file://{place}/store", "path": "image"}}
    volume = {"pool_uuid": pool, "name": "v", "size_bytes": 64 * MIB, "format": "qcow2", "backing": "t"}
    Template.converge(template)
    Volume.converge(volume)
    params = {
        "name": NAME, "uuid": str(uuid.uuid4()), "vcpus": 1, "memory_mb": 128, "cpu_mhz": 500,
        "acceleration": "qemu", "shutdown_timeout_s": 20,
        "disks": [{"pool_uuid": pool, "volume": "v", "format": "qcow2", "bus": "virtio", "device_id": 0}],
        "nics": [{"mac": MAC, "bridge": bridge, "model": "virtio"}],
    }  # fmt: skip
    yield params
    Domain.converge({**params, "state": "absent"})


@pytest.fixture
def ssh(router: dict[str, Any], key: Path) -> Ssh:
    """Runs a command in the guest and gives what it wrote; None when that did not work (yet)."""
    options = ["BatchMode=yes", "ConnectTimeout=2", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"]
    argv = ["ip", "netns", "exec", router["name"], "ssh", "-i", key, *(f"-o{option}" for option in options)]

    def command(text: str) -> str | None:
        done = run(*argv, f"root@{ADDRESS}", text, check=False)
        return done.stdout.decode() if done.returncode == 0 else None

    return command
