"""A real guest from image to removal: address, ssh, user data, clean shutdown, no trace."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.node import virt
from ansible_collections.stratoform.cloud.plugins.module_utils.node.bridges import Bridge
from ansible_collections.stratoform.cloud.plugins.module_utils.node.domains import Domain
from ansible_collections.stratoform.cloud.plugins.module_utils.node.errors import NodeError

from tests.contract.host.conftest import MAC, NAME, Ssh
from tests.support.host import run, wait_for

LOG = Path("/var/log/stratoform/console", f"{NAME}.log")


def names() -> list[str]:
    return [domain.name() for domain in virt.connection().listAllDomains()]


def test_a_guest_lives_and_leaves_nothing(guest: dict[str, Any], ssh: Ssh) -> None:
    first, second = Domain.converge(guest), Domain.converge(guest)
    assert [first.changed, second.changed] == [True, False]
    assert first.value == second.value
    assert first.value["vnc_port"] >= 5900

    assert wait_for(lambda: ssh("hostname"), 60) == "real\n"
    assert wait_for(lambda: ssh("cat /tmp/user-data-was-here"), 20) == "{{ 7*7 }} 42\n"
    wait_for(lambda: ssh("pidof acpid"), 20)

    started = time.monotonic()
    assert Domain.converge({**guest, "state": "stopped"}).changed
    assert time.monotonic() - started < 10  # by ACPI; the limit would be 20 s
    assert not Domain.converge({**guest, "state": "stopped"}).changed
    assert NAME not in names()
    assert LOG.stat().st_size > 0

    assert Domain.converge({**guest, "state": "absent"}).changed
    assert not Domain.converge({**guest, "state": "absent"}).changed
    assert not LOG.exists()


def test_a_guest_that_ignores_the_button_is_ended(guest: dict[str, Any]) -> None:
    Domain.converge(guest)  # its firmware has only begun
    assert Domain.converge({**guest, "state": "stopped", "shutdown_timeout_s": 0.3}).changed
    assert NAME not in names()
    Domain.converge(guest)
    assert Domain.converge({**guest, "state": "stopped", "force": True}).changed
    assert NAME not in names()


def test_a_guest_of_the_same_name_is_left_alone(guest: dict[str, Any]) -> None:
    Domain.converge(guest)
    other = {**guest, "uuid": str(uuid.uuid4())}
    with pytest.raises(NodeError, match=f"a guest of this name with UUID {guest['uuid']}"):
        Domain.converge(other)
    for state in ("stopped", "absent"):
        assert not Domain.converge({**other, "state": state}).changed
    assert NAME in names()


def test_a_paused_guest_and_a_leftover_definition(guest: dict[str, Any]) -> None:
    Domain.converge(guest)
    domain = virt.connection().lookupByName(NAME)
    domain.suspend()
    assert Domain.converge(guest).changed
    assert domain.isActive()
    virt.connection().defineXML(domain.XMLDesc())  # somebody made it persistent
    domain.destroy()
    assert NAME in names()
    assert Domain.converge(guest).changed
    assert not virt.connection().lookupByName(NAME).isPersistent()


@pytest.mark.parametrize(("changes", "cause"), [
    ({"disks": [{"pool_uuid": "{pool}", "volume": "no"}]}, r"volume .*/no does not exist on this host"),
    ({"disks": [{"pool_uuid": "0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d", "volume": "v"}]}, "is not known on this host"),
    ({"nics": [{"mac": MAC, "bridge": "no-such-br"}]}, "there is no bridge no-such-br on this host"),
    ({"nics": [{"mac": "x'/>", "bridge": "sfbr-test0"}]}, "is not a valid MAC address"),
    ({"name": "a'b<c>"}, "is not a valid instance name"),
    ({"vcpus": 0}, "vcpus and memory_mb must be positive"),
    ({"memory_mb": 1 << 40}, "Failed to start guest"),
])
def test_what_cannot_run_is_said_and_leaves_nothing(
    guest: dict[str, Any], pool: str, changes: dict[str, Any], cause: str
) -> None:
    for disk in changes.get("disks", []):
        disk["pool_uuid"] = disk["pool_uuid"].format(pool=pool)
    with pytest.raises(NodeError, match=cause):
        Domain.converge({**guest, **changes})
    assert NAME not in names()


def test_untagged_and_tagged_bridges(bridge: str) -> None:
    result = Bridge.converge({"label": bridge, "vlan": None})
    assert (result.changed, result.value) == (False, {"name": bridge})
    with pytest.raises(NodeError, match="needs exactly one uplink to carry a VLAN; it has none"):
        Bridge.converge({"label": bridge, "vlan": 300})
    with pytest.raises(NodeError, match="there is no bridge no-such-br on this host"):
        Bridge.converge({"label": "no-such-br", "vlan": None})
    run("ip", "link", "set", bridge, "down")
    with pytest.raises(NodeError, match=f"bridge {bridge} is down"):
        Bridge.converge({"label": bridge, "vlan": None})
    assert not Bridge.converge({"label": bridge, "vlan": None, "state": "absent"}).changed
    assert Path("/sys/class/net", bridge).exists()
