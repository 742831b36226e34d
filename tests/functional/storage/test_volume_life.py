"""Disks are made, attached to running and stopped machines, resized, detached and deleted."""

from __future__ import annotations

import time
from typing import Any

import pytest

from stratoform.reconcilers.cleaning import Cleaning
from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone

GIB = 2**30


@pytest.fixture
def zone(built_zone: Zone) -> Zone:
    return built_zone


def offering(api: Client, name: str = "Custom") -> str:
    return str(api.items("listDiskOfferings", name=name)[0]["id"])


def disk(api: Client, zone: Zone, name: str = "data", size: int | None = 2, kind: str = "Custom") -> Any:
    return api.job("createVolume", name=name, zoneid=zone.zone, diskofferingid=offering(api, kind), size=size)


def machine(api: Client, zone: Zone, name: str = "m", **more: Any) -> str:
    return str(api.job("deployVirtualMachine", **zone.deploy(name=name, **more))["id"])


def shown(api: Client, volume: Any) -> dict[str, Any]:
    return dict(api.one("listVolumes", id=volume["id"]))


def files(service: Service) -> dict[str, int]:
    """Disks' files on simulated pools, with their sizes."""
    return {key: spec["size_bytes"] for (_, _, key), spec in service.cloud.simulator.inventory("volume").items()}


def disks_of_guest(service: Service) -> list[tuple[int, str]]:
    """What the only simulated guest has: (device, file)."""
    (guest,) = service.cloud.simulator.inventory("domain").values()
    return [(d["device_id"], d["volume"]) for d in guest["disks"]]


def cleaning(service: Service) -> Cleaning:
    cloud = service.cloud
    return Cleaning(cloud.db, cloud.services.settings, cloud.jobs.wake, cloud.config.var)


def await_gone(api: Client) -> None:
    """Waits until there is no data disk any more."""
    limit = time.monotonic() + 10
    while api.items("listVolumes", type="DATADISK"):
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_a_disk_is_only_a_record_until_it_is_attached(zone: Zone, service: Service, api: Client) -> None:
    answer = api("createVolume", name="data", zoneid=zone.zone, diskofferingid=offering(api), size=2)
    made = api.await_job(answer["jobid"])
    assert made["id"] == answer["id"]
    assert (made["state"], made["type"], made["size"], made["name"]) == ("Allocated", "DATADISK", 2 * GIB, "data")
    assert (made["diskofferingname"], made["storagetype"]) == ("Custom", "shared")
    assert {"virtualmachineid", "deviceid", "storage", "path", "attached"}.isdisjoint(made)
    assert files(service) == {}
    events = {(e["type"], e["state"]) for e in api.items("listEvents", type="VOLUME.CREATE")}
    assert events == {("VOLUME.CREATE", "Scheduled"), ("VOLUME.CREATE", "Started"), ("VOLUME.CREATE", "Completed")}
    api("deleteVolume", id=made["id"])
    assert api.items("listVolumes") == []


def test_a_running_guest_gets_and_loses_a_disk(zone: Zone, service: Service, api: Client) -> None:
    vm, made = machine(api, zone), disk(api, zone)
    attached = api.job("attachVolume", id=made["id"], virtualmachineid=vm)
    assert (attached["state"], attached["deviceid"], attached["vmname"]) == ("Ready", 1, "m")
    assert attached["storage"] == "primary"
    assert "attached" in attached
    assert files(service)[made["id"]] == 2 * GIB
    assert disks_of_guest(service)[1] == (1, made["id"])

    detached = api.job("detachVolume", id=made["id"])
    assert {"virtualmachineid", "deviceid", "attached"}.isdisjoint(detached)
    assert (detached["state"], detached["storage"]) == ("Ready", "primary")
    assert len(disks_of_guest(service)) == 1
    assert made["id"] in files(service)  # its data waits for the next machine

    api.job("attachVolume", id=made["id"], virtualmachineid=vm, deviceid=5)
    assert disks_of_guest(service)[1] == (5, made["id"])
    api.job("detachVolume", virtualmachineid=vm, deviceid=5)
    api("deleteVolume", id=made["id"])
    assert made["id"] not in files(service)
    assert [v["type"] for v in api.items("listVolumes")] == ["ROOT"]


def test_a_stopped_machine_starts_with_its_disks(zone: Zone, service: Service, api: Client) -> None:
    vm, one, two = machine(api, zone), disk(api, zone, "one"), disk(api, zone, "two")
    api.job("stopVirtualMachine", id=vm)
    assert api.job("attachVolume", id=one["id"], virtualmachineid=vm)["state"] == "Ready"
    assert files(service)[one["id"]] == 2 * GIB
    api.job("attachVolume", id=two["id"], virtualmachineid=vm)
    api.job("startVirtualMachine", id=vm)
    assert disks_of_guest(service)[1:] == [(1, one["id"]), (2, two["id"])]
    api.job("rebootVirtualMachine", id=vm)
    assert disks_of_guest(service)[1:] == [(1, one["id"]), (2, two["id"])]
    api.job("stopVirtualMachine", id=vm)
    api.job("detachVolume", id=one["id"])
    api.job("startVirtualMachine", id=vm)
    assert disks_of_guest(service)[1:] == [(2, two["id"])]


def test_a_machine_that_never_ran_places_its_disks_when_it_starts(zone: Zone, service: Service, api: Client) -> None:
    vm, made = machine(api, zone, startvm=False), disk(api, zone)
    attached = api.job("attachVolume", id=made["id"], virtualmachineid=vm)
    assert (attached["state"], attached["virtualmachineid"]) == ("Allocated", vm)
    assert files(service) == {}
    api.job("startVirtualMachine", id=vm)
    assert shown(api, made)["state"] == "Ready"
    assert disks_of_guest(service)[1] == (1, made["id"])


def test_a_machine_is_deployed_with_a_data_disk_and_a_larger_root_disk(
    zone: Zone, service: Service, api: Client,
) -> None:
    vm = machine(api, zone, diskofferingid=offering(api), size=3, rootdisksize=4)
    root, data = sorted(api.items("listVolumes", virtualmachineid=vm), key=lambda v: v["deviceid"])
    assert (root["size"], data["size"], data["type"], data["state"]) == (4 * GIB, 3 * GIB, "DATADISK", "Ready")
    assert (data["deviceid"], data["diskofferingname"], root["serviceofferingname"]) == (1, "Custom", "Small Instance")
    assert files(service) == {root["id"]: 4 * GIB, data["id"]: 3 * GIB}
    assert disks_of_guest(service) == [(0, root["id"]), (1, data["id"])]


def test_data_disks_outlive_their_machine(zone: Zone, service: Service, api: Client) -> None:
    vm = machine(api, zone, diskofferingid=offering(api, "Small"))
    (data,) = api.items("listVolumes", virtualmachineid=vm, type="DATADISK")
    api.job("destroyVirtualMachine", id=vm)
    assert shown(api, data)["virtualmachineid"] == vm
    api.job("expungeVirtualMachine", id=vm)
    left = api.one("listVolumes")
    assert (left["id"], left["state"]) == (data["id"], "Ready")
    assert {"virtualmachineid", "deviceid", "attached"}.isdisjoint(left)
    assert list(files(service)) == [data["id"]]
    again = machine(api, zone, "again")
    api.job("attachVolume", id=data["id"], virtualmachineid=again)
    api.job("stopVirtualMachine", id=again)
    api.job("destroyVirtualMachine", id=again)
    api.job("detachVolume", id=data["id"])  # from a destroyed machine too
    api("deleteVolume", id=data["id"])
    assert data["id"] not in files(service)


@pytest.mark.parametrize("expunge", [True, False])
def test_a_machine_takes_disks_along_when_told_to(
    zone: Zone, service: Service, api: Client, expunge: bool,
) -> None:
    vm, made, left = machine(api, zone), disk(api, zone), disk(api, zone, "left")
    with pytest.raises(Refused, match="Invalid parameter volumeids: volume left is no data disk of virtual machine m"):
        api("destroyVirtualMachine", id=vm, volumeids=left["id"])
    api.job("attachVolume", id=made["id"], virtualmachineid=vm)
    api.job("attachVolume", id=left["id"], virtualmachineid=vm)
    api.job("destroyVirtualMachine", id=vm, volumeids=made["id"], expunge=expunge)
    assert (shown(api, made)["state"], shown(api, left)["state"]) == ("Destroy", "Ready")
    assert cleaning(service).volumes() == "1 disks to delete"
    limit = time.monotonic() + 10
    while made["id"] in files(service) and time.monotonic() < limit:
        time.sleep(0.01)
    assert left["id"] in files(service)
    assert made["id"] not in files(service)


def test_a_failed_deployment_leaves_none_of_its_disks(zone: Zone, service: Service, api: Client) -> None:
    service.cloud.simulator.trouble(operation="domain", cause="no luck")
    with pytest.raises(Refused, match="no luck"):
        machine(api, zone, diskofferingid=offering(api, "Small"))
    assert api.items("listVolumes", listall=True) == []
    assert files(service) == {}


@pytest.mark.parametrize(("where", "before"), [("Running", 1), ("Stopped", 1), ("nowhere", 1), ("never", 1)])
def test_a_disk_grows_wherever_it_is(zone: Zone, service: Service, api: Client, where: str, before: int) -> None:
    made = disk(api, zone, size=before)
    if where != "never":
        vm = machine(api, zone)
        api.job("attachVolume", id=made["id"], virtualmachineid=vm)
    if where == "Stopped":
        api.job("stopVirtualMachine", id=vm)
    if where == "nowhere":
        api.job("detachVolume", id=made["id"])
    assert api.job("resizeVolume", id=made["id"], size=3)["size"] == 3 * GIB
    assert files(service).get(made["id"]) == (3 * GIB if where != "never" else None)
    if where == "Running":
        with pytest.raises(Refused, match="no guest bears that a disk shrinks"):
            api("resizeVolume", id=made["id"], size=2, shrinkok=True)
        return
    with pytest.raises(Refused, match=r"Invalid parameter shrinkok: .* would shrink from 3221225472 to 2147483648"):
        api("resizeVolume", id=made["id"], size=2)
    assert api.job("resizeVolume", id=made["id"], size=2, shrinkok=True)["size"] == 2 * GIB
    assert files(service).get(made["id"]) == (2 * GIB if where != "never" else None)


def test_a_disk_takes_another_offering(zone: Zone, service: Service, api: Client) -> None:
    vm, made = machine(api, zone), disk(api, zone, kind="Small", size=None)
    api.job("attachVolume", id=made["id"], virtualmachineid=vm)
    with pytest.raises(Refused, match="the disk offering 'Small' of volume data has a fixed size; give another"):
        api("resizeVolume", id=made["id"], size=7)
    grown = api.job("resizeVolume", id=made["id"], diskofferingid=offering(api, "Medium"))
    assert (grown["size"], grown["diskofferingname"]) == (20 * GIB, "Medium")
    assert api.job("resizeVolume", id=made["id"], diskofferingid=offering(api), size=21)["size"] == 21 * GIB
    with pytest.raises(Refused, match="leaves it to you: give it in GB"):
        api("resizeVolume", id=made["id"], diskofferingid=offering(api))
    ssd = api.one("createDiskOffering", name="ssd", displaytext="-", disksize=30, tags="ssd")["id"]
    with pytest.raises(Refused, match="does not fit the disk offering 'ssd': it lacks ssd"):
        api("resizeVolume", id=made["id"], diskofferingid=ssd)
    root = api.one("listVolumes", virtualmachineid=vm, type="ROOT")
    assert api.job("resizeVolume", id=root["id"], size=1)["size"] == GIB
    with pytest.raises(Refused, match="is a root disk and follows its machine's service offering"):
        api("resizeVolume", id=root["id"], diskofferingid=ssd)
    assert files(service) == {root["id"]: GIB, made["id"]: 21 * GIB}


def test_limits_of_an_offering_reach_the_guest(zone: Zone, service: Service, api: Client) -> None:
    limited = api.one("createDiskOffering", name="slow", displaytext="-", disksize=1, bytesreadrate=1000,
                      iopswriterate=10)["id"]
    steady = api.one("createServiceOffering", name="steady", displaytext="-", cpunumber=1, cpuspeed=100, memory=64,
                     iopsreadrate=77)["id"]
    vm = machine(api, zone, serviceofferingid=steady, diskofferingid=limited)
    (guest,) = service.cloud.simulator.inventory("domain").values()
    assert [d["limits"] for d in guest["disks"]] == [
        {"read_iops_sec": 77}, {"read_bytes_sec": 1000, "write_iops_sec": 10}]
    root, data = sorted(api.items("listVolumes", virtualmachineid=vm), key=lambda v: v["deviceid"])
    assert (root["diskIopsReadRate"], data["diskBytesReadRate"]) == (77, 1000)
    api.job("resizeVolume", id=data["id"], diskofferingid=offering(api, "Small"))
    (guest,) = service.cloud.simulator.inventory("domain").values()
    assert guest["disks"][1]["limits"] == {}


@pytest.mark.parametrize(("change", "text"), [
    ({"name": None}, "parameter name is missing"),
    ({"diskofferingid": None}, "Invalid parameter diskofferingid: it is missing"),
    ({"zoneid": None}, "Invalid parameter zoneid: it is missing"),
    ({"size": None}, "Invalid parameter size: the disk offering 'Custom' leaves it to you"),
    ({"size": 5000}, r"Invalid parameter size: 5000 GB is not between 1 and 1024 GB"),
    ({"size": "big"}, "'big' is no whole number"),
    ({"miniops": 5}, "Invalid parameter miniops: the disk offering 'Custom' does not let you choose it"),
    ({"snapshotid": "x"}, "no snapshot with id 'x' exists"),
    ({"diskofferingid": "x"}, "no disk offering with id 'x' exists"),
])
def test_what_is_no_disk_is_refused(zone: Zone, api: Client, change: dict[str, Any], text: str) -> None:
    given = {"name": "data", "zoneid": zone.zone, "diskofferingid": offering(api), "size": 1}
    with pytest.raises(Refused, match=text):
        api("createVolume", **given | change)
    assert api.items("listVolumes") == []


def test_what_cannot_be_attached_detached_or_deleted(zone: Zone, service: Service, api: Client) -> None:
    vm, other, made = machine(api, zone), machine(api, zone, "other"), disk(api, zone)
    root = api.one("listVolumes", virtualmachineid=vm, type="ROOT")["id"]
    both = {"id": made["id"], "virtualmachineid": vm}

    def refused(text: str, command: str, **params: Any) -> None:
        with pytest.raises(Refused, match=text):
            api.job(command, **params)

    for device in (0, 3, 16):
        refused(f"Invalid parameter deviceid: {device} is no place of a data disk", "attachVolume", **both,
                deviceid=device)
    refused("it is a root disk", "attachVolume", id=root, virtualmachineid=other)
    refused("it is a root disk", "detachVolume", id=root)
    refused("it is a root disk", "deleteVolume", id=root)
    refused("it is not attached to a virtual machine", "detachVolume", id=made["id"])
    refused("give it, or virtualmachineid and deviceid", "detachVolume", virtualmachineid=vm)
    refused("has no disk of device 7", "detachVolume", virtualmachineid=vm, deviceid=7)
    refused("cannot be given together", "detachVolume", id=made["id"], virtualmachineid=vm)

    api.job("attachVolume", **both)
    refused("is attached to virtual machine m already", "attachVolume", **both)
    refused("it is attached to another virtual machine; detach it first", "attachVolume", id=made["id"],
            virtualmachineid=other)
    refused("it is attached to a virtual machine; detach it first", "deleteVolume", id=made["id"])
    second = disk(api, zone, "second")["id"]
    refused("deviceid 1 of virtual machine m is taken", "attachVolume", id=second, virtualmachineid=vm, deviceid=1)
    ann = service.user("ann")
    hers = disk(ann, zone, "hers")["id"]
    refused("virtual machine m belongs to another account", "attachVolume", id=hers, virtualmachineid=vm)
    api.job("destroyVirtualMachine", id=other)
    refused("virtual machine other is Destroyed; it must be Running or Stopped", "attachVolume", id=second,
            virtualmachineid=other)


def test_a_machine_has_places_for_fourteen_data_disks(zone: Zone, service: Service, api: Client) -> None:
    vm = machine(api, zone)
    places = []
    for number in range(14):
        made = disk(api, zone, f"d{number}", 1)
        places.append(api.job("attachVolume", id=made["id"], virtualmachineid=vm)["deviceid"])
    assert places == [1, 2, *range(4, 16)]
    with pytest.raises(Refused, match="has 14 data disks, the most there can be"):
        api("attachVolume", id=disk(api, zone, "more", 1)["id"], virtualmachineid=vm)
    assert len(disks_of_guest(service)) == 15


def test_a_disk_finds_no_place(zone: Zone, service: Service, api: Client) -> None:
    """1 TiB twice over-provisioned, 85 % of it: what the pool can promise is derived from the disks on it."""
    vm = machine(api, zone)
    one, two = disk(api, zone, "one", 1000), disk(api, zone, "two", 1000)
    api.job("attachVolume", id=one["id"], virtualmachineid=vm)
    with pytest.raises(Refused, match=r"No primary storage pool can take a disk of 1000.00 GB: 1 has less than"):
        api.job("attachVolume", id=two["id"], virtualmachineid=vm)
    assert shown(api, two)["state"] == "Allocated"
    assert "virtualmachineid" not in shown(api, two)
    api("updateConfiguration", name="custom.diskoffering.size.max", value=2000)
    with pytest.raises(Refused, match=r"its primary storage cannot promise 1000.00 GB more"):
        api.job("resizeVolume", id=one["id"], size=2000)
    assert shown(api, one)["size"] == 1000 * GIB
    api.job("detachVolume", id=one["id"])
    api("deleteVolume", id=one["id"])
    api.job("attachVolume", id=two["id"], virtualmachineid=vm)
    assert sorted(files(service).values()) == [64 * 2**20, 1000 * GIB]


def test_disks_that_are_placed_at_once_never_get_more_than_there_is(zone: Zone, service: Service, api: Client) -> None:
    machines = [machine(api, zone, f"m{number}") for number in range(4)]
    disks = [disk(api, zone, f"d{number}", 500)["id"] for number in range(4)]
    jobs = [api("attachVolume", id=made, virtualmachineid=vm)["jobid"]
            for made, vm in zip(disks, machines, strict=True)]
    refusals = []
    for job in jobs:
        try:
            api.await_job(job)
        except Refused as refused:
            refusals.append(refused.text)
    assert len(refusals) == 1
    assert "No primary storage pool can take a disk of 500.00 GB" in refusals[0]
    assert sum(size == 500 * GIB for size in files(service).values()) == 3


def test_storage_tags_lead_a_disk_to_its_pool(zone: Zone, api: Client) -> None:
    ssd = api.one("createDiskOffering", name="ssd", displaytext="-", disksize=1, tags="ssd")["id"]
    vm = machine(api, zone)
    made = api.job("createVolume", name="quick", zoneid=zone.zone, diskofferingid=ssd)
    with pytest.raises(Refused, match="1 lacks the tag 'ssd'"):
        api.job("attachVolume", id=made["id"], virtualmachineid=vm)
    api("createStoragePool", zoneid=zone.zone, podid=zone.pod, clusterid=zone.cluster, name="quick", tags="ssd",
        url="nfs://192.0.2.10/export/quick")
    assert api.job("attachVolume", id=made["id"], virtualmachineid=vm)["storage"] == "quick"
    fresh = machine(api, zone, "fresh", diskofferingid=ssd)
    assert {(v["type"], v["storage"]) for v in api.items("listVolumes", virtualmachineid=fresh)} == {
        ("ROOT", "primary"), ("DATADISK", "quick")}


def test_a_guest_that_does_not_let_go_keeps_its_disk(zone: Zone, service: Service, api: Client) -> None:
    vm, made = machine(api, zone), disk(api, zone)
    api.job("attachVolume", id=made["id"], virtualmachineid=vm)
    service.cloud.simulator.trouble(operation="guest_disk", cause="the guest did not let go of it")
    with pytest.raises(Refused, match="the guest did not let go of it"):
        api.job("detachVolume", id=made["id"])
    assert shown(api, made)["virtualmachineid"] == vm
    assert disks_of_guest(service)[1] == (1, made["id"])
    api.job("detachVolume", id=made["id"])


def test_a_disk_that_could_not_be_deleted_is_deleted_later(zone: Zone, service: Service, api: Client) -> None:
    vm, made = machine(api, zone), disk(api, zone)
    api.job("attachVolume", id=made["id"], virtualmachineid=vm)
    api.job("detachVolume", id=made["id"])
    service.cloud.simulator.trouble(operation="volume", cause="no luck")
    with pytest.raises(Refused, match="no luck"):
        api("deleteVolume", id=made["id"])
    assert (shown(api, made)["state"], shown(api, made)["destroyed"]) == ("Destroy", True)
    with pytest.raises(Refused, match="it is Destroy"):
        api("attachVolume", id=made["id"], virtualmachineid=vm)
    assert cleaning(service).volumes() == "1 disks to delete"
    await_gone(api)
    assert made["id"] not in files(service)


def test_limits_of_the_account_hold_for_disks(zone: Zone, service: Service, api: Client) -> None:
    ann = service.user("ann")
    with pytest.raises(Refused, match="may have at most 200 GiB of primary storage"):
        disk(ann, zone, size=201)
    made = disk(ann, zone, size=150)
    with pytest.raises(Refused, match="may have at most 200 GiB of primary storage"):
        ann("resizeVolume", id=made["id"], size=250)
    with pytest.raises(Refused, match="may have at most 200 GiB of primary storage"):
        ann("deployVirtualMachine", **zone.deploy(name="m", diskofferingid=offering(ann), size=60))
    assert disk(api, zone, size=300)["size"] == 300 * GIB


def test_disks_are_looked_for_in_many_ways(zone: Zone, api: Client) -> None:
    vm, made = machine(api, zone), disk(api, zone, "needle")

    def found(**filters: Any) -> list[str]:
        return [v["name"] for v in api.items("listVolumes", **filters) if v["type"] == "DATADISK"]

    root = api.one("listVolumes", virtualmachineid=vm)
    assert found() == found(ids=f"{made['id']},{root['id']}") == found(diskofferingid=offering(api)) == ["needle"]
    assert found(state="Allocated") == found(keyword="EEDL") == found(displayvolume=True) == ["needle"]
    assert found(state="Ready") == found(displayvolume=False) == found(diskofferingid=offering(api, "Small")) == []
    assert [v["id"] for v in api.items("listVolumes", serviceofferingid=zone.offering)] == [root["id"]]
    assert [v["id"] for v in api.items("listVolumes", clusterid=zone.cluster)] == [root["id"]]
    renamed = api.job("updateVolume", id=made["id"], name="pin", displayvolume=False)
    assert (renamed["name"], renamed["displayvolume"]) == ("pin", False)
    with pytest.raises(Refused, match="Invalid parameter state: where a disk is"):
        api("updateVolume", id=made["id"], state="Ready")
