"""Hosts, storage and templates whose machines misbehave: the cause is told, nothing is left, it can be repeated."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.functional.faults.conftest import FAILURES, Cloud, no_host_in, refused

pytestmark = pytest.mark.sqlite_only

CAUSE = "Failed to look around: it is dark"


def add_host(cloud: Cloud, name: str = "h1") -> str:
    zone = cloud.zone
    return str(cloud.admin.one("addHost", zoneid=zone.zone, podid=zone.pod, clusterid=zone.cluster, username="root",
                               hypervisor="Simulator", password="x", url=f"http://sim/c0/{name}")["id"])


def add_pool(cloud: Cloud) -> str:
    zone = cloud.zone
    return str(cloud.admin.one("createStoragePool", zoneid=zone.zone, podid=zone.pod, clusterid=zone.cluster,
                               name="fresh", url="nfs://192.0.2.10/export/fresh")["id"])


def add_store(cloud: Cloud) -> str:
    return str(cloud.admin.one("addImageStore", zoneid=cloud.zone.zone, name="fresh", provider="NFS",
                               url="nfs://192.0.2.10/export/store")["id"])


def add_old_store(cloud: Cloud) -> str:
    return str(cloud.admin.one("addSecondaryStorage", zoneid=cloud.zone.zone,
                               url="nfs://192.0.2.10/export/store")["id"])


ADDITIONS = [
    pytest.param(add_host, "facts", "deleteHost", "listHosts", id="host-facts"),
    pytest.param(add_host, "pool", "deleteHost", "listHosts", id="host-pools"),
    pytest.param(add_pool, "pool", "deleteStoragePool", "listStoragePools", id="pool"),
    pytest.param(add_store, "image_store", "deleteImageStore", "listImageStores", id="image store"),
    pytest.param(add_old_store, "image_store", "deleteImageStore", "listImageStores", id="secondary storage"),
]


@pytest.mark.parametrize(("add", "operation", "delete", "listing"), ADDITIONS)
def test_what_cannot_be_added_leaves_nothing_and_can_be_added_later(
    cloud: Cloud, add: Callable[[Cloud], str], operation: str, delete: str, listing: str,
) -> None:
    before = cloud.look()
    listed = cloud.admin.items(listing)
    for failure, code in FAILURES.items():
        cloud.trouble(operation=operation, failure=failure, cause=CAUSE)
        refusal = refused(add, cloud)
        assert refusal.code == code
        assert CAUSE in refusal.text
        assert refusal.text != CAUSE  # and where
        cloud.unchanged(before)
        assert cloud.admin.items(listing) == listed
    added = add(cloud)
    assert len(cloud.admin.items(listing)) == len(listed) + 1
    _cannot_be_deleted(cloud, delete, operation, added)
    cloud.admin(delete, id=added)
    cloud.unchanged(before)


def _cannot_be_deleted(cloud: Cloud, delete: str, operation: str, added: str) -> None:
    """A deletion that fails leaves what was to go in a stable state, and usable."""
    for failure, code in FAILURES.items():
        if operation == "facts":
            return
        cloud.trouble(operation=operation, failure=failure, cause=CAUSE)
        refusal = refused(cloud.admin, delete, id=added)
        assert refusal.code == code
        assert CAUSE in refusal.text
        assert cloud.look()["locks"] == []


def test_an_unreachable_host_is_named_and_no_host(cloud: Cloud) -> None:
    cloud.trouble(operation="facts", failure="unreachable", cause="ssh: connect to host: no route")
    refusal = refused(add_host, cloud, "h9")
    assert refusal.text == "Host http://sim/c0/h9 could not be reached: ssh: connect to host: no route"
    rita = cloud.service.user("rita", 3)
    cloud.trouble(operation="facts", failure="unreachable", cause="ssh: connect to host: no route")
    cloud.admin = rita
    refusal = refused(add_host, cloud, "h9")
    assert no_host_in(refusal.text)
    assert len(rita.items("listHosts")) == 1


def test_a_pool_that_only_one_of_two_hosts_can_attach_is_taken_off_the_first(cloud: Cloud) -> None:
    add_host(cloud)
    before = cloud.look()
    for failure in FAILURES:
        cloud.trouble(operation="pool", failure=failure, cause=CAUSE, host="*/h1")
        assert "h1" in refused(add_pool, cloud).text
        cloud.unchanged(before)
    pool = add_pool(cloud)
    held = [key for key in cloud.service.cloud.simulator.inventory("pool") if key[2] == pool]
    assert len(held) == 2


DOWNLOADS = {
    "fail": ("Failed to download http://images.example.org/x.qcow2: the server answered 404 Not Found",) * 2,
    "unreachable": ("no route", "The host could not be reached; try again when it is back"),
    "timeout": ("no answer within 4 h", "The host did not answer in time; try again when it is back"),
}
"""Kind of failure to the cause and what users read."""


@pytest.mark.parametrize("failure", DOWNLOADS)
def test_a_download_that_fails_says_why_and_can_be_repeated(cloud: Cloud, failure: str) -> None:
    cause, told = DOWNLOADS[failure]
    before = cloud.look()
    cloud.trouble(operation="image", failure=failure, cause=cause)
    template = cloud.register(cloud.user, checksum="ab" * 32)
    assert (template["isready"], template["status"]) == (False, told)
    (job,) = [job for job in cloud.user.items("listAsyncJobs") if job["cmd"] == "registerTemplate"]
    assert (job["jobstatus"], job["jobresult"]["errortext"]) == (2, told)
    assert no_host_in(json.dumps([template, job]))
    assert cloud.look()["hosts"] == before["hosts"]
    refusal = refused(cloud.deploy, cloud.user, templateid=template["id"])
    assert (refusal.code, refusal.text) == (
        431, f"Invalid parameter templateid: template fresh is not ready: {told}")
    again = cloud.register(cloud.user, checksum="ab" * 32)
    assert (again["isready"], again["status"]) == (True, "Download Complete")
    assert cloud.deploy(cloud.user, templateid=again["id"])["state"] == "Running"
    cloud.user.job("deleteTemplate", id=template["id"])
    assert [t["id"] for t in cloud.user.items("listTemplates", templatefilter="self")] == [again["id"]]


def test_a_template_whose_image_cannot_be_deleted_stays_and_can_be_deleted_later(cloud: Cloud) -> None:
    template = cloud.register(cloud.user)["id"]
    for failure in FAILURES:
        cloud.trouble(operation="image", failure=failure, cause=CAUSE)
        refused(cloud.user.job, "deleteTemplate", id=template)
        assert cloud.user.one("listTemplates", templatefilter="self", id=template)["isready"]
    cloud.user.job("deleteTemplate", id=template)
    assert cloud.user.items("listTemplates", templatefilter="self") == []


def test_a_network_whose_router_cannot_be_removed_stays_and_can_be_deleted_later(cloud: Cloud) -> None:
    vm = cloud.deploy(name="m")["id"]
    cloud.admin.job("destroyVirtualMachine", id=vm, expunge=True)
    for failure, code in FAILURES.items():
        cloud.trouble(operation="router", failure=failure, cause=CAUSE)
        assert refused(cloud.admin.job, "deleteNetwork", id=cloud.zone.network).code == code
        assert cloud.deploy(name="m")["state"] == "Running"
        cloud.admin.job("destroyVirtualMachine", id=cloud.admin.items("listVirtualMachines")[0]["id"], expunge=True)
    cloud.admin.job("deleteNetwork", id=cloud.zone.network)
    assert cloud.service.cloud.simulator.inventory("router") == {}
