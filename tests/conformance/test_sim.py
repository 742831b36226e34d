"""``make sim``: its playbook, run twice, and the cloud it makes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cs import CloudStack

from stratoform.config import home
from tests.support.mariadb import free_port

BIN = Path(sys.executable).parent
ZONES = ("Sandbox-simulator-advanced", "Sandbox-simulator-basic")
TEMPLATE = "CentOS 5.6 (64-bit) no GUI (Simulator)"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "ANSIBLE_CONFIG": str(home() / "ansible.cfg"),
           "STRATOFORM_VAR": str(tmp_path_factory.mktemp("sim")), "STRATOFORM_BIND": f"127.0.0.1:{free_port()}",
           "STRATOFORM_SIMULATED": "1", "STRATOFORM_HOME": str(home())}
    yield env
    subprocess.run([sys.executable, "-m", "stratoform", "stop"], env=env, check=True, capture_output=True)


def converge(env: dict[str, str]) -> str:
    """The playbook's last line: what it did on this machine."""
    done = subprocess.run([BIN / "ansible-playbook", "-i", "inventory/sim", "playbooks/sim.yml"], env=env, cwd=home(),
                          capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(line for line in reversed(done.stdout.splitlines()) if line.startswith("localhost"))


def test_two_zones_in_one_command(environment):
    assert "failed=0" in converge(environment)
    assert "changed=0" in converge(environment)
    ini = (Path(environment["STRATOFORM_VAR"]) / "cloudstack.ini").read_text()
    found = dict(line.split(" = ") for line in ini.splitlines() if " = " in line)
    cs = CloudStack(endpoint=found["endpoint"], key=found["key"], secret=found["secret"], poll_interval=0.05)
    assert sorted(zone["name"] for zone in cs.listZones()["zone"]) == list(ZONES)
    size = cs.listServiceOfferings(name="Small Instance")["serviceoffering"][0]["id"]
    for zone in cs.listZones()["zone"]:
        (template,) = cs.listTemplates(templatefilter="featured", zoneid=zone["id"])["template"]
        assert (template["name"], template["isready"]) == (TEMPLATE, True)
        vm = cs.deployVirtualMachine(zoneid=zone["id"], templateid=template["id"], serviceofferingid=size,
                                     fetch_result=True)["virtualmachine"]
        assert vm["state"] == "Running"
