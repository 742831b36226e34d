"""Run by tests.bench.real under pytest, for the fixtures of the contract tests."""

from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from stratoform.config import home
from stratoform.nodes.ansible import AnsibleNodes
from stratoform.nodes.oplog import OperationLog
from stratoform.nodes.port import Target
from tests.bench.real import BY_HAND, steps, timed
from tests.contract.cloud.conftest import RealZone, zone  # noqa: F401 - a fixture
from tests.contract.conftest import _libvirt, guest_image  # noqa: F401 - fixtures
from tests.support.host import run


def test_measure(zone: RealZone, request: pytest.FixtureRequest, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    rows: list[tuple[str, float]] = []
    for label in ("first guest (copies the template)", "second guest"):
        began = time.monotonic()
        accepted = zone.api("deployVirtualMachine", **zone.deploy(name=label.split()[0]))
        vm = zone.api.await_job(accepted["jobid"], 120)
        rows.append(timed(f"{label}: request to Running", began))
        zone.ssh(vm["nic"][0]["ipaddress"], "true")
        rows.append(timed(f"{label}: request to ssh login", began))
        rows += steps(zone.process, accepted["jobid"])
    rows += by_hand(zone, vm["instancename"])
    for command, label in (("stopVirtualMachine", "stop (ACPI)"), ("startVirtualMachine", "start"),
                           ("destroyVirtualMachine", "destroy and expunge")):
        began = time.monotonic()
        zone.api.job(command, id=vm["id"], limit=120, expunge=True if "destroy" in command else None)
        rows.append(timed(label, began))
    rows += operations(tmp_path)
    Path(request.config.getoption("--bench-result")).write_text(json.dumps(rows))


def by_hand(zone: RealZone, guest: str) -> list[tuple[str, float]]:  # noqa: F811 - the fixture
    """The same guest by qemu-img and virsh, without a cloud: disk on the same template, same definition, no address."""
    description = ET.fromstring(run("virsh", "-c", "qemu:///system", "dumpxml", guest).stdout)  # noqa: S314 - libvirt's own
    began = time.monotonic()
    disk = zone.place / "primary" / "by-hand.qcow2"
    template = zone.place / "primary" / f"{zone.ids['template']}.qcow2"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", template, "-F", "qcow2", disk)
    identity = str(uuid.uuid4())
    for path, value in (("name", "by-hand"), ("uuid", identity), ("sysinfo/system/entry[@name='uuid']", identity)):
        found = description.find(path)
        assert found is not None
        found.text = value
    for element, name, value in (("devices/disk/source", "file", str(disk)),
                                 ("devices/interface/mac", "address", "02:00:00:00:be:ef")):
        found = description.find(element)
        assert found is not None
        found.set(name, value)
    for parent, child in (("devices", "graphics"), ("devices", "serial"), ("devices", "console")):
        for found in description.findall(f"{parent}/{child}"):
            description.find(parent).remove(found)  # type: ignore[union-attr]  # it has the child
    run("virsh", "-c", "qemu:///system", "create", "/dev/stdin", stdin=ET.tostring(description))
    rows = [timed(BY_HAND, began)]
    run("virsh", "-c", "qemu:///system", "destroy", "by-hand")
    disk.unlink()
    return rows


def operations(folder: Path) -> list[tuple[str, float]]:
    """One operation alone, and ten identical ones at once."""
    nodes = AnsibleNodes(home() / "playbooks" / "ops", home() / "collections", folder / "run", OperationLog(folder))
    here = Target("here", "127.0.0.1", "KVM", local=True)
    nodes.run("facts", here, {})
    began = time.monotonic()
    for _ in range(5):
        nodes.run("facts", here, {})
    single = (time.monotonic() - began) / 5
    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: nodes.run("facts", here, {}), range(10)))
    return [("one host operation (facts), alone", single),
            ("one host operation, ten at once, each", (time.monotonic() - began) / 10)]
