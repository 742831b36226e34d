"""Every module against the service: create, change, what cannot change, delete; each twice, foretold by check mode."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from module_tasks import IMAGE, Tasks

PLACE = {"zone": "world"}
HERE = {"zone": "world", "pod": "pod", "cluster": "cluster"}
SUBNET = {"gateway": "203.0.113.1", "netmask": "255.255.255.0"}


@dataclass(frozen=True)
class Life:
    """One object's life: what tells it, what it is made of, what changes, what must not."""

    module: str
    key: dict[str, Any]
    made: dict[str, Any] = field(default_factory=dict)
    changes: tuple[dict[str, Any], ...] = ()
    refused: dict[str, Any] = field(default_factory=dict)
    gone: str = "absent"


LIVES = [
    Life(
        "zone",
        {"name": "other"},
        {"network_type": "Advanced", "dns1": "192.0.2.1", "internal_dns1": "192.0.2.2", "local_storage_enabled": True},
        (
            {"dns1": "192.0.2.9", "dns2": "192.0.2.8", "network_domain": "z.example.org"},
            {"details": {"a": "1"}},
            {"state": "disabled"},
            {"state": "enabled"},
        ),
        {"network_type": "Basic"},
    ),
    Life(
        "physical_network",
        {"name": "second", **PLACE},
        {"vlan": "300-310", "isolation_methods": ["VLAN"], "tags": ["a"]},
        ({"vlan": "300-320"}, {"tags": ["b"]}, {"state": "enabled"}, {"state": "disabled"}),
        {"isolation_methods": ["VXLAN"]},
    ),
    Life(
        "traffic_type",
        {"traffic_type": "Management", "physical_network": "physical", **PLACE},
        {"kvm_network_label": "cloudbr0"},
        ({"kvm_network_label": "cloudbr1"},),
    ),
    Life(
        "pod",
        {"name": "other", **PLACE},
        {**SUBNET, "start_ip": "203.0.113.10", "end_ip": "203.0.113.20"},
        ({"end_ip": "203.0.113.30"}, {"state": "disabled"}, {"state": "enabled"}),
    ),
    Life(
        "cluster",
        {"name": "other", "pod": "pod", **PLACE},
        {"hypervisor": "Simulator"},
        ({"state": "disabled"}, {"state": "enabled"}, {"managed_state": "Unmanaged"}),
        {"hypervisor": "KVM"},
    ),
    Life(
        "host",
        {"url": "http://sim/c0/h1", **PLACE},
        {"pod": "pod", "cluster": "cluster", "hypervisor": "Simulator", "host_tags": ["ssd"]},
        ({"host_tags": ["ssd", "gpu"]}, {"state": "disabled"}, {"state": "enabled"}),
        {"hypervisor": "KVM"},
    ),
    Life(
        "primary_storage",
        {"name": "other", **PLACE},
        {**HERE, "url": "nfs://store/export/other", "tags": ["fast"]},
        ({"tags": ["fast", "cheap"]},),
        {"url": "nfs://store/export/another"},
    ),
    Life(
        "secondary_storage",
        {"name": "other", **PLACE},
        {"url": "sim://store/other", "provider": "Simulator"},
        (),
        {"url": "sim://store/another"},
    ),
    Life(
        "template",
        {"name": "other", **PLACE},
        {**IMAGE, "display_text": "one", "is_public": False},
        (
            {"display_text": "two"},
            {"is_public": True, "is_featured": True},
            {"password_enabled": True, "details": {"a": "b"}},
        ),
        {"format": "RAW"},
    ),
    Life(
        "service_offering",
        {"name": "other"},
        {"display_text": "one", "cpu_number": 1, "cpu_speed": 500, "memory": 256, "tags": ["fast"], "host_tags": "ssd"},
        ({"display_text": "two"},),
        {"memory": 512},
    ),
    Life(
        "network_offering",
        {"name": "other"},
        {
            "display_text": "one",
            "guest_ip_type": "Shared",
            "supported_services": ["Dhcp", "Dns", "UserData"],
            "service_providers": {"Dhcp": "VirtualRouter", "Dns": "VirtualRouter", "UserData": "VirtualRouter"},
            "specify_vlan": True,
            "specify_ip_ranges": True,
        },
        ({"display_text": "two"}, {"state": "enabled"}, {"state": "disabled"}),
        {"guest_ip_type": "Isolated"},
    ),
    Life(
        "network",
        {"name": "other", **PLACE},
        {
            "network_offering": "DefaultSharedNetworkOffering",
            "physical_network": "physical",
            "vlan": "150",
            **SUBNET,
            "start_ip": "203.0.113.100",
            "end_ip": "203.0.113.110",
        },
        ({"display_text": "two"}, {"network_domain": "guests.example.org"}),
        {"gateway": "203.0.113.2"},
    ),
    Life(
        "domain",
        {"name": "sales", "parent": "ROOT"},
        {"network_domain": "sales.example.org"},
        ({"network_domain": "shop.example.org"},),
    ),
    Life(
        "account",
        {"name": "shop"},
        {
            "username": "anna",
            "password": "anna's password",
            "email": "anna@example.org",
            "first_name": "Anna",
            "last_name": "Alt",
            "details": {"a": "1"},
        },
        (
            {"network_domain": "shop.example.org", "details": {"b": "2"}},
            {"role": "Domain Admin"},
            {"state": "locked"},
            {"state": "disabled"},
            {"state": "locked"},
            {"state": "enabled"},
        ),
    ),
    Life(
        "user",
        {"name": "bert"},
        {
            "account": "admin",
            "password": "bert's password",
            "email": "bert@example.org",
            "first_name": "Bert",
            "last_name": "Baum",
        },
        (
            {"email": "b@example.org", "timezone": "UTC"},
            {"state": "disabled"},
            {"state": "locked"},
            {"state": "enabled"},
        ),
        {"account": "other"},
    ),
    Life(
        "role",
        {"name": "reader"},
        {"rules": [{"rule": "getUserKeys", "permission": "deny"}, {"rule": "list*"}]},
        (
            {"description": "looks", "is_public": False},
            {"rules": [{"rule": "list*"}, {"rule": "getUserKeys", "permission": "deny"}]},
            {"type": "DomainAdmin"},
            {"rules": []},
        ),
    ),
    Life(
        "vlan_ip_range",
        {"start_ip": "10.9.0.201", "network": "guests", **PLACE},
        {"end_ip": "10.9.0.220", "gateway": "10.9.0.1", "netmask": "255.255.255.0", "for_virtual_network": False},
        (),
        {"end_ip": "10.9.0.221"},
    ),
]


def foretold(tasks: Tasks, module: str, **options: Any) -> dict[str, Any]:
    """Run a task in check mode, then for real: both say the same. Then once more: nothing changes."""
    told = tasks.ok(module, check=True, **options)
    done = tasks.ok(module, **options)
    assert done["changed"], options
    assert (told["changed"], told["diff"]) == (done["changed"], done["diff"])
    again = tasks.ok(module, **options)
    assert not again["changed"], again["diff"]
    return done


@pytest.mark.parametrize("life", LIVES, ids=[life.module for life in LIVES])
def test_life(world: Tasks, life: Life) -> None:
    """From nothing to nothing."""
    declared = {**life.key, **life.made}
    made = foretold(world, life.module, **declared)
    assert made["diff"]["before"] == {}
    for change in life.changes:
        declared |= change
        foretold(world, life.module, **declared)
    if life.refused:
        refusal = world(life.module, **{**declared, **life.refused})
        assert refusal["failed"], refusal
        assert f"{next(iter(life.refused))} cannot be changed from" in refusal["msg"]
    left = foretold(world, life.module, **life.key, state=life.gone)
    assert left[life.module] == {}


def test_ssh_keys(world: Tasks, tmp_path: Path) -> None:
    """Registered, replaced by another key of the name, made by the cloud, deleted."""
    for name in ("one", "two"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
        key = foretold(world, "ssh_key", name="k", public_key=(tmp_path / f"{name}.pub").read_text())["ssh_key"]
        listed = ["ssh-keygen", "-l", "-E", "md5", "-f", tmp_path / name]
        assert key["fingerprint"] in subprocess.check_output(listed, text=True)
    foretold(world, "ssh_key", name="k", state="absent")
    assert "PRIVATE KEY" in foretold(world, "ssh_key", name="k")["ssh_key"]["privatekey"]
    foretold(world, "ssh_key", name="k", state="absent")


def test_instances(world: Tasks) -> None:
    """Deployed, stopped, started, described, rebooted, destroyed, recovered, expunged."""
    declared = {"name": "vm1", **PLACE, "template": "image", "service_offering": "tiny", "networks": ["guests"]}
    made = foretold(world, "instance", **declared, ip_address="10.9.0.77", user_data="#!/bin/sh\n")["instance"]
    assert (made["state"], made["nic"][0]["ipaddress"]) == ("Running", "10.9.0.77")
    foretold(world, "instance", **declared, state="stopped")
    assert not world.ok("instance", **declared)["changed"]
    foretold(world, "instance", **declared, state="started")
    assert world.ok("instance", **declared, state="restarted")["instance"]["state"] == "Running"
    refusal = world("instance", **{**declared, "service_offering": "Small Instance"})
    assert "service_offering cannot be changed from 'tiny' to 'Small Instance'" in refusal["msg"]
    foretold(world, "instance", name="vm1", **PLACE, state="absent")
    recovered = foretold(world, "instance", **declared)["instance"]
    assert (recovered["id"], recovered["state"]) == (made["id"], "Running")
    foretold(world, "instance", name="vm1", **PLACE, state="expunged")


def test_a_refusal_of_the_cloud_is_the_tasks_message(world: Tasks) -> None:
    """Word for word, after what was being done."""
    declared = {"name": "huge", **PLACE, "template": "image", "service_offering": "giant", "networks": ["guests"]}
    world.ok("service_offering", name="giant", display_text="giant", cpu_number=1, cpu_speed=500, memory=10_000_000)
    refusal = world("instance", **declared)
    assert refusal["failed"]
    assert refusal["msg"].startswith("Failed to create instance 'huge': ")
    assert refusal["errorcode"] == 533
    assert not world.ok("instance", name="huge", **PLACE, state="expunged")["changed"]
    world.ok("service_offering", name="giant", state="absent")


@pytest.mark.parametrize("name", ["{{ 7 * 7 }}", "<zone/>", "$(reboot)", "ü' OR 1=1 --", "a b"])
def test_names_are_data(world: Tasks, name: str) -> None:
    """Taken as they are, or refused; never read as something else."""
    options = {"name": name, "network_type": "Advanced", "dns1": "192.0.2.1", "internal_dns1": "192.0.2.1"}
    result = world("zone", **options)
    if not result.get("failed"):
        assert result["zone"]["name"] == name
        assert not world.ok("zone", **options)["changed"]
        world.ok("zone", name=name, state="absent")
