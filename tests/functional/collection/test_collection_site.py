"""``playbooks/site.yml`` on a simulated cloud, and the inventory plugin on what it made."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from module_tasks import IMAGE, Tasks

ROOT = Path(__file__).resolve().parents[3]
PLACE = {"zone": "declared"}
DNS = {"dns1": "192.0.2.1", "internal_dns1": "192.0.2.1"}
HERE = {**PLACE, "pod": "pod", "cluster": "cluster"}
SUBNET = {"gateway": "10.20.0.1", "netmask": "255.255.255.0"}
CLOUD: dict[str, Any] = {
    "cloud_zones": [
        {
            "name": "declared",
            "network_type": "Advanced",
            "dns1": "192.0.2.1",
            "internal_dns1": "192.0.2.1",
            "state": "enabled",
        }
    ],
    "cloud_physical_networks": [{"name": "net", **PLACE, "isolation_methods": ["VLAN"], "state": "enabled"}],
    "cloud_traffic_types": [
        {"traffic_type": "Guest", "physical_network": "net", **PLACE, "kvm_network_label": "cloudbr0"}
    ],
    "cloud_pods": [{"name": "pod", **PLACE, **SUBNET, "start_ip": "10.20.0.200", "end_ip": "10.20.0.210"}],
    "cloud_clusters": [{"name": "cluster", **PLACE, "pod": "pod", "hypervisor": "Simulator"}],
    "cloud_hosts": [{"url": f"http://sim/site/h{n}", **HERE, "hypervisor": "Simulator"} for n in (0, 1)],
    "cloud_primary_storages": [{"name": "declared", **HERE, "url": "nfs://store/export/declared"}],
    "cloud_secondary_storages": [{"name": "declared", **PLACE, "url": "sim://store/declared", "provider": "Simulator"}],
    "cloud_templates": [{"name": "declared", **PLACE, **IMAGE, "is_public": True}],
    "cloud_service_offerings": [{"name": "declared", "cpu_number": 1, "cpu_speed": 500, "memory": 128}],
    "cloud_network_offerings": [
        {
            "name": "declared",
            "guest_ip_type": "Shared",
            "supported_services": ["Dhcp", "Dns", "UserData"],
            "service_providers": {"Dhcp": "VirtualRouter", "Dns": "VirtualRouter", "UserData": "VirtualRouter"},
            "specify_vlan": True,
            "specify_ip_ranges": True,
            "state": "enabled",
        }
    ],
    "cloud_networks": [
        {
            "name": "declared",
            **PLACE,
            **SUBNET,
            "network_offering": "declared",
            "physical_network": "net",
            "vlan": "untagged",
            "start_ip": "10.20.0.10",
            "end_ip": "10.20.0.100",
        }
    ],
    "cloud_vlan_ip_ranges": [
        {**PLACE, **SUBNET, "network": "declared", "start_ip": "10.20.0.120", "end_ip": "10.20.0.130"}
    ],
    "cloud_instances": [
        {
            "name": f"site{n}",
            **PLACE,
            "template": "declared",
            "service_offering": "declared",
            "networks": ["declared"],
            "ssh_key": "declared",
            "group": "web",
            "state": "started",
        }
        for n in (0, 1)
    ],
}


def ansible(tasks: Tasks, *words: str) -> str:
    """What an Ansible command prints."""
    environ = tasks.environ | {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "CLOUDSTACK_CONFIG": str(tasks.config),
    }
    command = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    done = subprocess.run(command, env=environ, cwd=tasks.config.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """A cloud declared."""
    variables = {**CLOUD, "cloud_ssh_keys": [{"name": "declared", "file": str(tmp_path / "key")}]}
    cloud = {"hosts": {"localhost": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}
    path = tmp_path / "hosts.yml"
    path.write_text(yaml.safe_dump({"all": {"children": {"cloud": {**cloud, "vars": variables}, "kvm_hosts": {}}}}))
    return path


def converge(service: Tasks, inventory: Path, *words: str) -> int:
    """Run the playbook; how many tasks changed something."""
    printed = ansible(service, "ansible-playbook", "-i", str(inventory), *words, str(ROOT / "playbooks/site.yml"))
    return int(re.findall(r"changed=(\d+)", printed)[-1])


def test_site_converges_once_and_the_inventory_shows_it(service: Tasks, inventory: Path, tmp_path: Path) -> None:
    """Check mode foretells a whole cloud; a second run changes nothing."""
    foretold = converge(service, inventory, "--check", "--diff")
    made = converge(service, inventory)
    assert foretold == made == 16
    assert converge(service, inventory) == 0

    in_a_process = ["-B", "60", "-P", "1", "-m", "stratoform.cloud.zone", "-a", "name=declared dns1=192.0.2.1"]
    assert '"changed": false' in ansible(service, "ansible", "-c", "local", "localhost", *in_a_process)

    braces = {"template": "declared", "service_offering": "declared", "networks": ["declared"]}
    service.ok("instance", name="braces", **PLACE, **braces, display_name="{{ 7 * 7 }}", state="started")
    source = tmp_path / "stratoform.yml"
    keyed = "keyed_groups: [{key: stratoform_memory | string, prefix: mb}]"
    source.write_text(f"plugin: stratoform.cloud.instances\nzone: declared\n{keyed}\n")
    listed = json.loads(ansible(service, "ansible-inventory", "-i", str(source), "--list"))
    names = ["site0", "site1"]
    assert sorted(listed["group_web"]["hosts"]) == names
    for group in ("zone_declared", "state_running", "template_declared", "mb_128"):
        assert sorted(listed[group]["hosts"]) == ["braces", *names]
    shown = "{{ ansible_host }} {{ stratoform_keypair | default('') }} {{ stratoform_displayname }}"
    printed = ansible(
        service, "ansible", "-i", str(source), "all", "-m", "ansible.builtin.debug", "-a", json.dumps({"msg": shown})
    )
    assert len(re.findall(r"10\.20\.0\.\d+ declared site\d", printed)) == 2
    assert re.search(r"10\.20\.0\.\d+  {{ 7 \* 7 }}", printed)
