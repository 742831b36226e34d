"""Machines change: names, groups, data, keys, and the size of stopped ones."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from sqlalchemy import select

from stratoform.jobs.tables import FAILED, SUCCEEDED, Job
from stratoform.reconcilers.cleaning import Cleaning
from stratoform.reconcilers.routers import Routers
from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOrMU/nS1A9xXDCUpNAIj4zX+mAZv999TabWU07m3UWO somebody"


@pytest.fixture
def zone(built_zone: Zone) -> Zone:
    return built_zone


def machine(api: Client, zone: Zone, name: str = "m", **more: Any) -> str:
    return str(api.job("deployVirtualMachine", **zone.deploy(name=name, **more))["id"])


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def metadata(service: Service) -> dict[str, Any]:
    """What the network's router tells its only guest, once the reconciler has been there."""
    cloud = service.cloud
    Routers(cloud.db, cloud.jobs.wake).repair()
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        with cloud.db.read() as session:
            if session.scalar(select(Job.id).where(Job.state.not_in((SUCCEEDED, FAILED))).limit(1)) is None:
                break
        time.sleep(0.01)
    (router,) = service.cloud.simulator.inventory("router").values()
    (told,) = router["metadata"].values()
    return {**told, "hostnames": [entry["hostname"] for entry in router["dhcp"]]}


def test_names_group_and_details_change(zone: Zone, service: Service, api: Client) -> None:
    vm = machine(api, zone, **{"details[0].colour": "red"})
    os_type = api.items("listOsTypes", description="Other Linux (64-bit)")[0]["id"]
    changed = api.one("updateVirtualMachine", id=vm, name="renamed", displayname="New name", group="web",
                      ostypeid=os_type, displayvm=True, haenable=False, isdynamicallyscalable=False,
                      **{"details[0].key": "shape", "details[0].value": "round"})
    assert (changed["name"], changed["displayname"], changed["group"]) == ("renamed", "New name", "web")
    assert (changed["guestosid"], changed["details"]) == (os_type, {"shape": "round"})
    assert changed["state"] == "Running"
    assert metadata(service)["hostnames"] == ["renamed"]
    assert metadata(service)["local-hostname"] == "renamed"
    assert api.one("updateVirtualMachine", id=vm)["name"] == "renamed"
    (event,) = api.items("listEvents", type="VM.UPDATE", keyword="New name")[:1]
    assert event["state"] == "Completed"


@pytest.mark.parametrize(("change", "text"), [
    ({"haenable": True}, "Invalid parameter haenable: .* not offered by this installation yet"),
    ({"isdynamicallyscalable": True}, "Invalid parameter isdynamicallyscalable: it is what template tiny says: false"),
    ({"userdata": "%%%"}, "Invalid parameter userdata: it is not base64"),
    ({"name": "no name"}, "'no name' is no host name"),
    ({"name": "TAKEN"}, "a virtual machine named 'TAKEN' is on that network already"),
    ({"details[0].memory": "512"}, "Invalid parameter details: memory changes with scaleVirtualMachine"),
    ({"ostypeid": "x"}, "no guest os with id 'x' exists"),
    ({"id": "x"}, "no virtual machine with id 'x' exists"),
])
def test_what_cannot_change(zone: Zone, api: Client, change: dict[str, Any], text: str) -> None:
    vm = machine(api, zone)
    machine(api, zone, "taken")
    before = api.one("listVirtualMachines", id=vm)
    with pytest.raises(Refused, match=text):
        api("updateVirtualMachine", **{"id": vm, **change})
    assert api.one("listVirtualMachines", id=vm) == before


def test_user_data_is_told_and_shown(zone: Zone, service: Service, api: Client) -> None:
    vm = machine(api, zone, userdata=encoded("one"))
    assert api.one("getVirtualMachineUserData", virtualmachineid=vm) == {
        "virtualmachineid": vm, "userdata": encoded("one")}
    api("updateVirtualMachine", id=vm, userdata=encoded("two"))
    assert api.one("getVirtualMachineUserData", virtualmachineid=vm)["userdata"] == encoded("two")
    assert metadata(service)["user-data"] == encoded("two")
    with pytest.raises(Refused, match="or it is not yours to use"):
        service.user("ann")("getVirtualMachineUserData", virtualmachineid=vm)


def test_a_stopped_machine_gets_another_key(zone: Zone, service: Service, api: Client) -> None:
    vm = machine(api, zone)
    api("registerSSHKeyPair", name="mine", publickey=KEY)
    with pytest.raises(Refused, match="virtual machine m is Running; it must be Stopped"):
        api("resetSSHKeyForVirtualMachine", id=vm, keypair="mine")
    api.job("stopVirtualMachine", id=vm)
    with pytest.raises(Refused, match="account admin has no ssh key pair named 'no'"):
        api("resetSSHKeyForVirtualMachine", id=vm, keypair="no")
    assert api.job("resetSSHKeyForVirtualMachine", id=vm, keypair="mine")["keypair"] == "mine"
    api.job("startVirtualMachine", id=vm)
    assert metadata(service)["public-keys"].startswith("ssh-ed25519 ")


@pytest.mark.parametrize("command", ["scaleVirtualMachine", "changeServiceForVirtualMachine"])
def test_a_stopped_machine_gets_another_size(zone: Zone, service: Service, api: Client, command: str) -> None:
    call = api.job if command == "scaleVirtualMachine" else api.one
    medium = api.items("listServiceOfferings", name="Medium Instance")[0]["id"]
    vm = machine(api, zone)
    with pytest.raises(Refused, match="is Running; it must be Stopped to get another service offering"):
        call(command, id=vm, serviceofferingid=medium)
    api.job("stopVirtualMachine", id=vm)
    changed = call(command, id=vm, serviceofferingid=medium)
    assert (changed["cpuspeed"], changed["memory"], changed["serviceofferingname"]) == (1000, 1024, "Medium Instance")
    assert api.one("listVolumes", virtualmachineid=vm)["serviceofferingname"] == "Medium Instance"
    api.job("startVirtualMachine", id=vm)
    (guest,) = service.cloud.simulator.inventory("domain").values()
    assert (guest["cpu_mhz"], guest["memory_mb"]) == (1000, 1024)

    api.job("stopVirtualMachine", id=vm)
    custom = api.one("createServiceOffering", name="custom", displaytext="-")["id"]
    with pytest.raises(Refused, match="Invalid parameter details: the offering custom is a custom one"):
        call(command, id=vm, serviceofferingid=custom)
    sized = call(command, id=vm, serviceofferingid=custom,
                 **{"details[0].cpuNumber": "2", "details[0].cpuSpeed": "300", "details[0].memory": "256"})
    assert (sized["cpunumber"], sized["cpuspeed"], sized["memory"]) == (2, 300, 256)
    assert sized["details"] == {"cpuNumber": "2", "cpuSpeed": "300", "memory": "256"}
    assert "details" not in call(command, id=vm, serviceofferingid=medium)


def test_sizes_that_do_not_fit_the_machine(zone: Zone, service: Service, api: Client) -> None:
    vm = machine(api, zone)
    api.job("stopVirtualMachine", id=vm)
    size = {"cpunumber": 1, "cpuspeed": 100, "memory": 64, "displaytext": "-"}
    local = api.one("createServiceOffering", name="local", storagetype="local", **size)["id"]
    ssd = api.one("createServiceOffering", name="ssd", tags="ssd", **size)["id"]
    with pytest.raises(Refused, match="'local' is for local storage; the machine's disk is on shared storage"):
        api("scaleVirtualMachine", id=vm, serviceofferingid=local)
    with pytest.raises(Refused, match="lacks ssd, which 'ssd' demands"):
        api("scaleVirtualMachine", id=vm, serviceofferingid=ssd)
    ann = service.user("ann")
    hers = machine(ann, zone, "hers")
    ann.job("stopVirtualMachine", id=hers)
    huge = api.one("createServiceOffering", name="huge", displaytext="-", cpunumber=50, cpuspeed=1, memory=64)["id"]
    with pytest.raises(Refused, match="may have at most 40 CPUs"):
        ann.job("scaleVirtualMachine", id=hers, serviceofferingid=huge)
    assert ann.one("listVirtualMachines", id=hers)["cpunumber"] == 1


def test_groups_of_machines(zone: Zone, service: Service, api: Client) -> None:
    ann = service.user("ann")
    web = ann.one("createInstanceGroup", name="web")
    assert (web["name"], web["account"], web["domain"]) == ("web", "ann", "ROOT")
    with pytest.raises(Refused, match="named 'web' exists already"):
        ann("createInstanceGroup", name="web")
    api("createInstanceGroup", name="web")
    vm = machine(ann, zone, group="web")
    assert ann.one("listVirtualMachines", groupid=web["id"])["id"] == vm
    assert ann.one("updateInstanceGroup", id=web["id"], name="shop")["name"] == "shop"
    assert [g["name"] for g in ann.items("listInstanceGroups", listall=True)] == ["shop"]
    assert sorted(g["name"] for g in api.items("listInstanceGroups", listall=True)) == ["shop", "web"]
    assert [g["name"] for g in api.items("listInstanceGroups", account="ann", domainid=web["domainid"])] == ["shop"]
    assert [g["name"] for g in api.items("listInstanceGroups", listall=True, keyword="HO")] == ["shop"]
    ann("deleteInstanceGroup", id=web["id"])
    assert "group" not in ann.one("listVirtualMachines", id=vm)
    ann("createInstanceGroup", name="shop")


def roots(service: Service) -> list[str]:
    """Files of disks that are made from a template."""
    return [key for (_, _, key), spec in service.cloud.simulator.inventory("volume").items() if spec["backing"]]


def test_a_machine_gets_a_fresh_root_disk(zone: Zone, service: Service, api: Client) -> None:
    custom = api.items("listDiskOfferings", name="Custom")[0]["id"]
    vm = machine(api, zone, diskofferingid=custom, size=1, rootdisksize=2)
    root, data = sorted(api.items("listVolumes", virtualmachineid=vm), key=lambda v: v["deviceid"])
    assert api.job("restoreVirtualMachine", virtualmachineid=vm)["state"] == "Running"
    fresh, kept = sorted(api.items("listVolumes", virtualmachineid=vm), key=lambda v: v["deviceid"])
    assert kept == data
    assert (fresh["size"], fresh["name"], fresh["state"]) == (root["size"], root["name"], "Ready")
    assert fresh["id"] != root["id"]
    (guest,) = service.cloud.simulator.inventory("domain").values()
    assert [d["volume"] for d in guest["disks"]] == [fresh["id"], data["id"]]
    assert api.one("listVolumes", id=root["id"])["state"] == "Destroy"
    cloud = service.cloud
    Cleaning(cloud.db, cloud.services.settings, cloud.jobs.wake, cloud.config.var).volumes()
    metadata(service)
    assert roots(service) == [fresh["id"]]

    other = api.one("registerTemplate", name="other", displaytext="-", format="QCOW2", hypervisor="Simulator",
                    ostypeid=api.items("listOsTypes")[0]["id"], zoneid=zone.zone, url="http://192.0.2.10/o.qcow2")["id"]
    zone.await_template(api, other)
    api.job("stopVirtualMachine", id=vm)
    restored = api.job("restoreVirtualMachine", virtualmachineid=vm, templateid=other)
    assert (restored["state"], restored["templatename"]) == ("Stopped", "other")
    assert api.one("listVolumes", virtualmachineid=vm, type="ROOT")["state"] == "Allocated"
    assert api.job("startVirtualMachine", id=vm)["state"] == "Running"


def test_a_machine_that_cannot_be_restored_keeps_its_disk(zone: Zone, service: Service, api: Client) -> None:
    vm = machine(api, zone)
    root = api.one("listVolumes", virtualmachineid=vm)
    service.cloud.simulator.trouble(operation="volume", cause="no luck")
    with pytest.raises(Refused, match="no luck"):
        api.job("restoreVirtualMachine", virtualmachineid=vm)
    assert api.one("listVirtualMachines", id=vm)["state"] == "Stopped"
    assert api.one("listVolumes")["id"] == root["id"]
    assert roots(service) == [root["id"]]
    assert api.job("startVirtualMachine", id=vm)["state"] == "Running"
    api.job("destroyVirtualMachine", id=vm)
    with pytest.raises(Refused, match="is Destroyed; it must be Running or Stopped"):
        api("restoreVirtualMachine", virtualmachineid=vm)
