"""Disks of real guests, through the API: what a guest writes is there after detaching, growing and destroying."""

from __future__ import annotations

from typing import Any

from tests.contract.cloud.conftest import RealZone
from tests.support.host import run, wait_for

MIB, GIB = 1 << 20, 1 << 30


def serial(volume: str) -> str:
    """What a guest finds a disk by."""
    return volume.replace("-", "")[:20]


def device(zone: RealZone, address: str, volume: str) -> str:
    """What the guest calls the disk, once it sees it."""
    command = f"grep -l {serial(volume)} /sys/block/*/serial || true"
    return str(wait_for(lambda: zone.ssh(address, command), 20)).split("/")[3]


def files(zone: RealZone) -> set[str]:
    """What is on the pool apart from the template's copy."""
    return {p.name for p in (zone.place / "primary").iterdir()} - {f"{zone.ids['template']}.qcow2"}


def domain_xml(vm: dict[str, Any]) -> str:
    return run("virsh", "-c", "qemu:///system", "dumpxml", vm["instancename"]).stdout.decode()


def test_what_is_written_to_a_disk_goes_with_it(zone: RealZone) -> None:
    api = zone.api
    custom = api.items("listDiskOfferings", name="Custom")[0]["id"]
    slow = api.one("createDiskOffering", name="slow", displaytext="-", disksize=1, bytesreadrate=5 * MIB)["id"]
    vm = api.job("deployVirtualMachine", limit=90, **zone.deploy(name="disks", diskofferingid=slow, rootdisksize=1))
    address = vm["nic"][0]["ipaddress"]
    root, first = sorted(api.items("listVolumes", virtualmachineid=vm["id"]), key=lambda v: v["deviceid"])
    assert files(zone) == {root["id"], first["id"]}
    assert f"<read_bytes_sec>{5 * MIB}</read_bytes_sec>" in domain_xml(vm)
    assert zone.ssh(address, "cat /sys/block/vda/size").strip() == str(GIB // 512)
    device(zone, address, first["id"])

    made = api.job("createVolume", name="data", zoneid=zone.ids["zone"], diskofferingid=custom, size=1)
    assert made["id"] not in files(zone)
    attached = api.job("attachVolume", id=made["id"], virtualmachineid=vm["id"], limit=60)
    assert (attached["deviceid"], attached["state"]) == (2, "Ready")
    assert f"{made['id']}" in domain_xml(vm)
    name = device(zone, address, made["id"])
    zone.ssh(address, f"echo kept | dd of=/dev/{name} conv=sync bs=512 2>/dev/null && sync")

    api.job("resizeVolume", id=made["id"], size=2, limit=60)
    wait_for(lambda: zone.ssh(address, f"cat /sys/block/{name}/size").strip() == str(2 * GIB // 512), 20)

    detached = api.job("detachVolume", id=made["id"], limit=60)
    assert "virtualmachineid" not in detached
    assert made["id"] not in domain_xml(vm)
    api.job("destroyVirtualMachine", id=vm["id"], expunge=True, limit=90)
    assert files(zone) == {first["id"], made["id"]}

    again = api.job("deployVirtualMachine", limit=90, **zone.deploy(name="again", startvm=False))
    api.job("attachVolume", id=made["id"], virtualmachineid=again["id"], limit=60)
    again = api.job("startVirtualMachine", id=again["id"], limit=90)
    address = again["nic"][0]["ipaddress"]
    name = device(zone, address, made["id"])
    assert zone.ssh(address, f"head -c 4 /dev/{name}") == "kept"
    assert zone.ssh(address, f"cat /sys/block/{name}/size").strip() == str(2 * GIB // 512)

    api.job("destroyVirtualMachine", id=again["id"], expunge=True, limit=90)
    for volume in (first, made):
        api("deleteVolume", id=volume["id"])
    assert files(zone) == set()
    api("deleteDiskOffering", id=slow)
