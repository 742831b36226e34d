"""apache-libcloud's CloudStack driver: one test a method, skipped while the cloud lacks a command the method sends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from libcloud.compute.drivers.cloudstack import CloudStackNodeDriver
from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState, Provider, StorageVolumeState

from .conftest import Running
from .libcloud_methods import commands_of_methods

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOrMU/nS1A9xXDCUpNAIj4zX+mAZv999TabWU07m3UWO somebody"
METHODS = commands_of_methods()


@pytest.fixture(scope="module")
def commands(running: Running) -> frozenset[str]:
    return running.commands


@pytest.fixture(autouse=True)
def skip_without_commands(request: pytest.FixtureRequest, commands: frozenset[str]) -> None:
    method = request.node.function.__name__.removeprefix("test_")
    missing = METHODS.get(method, frozenset()) - commands
    if missing:
        pytest.skip(f"the cloud has no {', '.join(sorted(missing))} yet")


def test_every_method_whose_commands_there_are_has_a_test(commands):
    """A method without one fails here: write ``test_<method>``."""
    tests = {name.removeprefix("test_") for name in dir(sys.modules[__name__]) if name.startswith("test_")}
    missing = [name for name, sent in METHODS.items() if sent <= commands and name not in tests]
    assert missing == []
    assert len(METHODS) > 80


@pytest.fixture(scope="module")
def driver(running: Running) -> CloudStackNodeDriver:
    made = get_driver(Provider.CLOUDSTACK)(running.key, running.secret, secure=False, host="127.0.0.1",
                                           port=running.port, path="/client/api")
    made.connection.poll_interval = 0.05
    return made


@pytest.fixture(scope="module")
def location(driver, running):
    return next(zone for zone in driver.list_locations() if zone.id == running.zone.zone)


@pytest.fixture(scope="module")
def image(driver, running):
    return next(image for image in driver.list_images() if image.id == running.zone.template)


@pytest.fixture(scope="module")
def size(driver, running):
    return next(size for size in driver.list_sizes() if size.id == running.zone.offering)


@pytest.fixture(scope="module")
def make_node(driver, running, location, image, size) -> Iterator[Callable[..., Any]]:
    made = []

    def make(name: str, **more: Any) -> Any:
        networks = [n for n in driver.ex_list_networks() if n.id == running.zone.network]
        made.append(driver.create_node(name=name, size=size, image=image, location=location, networks=networks,
                                       **{"ex_start_vm": True, **more}))  # it says false unless told
        return made[-1]

    yield make
    there = {vm["id"] for vm in running.api.items("listVirtualMachines", listall=True)}
    for node in made:
        if node.id in there:
            running.api.job("destroyVirtualMachine", id=node.id, expunge=True)


@pytest.fixture(scope="module")
def node(make_node):
    return make_node("libcloud")


def find(items: list[Any], name: str) -> Any:
    return next((item for item in items if item.name == name), None)


def refreshed(driver: Any, node: Any) -> Any:
    return next((other for other in driver.list_nodes() if other.id == node.id), None)


def test_list_locations(driver):
    assert find(driver.list_locations(), "sim") is not None


def test_list_images(driver, location):
    image = find(driver.list_images(location), "tiny")
    assert image.extra["format"] == "QCOW2"
    assert image.extra["hypervisor"] == "Simulator"


def test_list_sizes(driver):
    size = find(driver.list_sizes(), "Small Instance")
    assert (size.ram, size.extra["cpu"]) == (512, 1)


def test_create_node(make_node):
    node = make_node("created", ex_displayname="Made by libcloud", ex_userdata="#!/bin/sh\ntrue")
    assert (node.name, node.state) == ("created", NodeState.RUNNING)
    assert node.private_ips[0].startswith("10.1.1.")


def test_list_nodes(driver, location, node):
    found = find(driver.list_nodes(location=location), "libcloud")
    assert (found.id, found.state, found.extra["ip_addresses"]) == (node.id, NodeState.RUNNING, [])


def test_ex_get_node(driver, node):
    assert driver.ex_get_node(node.id).name == "libcloud"


def test_reboot_node(driver, node):
    assert driver.reboot_node(node) is True


def test_ex_stop(driver, node):
    assert driver.ex_stop(node) == "Stopped"
    driver.ex_start(node)


def test_ex_start(driver, node):
    driver.ex_stop(node)
    assert driver.ex_start(node) == "Running"


def test_ex_restore(driver, node, image):
    assert driver.ex_restore(node, image) == image.id


def test_ex_change_node_size(driver, node):
    medium = find(driver.list_sizes(), "Medium Instance")
    driver.ex_stop(node)
    assert driver.ex_change_node_size(node, medium) == medium.id
    driver.ex_start(node)


def test_destroy_node(driver, make_node):
    node = make_node("shortlived")
    assert driver.destroy_node(node, ex_expunge=True) is True
    assert driver.destroy_node(make_node("destroyed")) is True


def test_ex_list_disk_offerings(driver):
    assert {"Small", "Medium", "Large", "Custom"} <= {offering.name for offering in driver.ex_list_disk_offerings()}


def test_ex_list_networks(driver, running):
    found = find(driver.ex_list_networks(), "guests")
    assert (found.id, found.zoneid) == (running.zone.network, running.zone.zone)


def test_ex_list_network_offerings(driver):
    found = find(driver.ex_list_network_offerings(), "DefaultSharedNetworkOffering")
    assert found.guest_ip_type == "Shared"


def test_ex_create_network(driver, location):
    """It names no VLAN and no first address, so only isolated networks can be made by it."""
    isolated = find(driver.ex_list_network_offerings(), "DefaultIsolatedNetworkOfferingWithSourceNatService")
    with pytest.raises(Exception, match="guest type Isolated is not offered by this installation yet"):
        driver.ex_create_network("by libcloud", "by-libcloud", isolated, location, "10.5.1.1", "255.255.255.0")


def test_ex_delete_network(driver, running):
    offering = find(driver.ex_list_network_offerings(), "DefaultSharedNetworkOffering")
    running.api.one("createNetwork", zoneid=running.zone.zone, name="spare", displaytext="spare", vlan="77",
                    networkofferingid=offering.id, gateway="10.77.1.1", netmask="255.255.255.0",
                    startip="10.77.1.10")
    assert driver.ex_delete_network(find(driver.ex_list_networks(), "spare")) is True
    assert find(driver.ex_list_networks(), "spare") is None


def test_ex_list_projects(driver, running):
    made = running.api.job("createProject", name="of-libcloud", displaytext="of libcloud")
    assert find(driver.ex_list_projects(), "of-libcloud").id == made["id"]
    running.api.job("deleteProject", id=made["id"])


@pytest.fixture(scope="module")
def make_volume(driver, running, location) -> Iterator[Callable[..., Any]]:
    made = []

    def make(name: str, **more: Any) -> Any:
        made.append(driver.create_volume(size=5, name=name, location=location, **more))
        return made[-1]

    yield make
    there = {volume["id"] for volume in running.api.items("listVolumes", listall=True)}
    for volume in made:
        if volume.id in there:
            running.api("deleteVolume", id=volume.id)


def test_create_volume(make_volume):
    made = make_volume("data", ex_volume_type="Small")
    assert (made.name, made.size) == ("data", 5)
    assert make_volume("custom", ex_volume_type="Custom").size == 5


def test_list_volumes(driver, node):
    (root,) = driver.list_volumes(node)
    assert (root.state, root.extra["volume_type"]) == (StorageVolumeState.INUSE, "ROOT")
    assert root.id in {volume.id for volume in driver.list_volumes()}


def test_ex_get_volume(driver, node):
    (root,) = driver.list_volumes(node)
    assert driver.ex_get_volume(root.id).name == root.name


def test_attach_volume(driver, node, make_volume):
    volume = make_volume("attached")
    assert driver.attach_volume(node, volume) is True
    assert volume.id in {other.id for other in driver.list_volumes(node)}
    driver.detach_volume(volume)


def test_detach_volume(driver, node, make_volume):
    volume = make_volume("detached")
    driver.attach_volume(node, volume)
    assert driver.detach_volume(volume) is True
    assert volume.id not in {other.id for other in driver.list_volumes(node)}


def test_destroy_volume(driver, make_volume):
    volume = make_volume("gone")
    assert driver.destroy_volume(volume) is True
    assert volume.id not in {other.id for other in driver.list_volumes()}


@pytest.fixture
def key_pair(driver) -> Iterator[Any]:
    yield driver.create_key_pair("libcloud")
    if find(driver.list_key_pairs(), "libcloud") is not None:
        driver.delete_key_pair(driver.get_key_pair("libcloud"))


def test_create_key_pair(key_pair):
    assert "PRIVATE KEY" in key_pair.private_key


def test_list_key_pairs(driver, key_pair):
    assert find(driver.list_key_pairs(), "libcloud").fingerprint == key_pair.fingerprint


def test_get_key_pair(driver, key_pair):
    assert driver.get_key_pair("libcloud").fingerprint == key_pair.fingerprint


def test_delete_key_pair(driver, key_pair):
    assert driver.delete_key_pair(key_pair) is True
    assert find(driver.list_key_pairs(), "libcloud") is None


def test_import_key_pair_from_string(driver):
    imported = driver.import_key_pair_from_string("imported", PUBLIC_KEY)
    assert driver.get_key_pair("imported").fingerprint == imported.fingerprint
    driver.delete_key_pair(imported)


def test_ex_list_keypairs(driver, key_pair):
    with pytest.warns(UserWarning, match="deprecated"):
        assert key_pair.name in {pair["name"] for pair in driver.ex_list_keypairs()}


def test_ex_create_keypair(driver):
    with pytest.warns(UserWarning, match="deprecated"):
        assert "PRIVATE KEY" in driver.ex_create_keypair("older")["privateKey"]
    with pytest.warns(UserWarning, match="deprecated"):
        driver.ex_delete_keypair("older")


def test_ex_import_keypair_from_string(driver):
    with pytest.warns(UserWarning, match="deprecated"):
        assert driver.ex_import_keypair_from_string("older", PUBLIC_KEY)["keyName"] == "older"
    with pytest.warns(UserWarning, match="deprecated"):
        driver.ex_delete_keypair("older")


def test_ex_delete_keypair(driver, key_pair):
    with pytest.warns(UserWarning, match="deprecated"):
        assert driver.ex_delete_keypair(key_pair.name) is True


def test_ex_list_public_ips(driver):
    assert driver.ex_list_public_ips() == []


def test_ex_list_port_forwarding_rules(driver):
    assert driver.ex_list_port_forwarding_rules() == []


def test_ex_list_ip_forwarding_rules(driver):
    assert driver.ex_list_ip_forwarding_rules() == []


def test_ex_list_nics(driver, node, running):
    (nic,) = driver.ex_list_nics(node)
    assert nic.network_id == running.zone.network
    assert nic.ip_address == node.private_ips[0]


def test_ex_list_os_types(driver):
    assert "CentOS 5.6 (64-bit)" in {system["description"] for system in driver.ex_list_os_types()}


def test_ex_limits(driver):
    assert {"max_instances", "max_volumes", "max_cpu", "max_memory"} <= set(driver.ex_limits())


def test_ex_create_tags(driver, node):
    assert driver.ex_create_tags([node.id], "UserVm", {"team": "blue", "note": "a b"}) is True
    assert refreshed(driver, node).extra["tags"] == {"team": "blue", "note": "a b"}
    driver.ex_delete_tags([node.id], "UserVm", ["team", "note"])


def test_ex_delete_tags(driver, node):
    driver.ex_create_tags([node.id], "UserVm", {"team": "blue"})
    assert driver.ex_delete_tags([node.id], "UserVm", ["team"]) is True
    assert refreshed(driver, node).extra["tags"] == {}
