"""Disks of a running guest: plugged in, written to, grown, limited, unplugged, and their data still there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.node import domain_xml, virt
from ansible_collections.stratoform.cloud.plugins.module_utils.node.domains import Domain
from ansible_collections.stratoform.cloud.plugins.module_utils.node.errors import NodeError
from ansible_collections.stratoform.cloud.plugins.module_utils.node.guest_disks import GuestDisk
from ansible_collections.stratoform.cloud.plugins.module_utils.node.volumes import Volume

from tests.contract.host.conftest import MIB, NAME, Ssh
from tests.support.host import wait_for

DATA = "3c9d7a52-51a4-4b62-8f29-6d6a2bb4f0aa"
SERIAL = "3c9d7a5251a44b628f29"


@pytest.fixture
def data(pool: str) -> dict[str, Any]:
    """Arguments of a volume that is there."""
    params = {"pool_uuid": pool, "name": DATA, "size_bytes": 16 * MIB, "format": "qcow2"}
    Volume.converge(params)
    return params


@pytest.fixture
def disk(guest: dict[str, Any], pool: str, data: dict[str, Any]) -> dict[str, Any]:
    """Arguments of that volume as the guest's second disk."""
    return {"name": NAME, "uuid": guest["uuid"], "pool_uuid": pool, "volume": data["name"], "format": "qcow2",
            "bus": "virtio", "device_id": 1, "timeout_s": 40}  # fmt: skip


def devices() -> list[Any]:
    return [seen["device"] for seen in domain_xml.disks_in(virt.connection().lookupByName(NAME).XMLDesc())]


def find_disk(ssh: Ssh) -> str:
    """What the guest calls the disk: found by its serial number."""
    found = wait_for(lambda: ssh(f"grep -l {SERIAL} /sys/block/*/serial"), 60)
    return str(found).split("/")[3]


def test_a_disk_comes_and_goes_while_the_guest_runs(
    guest: dict[str, Any], disk: dict[str, Any], data: dict[str, Any], ssh: Ssh, place: Path
) -> None:
    Domain.converge(guest)
    wait_for(lambda: ssh("echo up"), 90)
    first, second = GuestDisk.converge(disk), GuestDisk.converge(disk)
    assert [first.changed, second.changed] == [True, False]
    assert first.value == second.value == {"device": "vdb", "capacity_bytes": 16 * MIB}
    assert devices() == ["vda", "vdb"]

    device = find_disk(ssh)
    ssh(f"echo written by the guest | dd of=/dev/{device} conv=sync bs=512 2>&1 && sync")
    assert GuestDisk.converge({**disk, "size_bytes": 32 * MIB}).changed
    assert not GuestDisk.converge({**disk, "size_bytes": 32 * MIB}).changed
    assert wait_for(lambda: (ssh(f"cat /sys/block/{device}/size") or "").strip() == str(32 * MIB // 512), 20)
    limited = {**disk, "limits": {"read_bytes_sec": 10 * MIB, "write_iops_sec": 100}}
    assert [GuestDisk.converge(limited).changed, GuestDisk.converge(limited).changed] == [True, False]

    assert GuestDisk.converge({**disk, "state": "absent"}).changed
    assert not GuestDisk.converge({**disk, "state": "absent"}).changed
    assert devices() == ["vda"]
    assert wait_for(lambda: ssh(f"ls /sys/block/{device} || echo gone") == "gone\n", 20)

    assert GuestDisk.converge(disk).changed
    device = find_disk(ssh)
    assert str(ssh(f"head -c 20 /dev/{device}")) == "written by the guest"
    GuestDisk.converge({**disk, "state": "absent"})
    assert Volume.converge({**data, "state": "absent"}).changed
    assert not (place / "pool" / DATA).exists()


def test_as_many_disks_as_a_guest_may_have(guest: dict[str, Any], disk: dict[str, Any], pool: str) -> None:
    """Each port of PCI Express takes one device and none is added later: there must be enough from the start."""
    Domain.converge(guest)
    for number in range(1, 15):
        Volume.converge({"pool_uuid": pool, "name": f"d{number}", "size_bytes": MIB, "format": "qcow2"})
        assert GuestDisk.converge({**disk, "volume": f"d{number}", "device_id": number}).changed
    assert len(devices()) == 15


def test_a_disk_with_limits_from_the_start(guest: dict[str, Any], disk: dict[str, Any]) -> None:
    data = {key: disk[key] for key in ("pool_uuid", "volume", "format", "bus", "device_id")}
    limits = {"read_iops_sec": 50, "write_bytes_sec": MIB}
    Domain.converge({**guest, "disks": [*guest["disks"], {**data, "limits": limits}]})
    assert not GuestDisk.converge({**disk, "limits": limits}).changed
    assert GuestDisk.converge(disk).changed
    assert not GuestDisk.converge(disk).changed


@pytest.mark.parametrize(("changes", "cause"), [
    ({"volume": "no"}, "volume .*/no does not exist on this host"),
    ({"device_id": 0}, "its device vda is taken by .*/v"),
    ({"uuid": "0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"}, "the guest does not run on this host"),
    ({"limits": {"no_such": 1}}, "no_such of 1 is no limit of a disk"),
    ({"bus": "floppy"}, "needs a bus of"),
])
def test_what_cannot_be_plugged_in(
    guest: dict[str, Any], disk: dict[str, Any], changes: dict[str, Any], cause: str
) -> None:
    Domain.converge(guest)
    volume = changes.get("volume", DATA)
    with pytest.raises(NodeError, match=f"Failed to attach disk {volume} of guest {NAME}: .*{cause}"):
        GuestDisk.converge({**disk, **changes})
    assert devices() == ["vda"]


def test_a_guest_that_does_not_let_go_keeps_its_disk(guest: dict[str, Any], disk: dict[str, Any]) -> None:
    Domain.converge(guest)
    GuestDisk.converge(disk)
    virt.connection().lookupByName(NAME).suspend()
    with pytest.raises(NodeError, match=r"the guest did not let go of it within 0\.5 seconds"):
        GuestDisk.converge({**disk, "state": "absent", "timeout_s": 0.5})
    assert devices() == ["vda", "vdb"]


def test_a_guest_that_is_off_has_nothing_to_detach(guest: dict[str, Any], disk: dict[str, Any]) -> None:
    assert not GuestDisk.converge({**disk, "state": "absent"}).changed
    with pytest.raises(NodeError, match="the guest does not run on this host"):
        GuestDisk.converge(disk)
    assert guest["name"] == NAME


def test_a_volume_shrinks_only_when_told_to(pool: str, data: dict[str, Any]) -> None:
    smaller = {**data, "size_bytes": 8 * MIB}
    with pytest.raises(NodeError, match="cannot shrink to 8388608"):
        Volume.converge(smaller)
    assert Volume.converge({**smaller, "shrink": True}).value["capacity_bytes"] == 8 * MIB
    assert not Volume.converge({**smaller, "shrink": True}).changed
    assert Volume.converge(data).value["capacity_bytes"] == 16 * MIB
    assert data["pool_uuid"] == pool
