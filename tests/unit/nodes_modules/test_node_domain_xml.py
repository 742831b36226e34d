"""The XML of a guest."""

from __future__ import annotations

from xml.etree import ElementTree  # noqa: ICN001  as in the code under test

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.node.domain_xml import (
    Disk,
    Guest,
    Nic,
    disk_xml,
    disks_in,
    serial,
    shares,
    to_xml,
    vnc_port,
)

UUID = "0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"


def build(**changes: object) -> ElementTree.Element:
    values = {
        "name": "i-2-5-VM",
        "uuid": UUID,
        "vcpus": 2,
        "memory_mb": 512,
        "shares": None,
        "machine": "q35",
        "accelerator": "qemu",
        "disks": [Disk("/srv/b", "raw", "virtio", 1), Disk("/srv/a", "qcow2", "virtio", 0)],
        "nics": [Nic("02:00:00:00:00:05", "cloudbr0", "virtio", None)],
        **changes,
    }
    return ElementTree.fromstring(to_xml(Guest(**values)))  # type: ignore[arg-type]  # noqa: S314  our own text


def test_the_guest_ends_when_it_ends() -> None:
    domain = build()
    ends = [domain.findtext(tag) for tag in ("on_poweroff", "on_reboot", "on_crash")]
    assert ends == ["destroy", "restart", "destroy"]
    assert domain.findtext("memory") == "512"
    assert domain.find("memory").get("unit") == "MiB"  # type: ignore[union-attr]
    assert domain.find("cputune") is None


def test_disks_keep_their_places_and_the_first_boots() -> None:
    disks = build().findall("devices/disk")
    assert [disk.find("target").get("dev") for disk in disks] == ["vda", "vdb"]  # type: ignore[union-attr]
    assert [disk.find("source").get("file") for disk in disks] == ["/srv/a", "/srv/b"]  # type: ignore[union-attr]
    assert [disk.find("boot") is not None for disk in disks] == [True, False]


def test_a_disk_that_is_plugged_in_is_as_one_from_the_start() -> None:
    name = "3c9d7a52-51a4-4b62-8f29-6d6a2bb4f0aa"
    disk = Disk("/srv/a'<&>", "qcow2", "virtio", 1, serial(name), {"read_iops_sec": 5})
    start = build(disks=[Disk("/srv/root", "qcow2", "virtio", 0), disk]).findall("devices/disk")[1]
    assert ElementTree.tostring(start, encoding="unicode") == disk_xml(disk)
    assert (start.findtext("serial"), start.findtext("iotune/read_iops_sec")) == ("3c9d7a5251a44b628f29", "5")
    (seen,) = disks_in(f"<domain><devices>{disk_xml(disk)}</devices></domain>")
    assert (seen["device"], seen["path"], seen["limits"]["read_iops_sec"]) == ("vdb", "/srv/a'<&>", 5)
    assert seen["limits"]["write_bytes_sec"] == 0


@pytest.mark.parametrize(("machine", "ports"), [("q35", 20), ("pc", 0)])
def test_ports_to_plug_disks_into(machine: str, ports: int) -> None:
    found = build(machine=machine, disks=[Disk("/srv/a", "qcow2", "virtio", 0)]).findall(
        "devices/controller[@model='pcie-root-port']")
    assert len(found) == ports


@pytest.mark.parametrize(("bus", "device"), [("virtio", "vdc"), ("scsi", "sdc"), ("sata", "sdc"), ("ide", "hdc")])
def test_device_names_follow_the_bus(bus: str, device: str) -> None:
    target = build(disks=[Disk("/srv/a", "qcow2", bus, 2)]).find("devices/disk/target")
    assert (target.get("dev"), target.get("bus")) == (device, bus)  # type: ignore[union-attr]


def test_network_interfaces_have_no_boot_rom() -> None:
    nic = build(nics=[Nic("02:00:00:00:00:05", "br", "virtio", 1450)]).find("devices/interface")
    assert nic is not None
    assert nic.find("rom").get("enabled") == "no"  # type: ignore[union-attr]
    assert nic.find("mtu").get("size") == "1450"  # type: ignore[union-attr]
    assert nic.find("source").get("bridge") == "br"  # type: ignore[union-attr]


@pytest.mark.parametrize(("accelerator", "mode"), [("kvm", "host-model"), ("qemu", "maximum")])
def test_acceleration_is_the_domain_type(accelerator: str, mode: str) -> None:
    domain = build(accelerator=accelerator, machine="pc")
    assert domain.get("type") == accelerator
    assert domain.find("cpu").get("mode") == mode  # type: ignore[union-attr]
    assert domain.find("os/type").get("machine") == "pc"  # type: ignore[union-attr]


def test_cloud_init_knows_the_cloud_by_its_product_name() -> None:
    entries = {entry.get("name"): entry.text for entry in build().findall("sysinfo/system/entry")}
    assert entries["product"] == "CloudStack KVM Hypervisor"
    assert entries["uuid"] == UUID


def test_console_log_and_vnc_on_loopback() -> None:
    domain = build(vnc_password="abc<&'")
    assert domain.find("devices/serial/log").get("file") == "/var/log/stratoform/console/i-2-5-VM.log"  # type: ignore[union-attr]
    graphics = domain.find("devices/graphics")
    assert graphics is not None
    assert (graphics.get("listen"), graphics.get("passwd")) == ("127.0.0.1", "abc<&'")
    assert "abc" not in repr(Guest("n", UUID, 1, 1, None, "pc", "kvm", [], [], "abc"))


@pytest.mark.parametrize(("vcpus", "mhz", "version", "expected"), [
    (1, 500, 1, 500),
    (2, 2000, 1, 4000),
    (2, 2000, 2, 391),
    (64, 9000, 2, 10000),
    (1, 1, 1, 2),
    (1, 1, 2, 1),
    (1, None, 1, None),
    (1, 500, None, None),
])
def test_shares_fit_the_hosts_cgroups(vcpus: int, mhz: int | None, version: int | None, expected: int | None) -> None:
    assert shares(vcpus, mhz, version) == expected


@pytest.mark.parametrize(("port", "expected"), [("5901", 5901), ("-1", None)])
def test_vnc_port(port: str, expected: int | None) -> None:
    assert vnc_port(f"<domain><devices><graphics type='vnc' port='{port}'/></devices></domain>") == expected
    assert vnc_port("<domain><devices/></domain>") is None
