"""A cloud on this machine's libvirt: a service process, a bridge and directories of the tests' own."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import BRIDGE
from tests.support.client import Client
from tests.support.host import run, wait_for
from tests.support.http import Process

GATEWAY, FIRST, LAST = "10.72.0.1", "10.72.0.10", "10.72.0.40"


@dataclass
class RealZone:
    """A zone with this machine as its only host."""

    process: Process
    api: Client
    place: Path
    key: Path
    ids: dict[str, str] = field(default_factory=dict)

    def deploy(self, **more: Any) -> dict[str, Any]:
        """Parameters of a deployment here."""
        return {"zoneid": self.ids["zone"], "serviceofferingid": self.ids["offering"],
                "templateid": self.ids["template"], "networkids": self.ids["network"], "keypair": "tests", **more}

    def register(self, name: str, url: str, **more: Any) -> str:
        """Registers a template and returns its id."""
        os_type = self.api.items("listOsTypes", description="Other Linux (64-bit)")[0]["id"]
        return str(self.api.one(
            "registerTemplate", name=name, displaytext=name, format="QCOW2", hypervisor="KVM", ostypeid=os_type,
            zoneid=self.ids["zone"], url=url, **more)["id"])

    def template(self, id_: str) -> dict[str, Any]:
        """A template as listed."""
        (found,) = self.api.items("listTemplates", templatefilter="all", id=id_)
        return dict(found)

    def ssh(self, address: str, command: str, limit_s: float = 40) -> str:
        """Output of a command in a guest, logged in to with the declared key."""
        words = ["ssh", "-i", str(self.key), "-oBatchMode=yes", "-oIdentitiesOnly=yes", "-oConnectTimeout=2",
                 "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR",
                 f"root@{address}", command]

        def login() -> subprocess.CompletedProcess[str] | None:
            done = subprocess.run(words, capture_output=True, text=True, timeout=15, check=False)
            return done if done.returncode == 0 else None

        return str(wait_for(login, limit_s).stdout)

    def state(self, vm: str) -> str:
        """A machine's state as the API shows it."""
        return str(self.api.one("listVirtualMachines", id=vm)["state"])

    def domains(self) -> list[str]:
        """What runs on this machine of this cloud's guests."""
        names = run("virsh", "-c", "qemu:///system", "list", "--name").stdout.decode().split()
        own = {v["instancename"] for v in self.api.items("listVirtualMachines", listall=True)}
        return [n for n in names if n in own]


@pytest.fixture(scope="module")
def zone(_libvirt: None, guest_image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealZone]:
    folder = tmp_path_factory.mktemp("cloud")
    place = Path("/var/lib") / f"stratoform-test-{folder.name}"
    for name in ("primary", "secondary"):
        (place / name).mkdir(parents=True)
    place.chmod(0o755)
    run("ip", "link", "delete", BRIDGE, check=False)
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "address", "add", f"{GATEWAY}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    key = folder / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    process = Process(folder / "var")
    made = RealZone(process, process.start(), place, key)
    try:
        _build(made, guest_image)
        yield made
    finally:
        _remove(made)
        process.stop()
        run("ip", "link", "delete", BRIDGE)
        run("rm", "-r", place)


def _build(zone: RealZone, image: Path) -> None:
    api, ids = zone.api, zone.ids
    # Guests and routers are told apart by this from those of a cloud that may run here already.
    api("updateConfiguration", name="instance.name", value="TEST")
    ids["zone"] = api.one("createZone", name="real", networktype="Advanced", dns1=GATEWAY, internaldns1=GATEWAY)["id"]
    physical = api.job("createPhysicalNetwork", zoneid=ids["zone"], name="wire")["id"]
    api.job("addTrafficType", physicalnetworkid=physical, traffictype="Guest", kvmnetworklabel=BRIDGE)
    api.job("updatePhysicalNetwork", id=physical, state="Enabled")
    ids["physical"] = physical
    ids["pod"] = api.one("createPod", zoneid=ids["zone"], name="pod", gateway=GATEWAY, netmask="255.255.255.0",
                         startip="10.72.0.201", endip="10.72.0.220")["id"]
    ids["cluster"] = api.one("addCluster", zoneid=ids["zone"], podid=ids["pod"], clustername="c", hypervisor="KVM",
                             clustertype="CloudManaged")["id"]
    ids["host"] = api.one("addHost", zoneid=ids["zone"], podid=ids["pod"], clusterid=ids["cluster"], hypervisor="KVM",
                          username="root", password="", url="http://127.0.0.1")["id"]
    ids["pool"] = api.one("createStoragePool", zoneid=ids["zone"], podid=ids["pod"], clusterid=ids["cluster"], name="p",
                          url=f"SharedMountPoint://localhost{zone.place}/primary")["id"]
    api.one("addImageStore", zoneid=ids["zone"], name="s", provider="NFS", url=f"file://{zone.place}/secondary")
    ids["offering"] = api.one("createServiceOffering", name="tiny", displaytext="tiny", cpunumber=1, cpuspeed=100,
                              memory=128)["id"]
    api.one("registerSSHKeyPair", name="tests", publickey=zone.key.with_suffix(".pub").read_text())
    offering = api.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"]
    ids["network"] = api.one("createNetwork", zoneid=ids["zone"], name="guests", displaytext="guests", vlan="untagged",
                             networkofferingid=offering, gateway=GATEWAY, netmask="255.255.255.0", startip=FIRST,
                             endip=LAST)["id"]
    checksum = hashlib.sha256(image.read_bytes()).hexdigest()
    ids["template"] = zone.register("tiny", f"file://{image}", checksum=f"sha256:{checksum}", ispublic=True)
    wait_for(lambda: zone.template(ids["template"])["isready"], 60)


def _remove(zone: RealZone) -> None:
    api = zone.api
    for vm in api.items("listVirtualMachines", listall=True):
        api.job("destroyVirtualMachine", id=vm["id"], expunge=True, limit=120)
    for network in api.items("listNetworks", listall=True):
        api.job("deleteNetwork", id=network["id"], limit=60)
    for host in api.items("listHosts"):
        api("deleteHost", id=host["id"])
