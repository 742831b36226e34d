"""The first cloud on real libvirt guests: what the simulator shows too, and what only a real host can show."""

from __future__ import annotations

import base64
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.cloud.conftest import RealZone
from tests.contract.conftest import BRIDGE
from tests.support.client import Refused
from tests.support.host import run, wait_for

TRAP = Path("/run/stratoform-was-here")
HOSTILE = f"it's {{{{ 7*7 }}}} \"<x>&$(touch {TRAP})\" ☃"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A web server on loopback; its folder is empty but for ``junk.qcow2``."""
    (tmp_path / "junk.qcow2").write_bytes(b"no image at all" * 1000)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path))  # type: ignore[arg-type]

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_guest_boots_gets_its_address_and_user_data_and_is_stopped_and_expunged(zone: RealZone) -> None:
    script = base64.b64encode(b"#!/bin/sh\necho user data was here > /run/said\n").decode()
    vm = zone.api.job("deployVirtualMachine", limit=90,
                      **zone.deploy(name="first", displayname=HOSTILE, userdata=script, ipaddress="10.72.0.33"))
    assert (vm["state"], vm["displayname"]) == ("Running", HOSTILE)
    assert vm["nic"][0]["ipaddress"] == "10.72.0.33"
    assert zone.ssh("10.72.0.33", "hostname").strip() == "first"
    assert "user data was here" in zone.ssh("10.72.0.33", "cat /run/said")
    assert not TRAP.exists()

    assert zone.api.job("stopVirtualMachine", id=vm["id"], limit=90)["state"] == "Stopped"
    assert zone.domains() == []
    assert zone.api.job("startVirtualMachine", id=vm["id"], limit=90)["state"] == "Running"
    assert zone.ssh("10.72.0.33", "hostname").strip() == "first"
    zone.api.job("destroyVirtualMachine", id=vm["id"], expunge=True, limit=90)
    left = [p.name for p in (zone.place / "primary").iterdir()]
    assert left == [f"{zone.ids['template']}.qcow2"]


def test_a_guest_that_dies_outside_is_shown_stopped_within_seconds(zone: RealZone) -> None:
    vm = zone.api.job("deployVirtualMachine", limit=90, **zone.deploy(name="victim"))
    run("virsh", "-c", "qemu:///system", "destroy", vm["instancename"])
    wait_for(lambda: zone.state(vm["id"]) == "Stopped", 10)
    assert "hostid" not in zone.api.one("listVirtualMachines", id=vm["id"])
    zone.api.job("startVirtualMachine", id=vm["id"], limit=90)
    zone.api.job("destroyVirtualMachine", id=vm["id"], expunge=True, limit=90)


def test_a_service_killed_during_a_deployment_finishes_it_once(zone: RealZone) -> None:
    accepted = zone.api("deployVirtualMachine", **zone.deploy(name="survivor"))
    wait_for(lambda: zone.api("queryAsyncJobResult", jobid=accepted["jobid"]).get("jobprogress", "")[:1] in "456", 60)
    zone.process.kill()
    zone.api = zone.process.start()
    assert zone.api.await_job(accepted["jobid"], 90)["state"] == "Running"
    assert len(zone.domains()) == 1
    address = zone.api.one("listVirtualMachines", id=accepted["id"])["nic"][0]["ipaddress"]
    assert zone.ssh(address, "hostname").strip() == "survivor"
    zone.api.job("destroyVirtualMachine", id=accepted["id"], expunge=True, limit=90)


def test_a_missing_bridge_is_named_and_nothing_is_left(zone: RealZone) -> None:
    run("ip", "link", "set", BRIDGE, "name", "sfbr-away")
    try:
        with pytest.raises(Refused, match=BRIDGE):
            zone.api.job("deployVirtualMachine", limit=90, **zone.deploy(name="bridgeless"))
    finally:
        run("ip", "link", "set", "sfbr-away", "name", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
    assert zone.api.items("listVirtualMachines", listall=True) == []
    assert zone.api.items("listVolumes", listall=True) == []
    vm = zone.api.job("deployVirtualMachine", limit=90, **zone.deploy(name="bridgeless"))
    zone.api.job("destroyVirtualMachine", id=vm["id"], expunge=True, limit=90)


@pytest.mark.parametrize(("path", "more", "cause"), [
    ("/none.qcow2", {}, "404"),
    ("/junk.qcow2", {}, "RAW, not QCOW2"),
    ("/junk.qcow2", {"checksum": "sha256:" + "0" * 64}, "checksum"),
])
def test_a_bad_download_says_why_and_leaves_nothing(
    zone: RealZone, web: str, path: str, more: dict[str, str], cause: str,
) -> None:
    before = sorted(p for p in (zone.place / "secondary").rglob("*") if p.is_file())
    template = zone.register("bad", web + path, **more)
    wait_for(lambda: cause in zone.template(template)["status"], 60)
    assert zone.template(template)["isready"] is False
    assert sorted(p for p in (zone.place / "secondary").rglob("*") if p.is_file()) == before
    zone.api.job("deleteTemplate", id=template)


def test_storage_that_is_not_there_is_refused_and_can_be_added_after_the_repair(zone: RealZone) -> None:
    request = {"zoneid": zone.ids["zone"], "podid": zone.ids["pod"], "clusterid": zone.ids["cluster"], "name": "late",
               "url": f"SharedMountPoint://localhost{zone.place}/late"}
    with pytest.raises(Refused, match="late"):
        zone.api("createStoragePool", **request)
    assert [p["name"] for p in zone.api.items("listStoragePools")] == ["p"]
    (zone.place / "late").mkdir()
    pool = zone.api.one("createStoragePool", **request)
    assert pool["state"] == "Up"
    zone.api("deleteStoragePool", id=pool["id"])


def test_a_host_that_cannot_be_reached_is_refused_and_leaves_nothing(zone: RealZone) -> None:
    nobody = "http://10.72.0.99"  # no one has that address on our bridge
    with pytest.raises(Refused, match="could not be reached"):
        zone.api("addHost", zoneid=zone.ids["zone"], podid=zone.ids["pod"], clusterid=zone.ids["cluster"],
                 hypervisor="KVM", username="root", password="x", url=nobody)
    assert len(zone.api.items("listHosts", type="Routing")) == 1
