"""What each operation decides to do, as tables: state that is there, state asked for, steps."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.node import (
    bridges,
    domains,
    guest_disks,
    pools,
    store_images,
    stores,
    templates,
    volumes,
)
from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import Plan
from ansible_collections.stratoform.cloud.plugins.module_utils.node.errors import NodeError

UUID, OTHER = "0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d", "1b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"


def verbs(plan: Plan) -> list[str]:
    return [step.verb for step in plan.steps]


DIRECTORY = {"type": "dir", "path": "/srv/primary", "source": None}
EXPORT = {"type": "netfs", "path": f"/mnt/{UUID}", "source": "nfs1:/export"}


@pytest.mark.parametrize(("current", "desired", "steps"), [
    ({}, DIRECTORY, ["create"]),
    ({**DIRECTORY, "active": True, "autostart": True}, DIRECTORY, []),
    ({**DIRECTORY, "active": False, "autostart": True}, DIRECTORY, ["start"]),
    ({**DIRECTORY, "active": True, "autostart": False}, DIRECTORY, ["autostart"]),
    ({**EXPORT, "active": False, "autostart": False}, EXPORT, ["start", "autostart"]),
    ({}, None, []),
    ({**EXPORT, "active": False, "autostart": True}, None, ["undefine"]),
    ({**EXPORT, "active": True, "autostart": True}, None, ["stop", "undefine"]),
])
def test_pool_plan(current: dict[str, Any], desired: dict[str, Any] | None, steps: list[str]) -> None:
    plan = pools.plan(current, desired)
    assert verbs(plan) == steps
    assert plan.after == ({**desired, "active": True, "autostart": True} if desired else {})


def test_a_pool_elsewhere_is_refused() -> None:
    current = {**DIRECTORY, "active": True, "autostart": True}
    with pytest.raises(NodeError, match="it exists with path /srv/primary, not /srv/other"):
        pools.plan(current, {**DIRECTORY, "path": "/srv/other"})


@pytest.mark.parametrize(("params", "expected"), [
    ({"type": "Filesystem", "path": "/srv/a/"}, {"type": "dir", "path": "/srv/a", "source": None}),
    ({"type": "SharedMountPoint", "path": "/srv/a"}, {"type": "dir", "path": "/srv/a", "source": None}),
    (
        {"type": "NetworkFilesystem", "source_host": "nfs1", "source_path": "/e"},
        {"type": "netfs", "path": f"/mnt/{UUID}", "source": "nfs1:/e"},
    ),
])
def test_pool_definition(params: dict[str, Any], expected: dict[str, Any]) -> None:
    assert pools.definition({"uuid": UUID, **params}) == expected


@pytest.mark.parametrize(("params", "cause"), [
    ({"type": "Filesystem", "path": "relative"}, "'relative' is not an absolute path"),
    ({"type": "Filesystem"}, "None is not an absolute path"),
    ({"type": "NetworkFilesystem", "source_host": "nfs1"}, "needs source_host and source_path"),
    ({"type": "NetworkFilesystem", "source_host": "nfs1", "source_path": "/a\nb"}, "not an absolute path"),
    ({"type": "Filesystem", "path": "/a", "uuid": "../../etc"}, "is not a valid UUID"),
])
def test_a_malformed_pool_is_refused(params: dict[str, Any], cause: str) -> None:
    with pytest.raises(NodeError, match=cause):
        pools.definition({"uuid": UUID, **params})


def test_pool_xml_keeps_hostile_text_as_text() -> None:
    xml = pools.to_xml(UUID, {"type": "netfs", "path": "/mnt/x", "source": "h:/a'<b>&\"c"})
    assert '<dir path="/a\'&lt;b&gt;&amp;&quot;c" />' in xml


VOLUME = {"path": "/srv/v", "format": "qcow2", "backing": "t", "capacity_bytes": 1024}
FOUND = {**VOLUME, "allocation_bytes": 7}


@pytest.mark.parametrize(("current", "desired", "steps"), [
    ({}, VOLUME, ["create"]),
    (FOUND, VOLUME, []),
    (FOUND, {**VOLUME, "capacity_bytes": 2048}, ["grow"]),
    (FOUND, None, ["remove"]),
    ({}, None, []),
])
def test_volume_plan(current: dict[str, Any], desired: dict[str, Any] | None, steps: list[str]) -> None:
    assert verbs(volumes.plan(current, desired)) == steps


@pytest.mark.parametrize(("change", "cause"), [
    ({"capacity_bytes": 512}, "cannot shrink"),
    ({"backing": "u"}, "it exists with backing t, not u"),
    ({"format": "raw"}, "it exists with format qcow2, not raw"),
])
def test_a_volume_is_not_changed_at_its_owners_cost(change: dict[str, Any], cause: str) -> None:
    with pytest.raises(NodeError, match=cause):
        volumes.plan(FOUND, {**VOLUME, **change})


def test_a_volume_shrinks_when_told_to() -> None:
    assert verbs(volumes.plan(FOUND, {**VOLUME, "capacity_bytes": 512}, shrink=True)) == ["shrink"]
    assert verbs(volumes.plan(FOUND, {**VOLUME, "capacity_bytes": 2048}, shrink=True)) == ["grow"]
    assert verbs(volumes.plan(FOUND, VOLUME, shrink=True)) == []


NONE, SOME = {"read_bytes_sec": 0}, {"read_bytes_sec": 7}
OFF: dict[str, Any] = {"running": False}
BARE: dict[str, Any] = {"running": True}
PLUGGED = {**BARE, "device": "vdb", "capacity_bytes": 1024, "limits": NONE}
DISK: dict[str, Any] = {"device": "vdb", "capacity_bytes": None, "limits": NONE}


@pytest.mark.parametrize(("current", "desired", "steps"), [
    (BARE, DISK, ["plug"]),
    (PLUGGED, DISK, []),
    (PLUGGED, {**DISK, "capacity_bytes": 1024}, []),
    (PLUGGED, {**DISK, "capacity_bytes": 2048}, ["grow"]),
    (PLUGGED, {**DISK, "limits": SOME}, ["limit"]),
    (PLUGGED, {**DISK, "capacity_bytes": 2048, "limits": SOME}, ["grow", "limit"]),
    (PLUGGED, None, ["unplug"]),
    (BARE, None, []),
    (OFF, None, []),
])
def test_guest_disk_plan(current: dict[str, Any], desired: dict[str, Any] | None, steps: list[str]) -> None:
    assert verbs(guest_disks.plan(current, desired)) == steps


@pytest.mark.parametrize(("current", "desired", "cause"), [
    (OFF, DISK, "does not run"),
    ({**BARE, "taken": "/srv/x"}, DISK, "vdb is taken by /srv/x"),
    (PLUGGED, {**DISK, "device": "vdc"}, "has it as vdb, not as vdc"),
    (PLUGGED, {**DISK, "capacity_bytes": 512}, "no guest bears that it shrinks"),
])
def test_a_guest_disk_that_cannot_be(current: dict[str, Any], desired: dict[str, Any], cause: str) -> None:
    with pytest.raises(NodeError, match=cause):
        guest_disks.plan(current, desired)


def test_template_plan() -> None:
    wanted = {"path": "/srv/t"}
    assert verbs(templates.plan({}, wanted)) == ["copy"]
    assert verbs(templates.plan(wanted, wanted)) == []
    assert verbs(templates.plan(wanted, None)) == ["remove"]
    assert verbs(templates.plan({}, None)) == []


ORIGIN = {"url": "http://a/x", "format": "QCOW2", "expected": None}
IMAGE = {"path": "/s/x", "origin": ORIGIN}


@pytest.mark.parametrize(("current", "desired", "steps"), [
    ({}, IMAGE, ["fetch"]),
    (IMAGE, IMAGE, []),
    (IMAGE, {**IMAGE, "origin": {**ORIGIN, "expected": "md5:ab"}}, ["fetch"]),
    (IMAGE, {**IMAGE, "origin": {**ORIGIN, "url": "http://b/x"}}, ["fetch"]),
    (IMAGE, None, ["remove"]),
    ({}, None, []),
])
def test_image_plan(current: dict[str, Any], desired: dict[str, Any] | None, steps: list[str]) -> None:
    assert verbs(store_images.plan(current, desired)) == steps


@pytest.mark.parametrize(("current", "desired", "steps"), [
    ({"path": "/s", "export": None, "mounted": False}, {"path": "/s", "export": None}, []),
    ({}, {"path": "/m", "export": "h:/e"}, ["attach"]),
    ({"path": "/m", "export": "h:/e", "mounted": True}, {"path": "/m", "export": "h:/e"}, []),
    ({"path": "/m", "export": "h:/e", "mounted": True}, None, ["detach"]),
    ({"path": "/s", "export": None, "mounted": False}, None, []),
    ({}, None, []),
])
def test_store_plan(current: dict[str, Any], desired: dict[str, Any] | None, steps: list[str]) -> None:
    assert verbs(stores.plan(current, desired)) == steps


VLAN = {"name": "breth1-300", "interface": "eth1.300", "uplink": "eth1", "vlan": 300}
WHOLE = {**VLAN, "bridge": True, "bridge_up": True, "vlan_up": True, "ports": ["eth1.300", "vnet0"]}


@pytest.mark.parametrize(("current", "steps"), [
    (VLAN, ["add_vlan", "add_bridge", "plug", "set_up", "set_up"]),
    ({**VLAN, "vlan_up": False}, ["add_bridge", "plug", "set_up", "set_up"]),
    (WHOLE, []),
    ({**WHOLE, "bridge_up": False}, ["set_up"]),
    ({**WHOLE, "ports": ["vnet0"]}, ["plug"]),
])
def test_bridge_plan(current: dict[str, Any], steps: list[str]) -> None:
    assert verbs(bridges.plan(current, VLAN)) == steps


def test_a_bridge_in_use_stays() -> None:
    with pytest.raises(NodeError, match="vnet0 still plugged into breth1-300"):
        bridges.plan(WHOLE, None)


@pytest.mark.parametrize(("current", "steps"), [
    ({}, []),
    ({**WHOLE, "ports": ["eth1.300"]}, ["delete", "delete"]),
    ({**WHOLE, "bridge": False, "ports": []}, ["delete"]),
    ({**WHOLE, "vlan_up": None, "ports": []}, ["delete"]),
])
def test_bridge_removal_plan(current: dict[str, Any], steps: list[str]) -> None:
    assert verbs(bridges.plan(current, None)) == steps


@pytest.mark.parametrize(("uplink", "vlan"), [("eth1", 300), ("enp0s31f6", 4094), ("a-very-long-name", 17)])
def test_bridge_names_fit_the_kernel(uplink: str, vlan: int) -> None:
    names = bridges.names(uplink, vlan)
    assert all(len(name) <= 15 and name.endswith(str(vlan)) for name in names)
    assert len(set(names)) == 2


@pytest.mark.parametrize(("kinds", "expected"), [
    ({"eth1": None, "vnet0": "tun", "sr12": "veth"}, "eth1"),
    ({"bond0": "bond", "vnet0": "tun"}, "bond0"),
])
def test_uplink(kinds: dict[str, str | None], expected: str) -> None:
    assert bridges.uplink_of("cloudbr0", kinds) == expected


@pytest.mark.parametrize(("kinds", "found"), [({"vnet0": "tun"}, "none"), ({"eth1": None, "eth2": None}, "eth1, eth2")])
def test_a_bridge_without_one_uplink_carries_no_vlan(kinds: dict[str, str | None], found: str) -> None:
    with pytest.raises(NodeError, match=f"it has {found}$"):
        bridges.uplink_of("cloudbr0", kinds)


def guest(state: str, persistent: bool = False, uuid: str = UUID) -> dict[str, Any]:
    return {"uuid": uuid, "state": state, "persistent": persistent}


def wanted(state: str, force: bool = False, log: bool = True) -> dict[str, Any]:
    return {"uuid": UUID, "state": state, "force": force, "log": log}


@pytest.mark.parametrize(("current", "desired", "steps"), [
    ({}, wanted("running"), ["start"]),
    (guest("running"), wanted("running"), []),
    (guest("paused"), wanted("running"), ["resume"]),
    (guest("off", persistent=True), wanted("running"), ["undefine", "start"]),
    ({}, wanted("stopped"), []),
    (guest("running"), wanted("stopped"), ["shut_down"]),
    (guest("paused"), wanted("stopped", force=True), ["kill"]),
    (guest("running", persistent=True), wanted("stopped"), ["shut_down", "undefine"]),
    (guest("off", persistent=True), wanted("stopped"), ["undefine"]),
    ({}, wanted("absent", log=False), []),
    ({}, wanted("absent"), ["remove_log"]),
    (guest("running"), wanted("absent"), ["kill", "remove_log"]),
    (guest("running", uuid=OTHER), wanted("stopped"), []),
    (guest("running", uuid=OTHER), wanted("absent"), []),
])
def test_domain_plan(current: dict[str, Any], desired: dict[str, Any], steps: list[str]) -> None:
    assert verbs(domains.plan(current, desired)) == steps


@pytest.mark.parametrize("state", ["running", "paused", "off"])
def test_a_guest_never_runs_under_a_foreign_name(state: str) -> None:
    with pytest.raises(NodeError, match=f"with UUID {OTHER} is on this host"):
        domains.plan(guest(state, uuid=OTHER), wanted("running"))
