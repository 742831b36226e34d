"""Instances: power, names shared with destroyed ones, what the API spells otherwise."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Outcome
from ansible_collections.stratoform.cloud.plugins.modules.instance import Instance, power_commands, wanted_power
from fake_cloud import FakeCloud, Row

WANTED = [
    ("present", None, "Running"),
    ("present", "Stopped", "Stopped"),
    ("present", "Running", "Running"),
    ("present", "Destroyed", "Running"),
    ("present", "Error", "Running"),
    ("started", "Stopped", "Running"),
    ("stopped", "Running", "Stopped"),
    ("stopped", None, "Stopped"),
    ("restarted", "Running", "Rebooted"),
    ("restarted", None, "Running"),
]


@pytest.mark.parametrize(("state", "power", "wanted"), WANTED)
def test_what_a_state_means(state: str, power: str | None, wanted: str) -> None:
    """For an instance as it is."""
    assert wanted_power(state, power) == wanted


COMMANDS = [
    ("Stopped", "Running", ["startVirtualMachine"]),
    ("Running", "Stopped", ["stopVirtualMachine"]),
    ("Destroyed", "Running", ["recoverVirtualMachine", "startVirtualMachine"]),
    ("Destroyed", "Stopped", ["recoverVirtualMachine"]),
    ("Running", "Rebooted", ["rebootVirtualMachine"]),
    ("Stopped", "Rebooted", ["startVirtualMachine"]),
]


@pytest.mark.parametrize(("power", "wanted", "commands"), COMMANDS)
def test_the_way_from_power_to_power(power: str, wanted: str, commands: list[str]) -> None:
    """In order."""
    assert power_commands(power, wanted) == commands


class InstanceCloud(FakeCloud):
    """The verbs of virtual machines."""

    states: Mapping[str, str] = {
        "startVirtualMachine": "Running",
        "stopVirtualMachine": "Stopped",
        "rebootVirtualMachine": "Running",
        "recoverVirtualMachine": "Stopped",
        "destroyVirtualMachine": "Destroyed",
        "expungeVirtualMachine": "Expunging",
    }

    def _obey(self, command: str, params: dict[str, str]) -> Row:
        if command == "deployVirtualMachine":
            state = "Running" if params.get("startvm") == "true" else "Stopped"
            return {"virtualmachine": self.add("virtualmachine", **{**params, "state": state})}
        if command not in self.states:
            return super()._obey(command, params)
        (row,) = [row for row in self.rows["virtualmachine"] if row["id"] == params["id"]]
        row["state"] = "Expunging" if params.get("expunge") == "true" else self.states[command]
        return {"virtualmachine": row}


@pytest.fixture
def cloud() -> InstanceCloud:
    """A zone, a network, and nothing in it."""
    cloud = InstanceCloud()
    cloud.add("zone", name="z")
    cloud.add("network", name="n")
    return cloud


def converge(cloud: InstanceCloud, state: str, check_mode: bool = False, **options: Any) -> Outcome:
    """One task."""
    unset = {field.name: field.default for field in Instance.fields}
    declared = {**unset, "wait": True, "name": "i", "zone": "z", "state": state, **options}
    return Instance(declared, cloud.api()).converge(check_mode)


LIVES: list[tuple[list[str], list[str]]] = [
    (["present", "present", "started"], ["deployVirtualMachine"]),
    (["stopped", "stopped", "present", "started"], ["deployVirtualMachine", "startVirtualMachine"]),
    (["present", "restarted"], ["deployVirtualMachine", "rebootVirtualMachine"]),
    (["present", "absent", "absent"], ["deployVirtualMachine", "destroyVirtualMachine"]),
    (
        ["present", "absent", "present"],
        ["deployVirtualMachine", "destroyVirtualMachine", "recoverVirtualMachine", "startVirtualMachine"],
    ),
    (["present", "expunged", "expunged"], ["deployVirtualMachine", "destroyVirtualMachine"]),
    (["present", "absent", "expunged"], ["deployVirtualMachine", "destroyVirtualMachine", "expungeVirtualMachine"]),
    (["present", "expunged", "present"], ["deployVirtualMachine", "destroyVirtualMachine", "deployVirtualMachine"]),
]


@pytest.mark.parametrize(("states", "commands"), LIVES, ids=[" ".join(states) for states, _ in LIVES])
def test_lives(cloud: InstanceCloud, states: list[str], commands: list[str]) -> None:
    """One task after another."""
    for state in states:
        foretold = converge(cloud, state, check_mode=True)
        done = converge(cloud, state)
        assert (foretold.changed, foretold.before, foretold.after) == (done.changed, done.before, done.after)
    assert cloud.commands() == commands


def test_what_never_came_to_life_is_deployed_anew(cloud: InstanceCloud) -> None:
    """So that repeating after the repair works."""
    cloud.add("virtualmachine", name="i", state="Error")
    assert converge(cloud, "present").item["state"] == "Running"
    assert cloud.commands() == ["destroyVirtualMachine", "deployVirtualMachine"]


def test_a_moving_instance_is_waited_for(cloud: InstanceCloud) -> None:
    """Its power can be told only afterwards."""
    row = cloud.add("virtualmachine", name="i", state="Starting")
    sleep = cloud.sleep

    def started(seconds: float) -> None:
        sleep(seconds)
        row["state"] = "Running"

    cloud.sleep = started  # type: ignore[method-assign]
    assert not converge(cloud, "started").changed


def test_user_data_and_networks_travel_as_the_api_takes_them(cloud: InstanceCloud) -> None:
    """Base64; ids."""
    converge(cloud, "present", user_data="#!ü", ip_to_networks=[{"network": "n", "ip": "10.0.0.9", "ipv6": None}])
    sent = cloud.sent("deployVirtualMachine")
    assert base64.b64decode(sent["userdata"]).decode() == "#!ü"
    assert sent["iptonetworklist[0].ip"] == "10.0.0.9"
    assert sent["iptonetworklist[0].networkid"] == cloud.rows["network"][0]["id"]


def test_its_networks_and_address_are_compared(cloud: InstanceCloud) -> None:
    """By the interfaces the API shows."""
    nic = {"networkid": cloud.rows["network"][0]["id"], "networkname": "n", "ipaddress": "10.0.0.9", "isdefault": True}
    cloud.add("virtualmachine", name="i", state="Running", nic=[nic])
    assert not converge(cloud, "present", networks=["n"], ip_address="10.0.0.9").changed
    with pytest.raises(CloudError, match=r"ip_address cannot be changed from '10\.0\.0\.9' to '10\.0\.0\.8'"):
        converge(cloud, "present", ip_address="10.0.0.8")
