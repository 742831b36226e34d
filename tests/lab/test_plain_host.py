"""Role kvm_host where no service manager runs: on this machine, in namespaces and layers of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
LIMIT_S = 240

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")]

INVENTORY = """
kvm_hosts:
  hosts:
    plain:
      ansible_connection: local
      ansible_python_interpreter: /usr/bin/python3
      kvm_host_bridges:
        - name: cloudbr0
          address: 10.71.0.1/24
"""

# What is looked at between the runs; each answer is a line of its own.
SCRIPT = """
set -u
prepare() { ansible-playbook -i "$1" playbooks/prepare_hosts.yml $2; }
prepare "$1" --check
prepare "$1" ""
prepare "$1" ""
echo "ANSWER uri $(virsh --connect qemu:///system uri)"
echo "ANSWER bridge $(ip -json address show dev cloudbr0)"
echo "ANSWER verdict $(tr -d '\\n' < /etc/stratoform/host.json)"
ansible-playbook -i "$1" playbooks/teardown_host.yml
ansible-playbook -i "$1" playbooks/teardown_host.yml
echo "ANSWER left $(ls -d /etc/stratoform /var/lib/stratoform /var/log/stratoform /sys/class/net/cloudbr0 2>/dev/null)"
echo "ANSWER running $(ps -e -o comm= | grep -E 'libvirtd|virtlogd')"
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the playbooks and the looks between them printed."""
    inventory = tmp_path_factory.mktemp("plain") / "hosts.yml"
    inventory.write_text(INVENTORY)
    environment = {
        **os.environ,
        "ANSIBLE_ROLES_PATH": str(CHECKOUT / "roles"),
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "collections"),
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(
        [HERE / "plain_host.sh", "bash", "-c", SCRIPT, "bash", inventory],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        env=environment,
        cwd=CHECKOUT,
        check=False,
    )
    return done.stdout


def answer(output: str, word: str) -> str:
    found = re.search(rf"^ANSWER {word} ?(.*)$", output, re.MULTILINE)
    assert found, output[-6000:]
    return found[1]


def test_every_run_succeeds_and_the_second_changes_nothing(output: str) -> None:
    recaps = re.findall(r"^plain +: ok=\d+ +changed=(\d+) +unreachable=0 +failed=0", output, re.MULTILINE)
    assert len(recaps) == 5, output[-6000:]
    check, first, second, torn_down, again = map(int, recaps)
    assert check > 0
    assert first > 0
    assert second == 0
    assert torn_down > 0
    assert again == 0


def test_libvirt_answers(output: str) -> None:
    assert answer(output, "uri") == "qemu:///system"


def test_the_bridge_is_up_with_its_address(output: str) -> None:
    (bridge,) = json.loads(answer(output, "bridge"))
    assert "UP" in bridge["flags"]
    assert [(a["local"], a["prefixlen"]) for a in bridge["addr_info"]] == [("10.71.0.1", 24)]


def test_the_verdict_on_kvm_is_recorded(output: str) -> None:
    verdict = json.loads(answer(output, "verdict"))
    assert verdict["acceleration"] in ("kvm", "qemu")
    assert verdict["reason"]


def test_nothing_is_left(output: str) -> None:
    assert answer(output, "left") == ""
    assert answer(output, "running") == ""
