"""A service with simulated hosts on a free loopback port, and modules run against it as Ansible runs them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "collections"), str(Path(__file__).parent)]

from module_tasks import IMAGE, Tasks  # noqa: E402 found on the path set above

START_SECONDS = 60


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tasks]:
    """A running service; its state goes with the test run."""
    var = tmp_path_factory.mktemp("var")
    bind = f"127.0.0.1:{free_port()}"
    environ = os.environ | {
        "STRATOFORM_VAR": str(var),
        "STRATOFORM_BIND": bind,
        "STRATOFORM_SIMULATED": "true",
        "PYTHONPATH": str(ROOT / "webapi"),
    }
    log = (var / "service.log").open("wb")
    stratoform = [sys.executable, "-m", "stratoform"]
    with log, subprocess.Popen([*stratoform, "serve"], env=environ, stdout=log, stderr=log) as process:
        try:
            await_health(f"http://{bind}/client/health", process, var / "service.log")
            subprocess.check_output([*stratoform, "credentials"], env=environ)
            yield Tasks(var / "cloudstack.ini", environ)
        finally:
            process.terminate()
            process.wait(20)


def await_health(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the service answers; fails with its log when it ends or takes too long."""
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    pytest.fail(f"the service did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def world(service: Tasks) -> Tasks:
    """A small cloud with one simulated host, in which every kind of object has a place."""
    place = {"zone": "world"}
    dns = {"dns1": "192.0.2.1", "internal_dns1": "192.0.2.1"}
    service.ok("zone", name="world", network_type="Advanced", **dns, state="enabled")
    service.ok("physical_network", name="physical", **place, isolation_methods=["VLAN"], state="enabled")
    service.ok("traffic_type", traffic_type="Guest", physical_network="physical", **place, kvm_network_label="cloudbr0")
    subnet = {"gateway": "198.51.100.1", "netmask": "255.255.255.0", "start_ip": "198.51.100.10"}
    service.ok("pod", name="pod", **place, **subnet)
    service.ok("cluster", name="cluster", **place, pod="pod", hypervisor="Simulator")
    here = {**place, "pod": "pod", "cluster": "cluster"}
    service.ok("host", url="http://sim/c0/h0", **here, hypervisor="Simulator")
    service.ok("primary_storage", name="primary", **here, url="SharedMountPoint://localhost/mnt/primary")
    service.ok("secondary_storage", name="secondary", **place, url="sim://store/images", provider="Simulator")
    service.ok("template", name="image", **place, **IMAGE, is_public=True)
    service.ok("service_offering", name="tiny", display_text="tiny", cpu_number=1, cpu_speed=500, memory=128)
    guests = {"gateway": "10.9.0.1", "netmask": "255.255.255.0", "start_ip": "10.9.0.10", "end_ip": "10.9.0.200"}
    offering = {"network_offering": "DefaultSharedNetworkOffering", "physical_network": "physical"}
    service.ok("network", name="guests", **place, **offering, vlan="untagged", **guests)
    return service
