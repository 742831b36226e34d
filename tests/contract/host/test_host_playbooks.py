"""The operations as the service runs them: through Ansible, arguments from a file, strings marked unsafe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = "{{ 7*7 }} {% raw %} $(id) `id` \"q\" 'a' <x>&amp; \\ ünï\n- !unsafe {a: b}\n"

Run = Callable[..., dict[str, Any]]


class _Unsafe(str):
    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"'))


def unsafe(value: Any) -> Any:
    if isinstance(value, str):
        return _Unsafe(value)
    if isinstance(value, dict):
        return {key: unsafe(item) for key, item in value.items()}
    return [unsafe(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def operation(tmp_path: Path) -> Run:
    """Run one operation's playbook on this machine; the module's result."""
    program = Path(sys.executable).parent / "ansible-playbook"
    if not program.exists():
        pytest.skip("needs ansible-playbook")
    local = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    (tmp_path / "hosts.yml").write_text(yaml.dump({"targets": {"hosts": {"h1": local}}}))
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_NOCOLOR": "true",
    }

    def run(name: str, /, *flags: str, **args: Any) -> dict[str, Any]:
        specs = tmp_path / "specs.yml"
        specs.write_text(yaml.dump({"stratoform_specs": {"h1": unsafe(args)}}, Dumper=_Dumper))
        argv = [str(program), "-i", str(tmp_path / "hosts.yml"), "-e", f"@{specs}", "-v", *flags]
        done = subprocess.run(
            [*argv, str(ROOT / "playbooks" / "ops" / f"{name}.yml")],
            capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **settings},
        )  # fmt: skip
        start = done.stdout.find("h1] => {") + len("h1] => ")
        fatal = done.stdout.find("h1]: FAILED! => ")
        start = fatal + len("h1]: FAILED! => ") if fatal >= 0 else start
        result: dict[str, Any] = json.JSONDecoder().raw_decode(done.stdout[start:])[0]
        return result

    return run


def test_storage_operations(operation: Run, place: Path) -> None:
    pool = {"uuid": str(uuid.uuid4()), "type": "Filesystem", "path": f"{place}/pool"}
    none = {"source_host": None, "source_path": None}
    volume = {"pool_uuid": pool["uuid"], "name": "v", "size_bytes": 1 << 20, "format": "qcow2", "backing": None}
    try:
        store = operation("image_store", url=f"file://{place}/store", state="present")
        assert store["store"]["path"] == f"{place}/store"
        assert operation("pool", "--check", "--diff", **pool, **none, state="present")["changed"]
        assert operation("pool", **pool, **none, state="present")["changed"]
        assert operation("volume", **volume, state="present")["volume"]["capacity_bytes"] == 1 << 20
        assert not operation("volume", **volume, state="present")["changed"]
        assert "cannot shrink" in operation("volume", **{**volume, "size_bytes": 512}, state="present")["msg"]
        smaller = operation("volume", **{**volume, "size_bytes": 512}, shrink=True, state="present")
        assert smaller["volume"]["capacity_bytes"] == 512
        disk = {"name": "i-2-9906-VM", "uuid": str(uuid.uuid4()), "pool_uuid": pool["uuid"], "volume": "v",
                "format": "qcow2", "bus": "virtio", "device_id": 1, "limits": {"read_iops_sec": 5},
                "size_bytes": None, "timeout_s": 5}  # fmt: skip
        assert "the guest does not run on this host" in operation("guest_disk", **disk, state="present")["msg"]
        assert not operation("guest_disk", **disk, state="absent")["changed"]
        told = operation("volume", **{**volume, "name": HOSTILE}, state="present")
        assert told["msg"].endswith("is not a valid file name")
        assert "{{ 7*7 }}" in told["msg"]
        assert operation("volume", **volume, state="absent")["changed"]
    finally:
        gone = operation("pool", **pool, state="absent")
    assert gone["changed"]


def test_router_operation(operation: Run, bridge: str) -> None:
    spec: dict[str, Any] = {
        "uuid": str(uuid.uuid4()), "name": "r-9903-VM", "generation": 1, "gateway": None,
        "interfaces": [{"name": "eth0", "bridge": bridge, "mac": "02:00:00:00:99:31", "address": "198.18.3.2/24"}],
        "dns": {"domain": "cs1cloud.internal", "servers_for_guests": [], "upstream": []},
        "dhcp": [],
        "metadata": {"198.18.3.9": {"availability-zone": HOSTILE, "password": HOSTILE}},
    }  # fmt: skip
    try:
        first = operation("router", "--diff", **spec, state="present")
        assert first["router"]["changed_parts"] == ["dnsmasq", "links", "metadata"]
        assert "7*7" not in json.dumps(first)
        assert not operation("router", **spec, state="present")["changed"]
        known = json.loads(Path("/run/stratoform/router/r-9903-VM/metadata.json").read_text(encoding="utf-8"))
        assert known["guests"]["198.18.3.9"]["metadata"] == {"availability-zone": HOSTILE}
        assert known["guests"]["198.18.3.9"]["password"] == HOSTILE
    finally:
        gone = operation("router", uuid=spec["uuid"], name=spec["name"], state="absent")
    assert gone["changed"]
    assert not Path("/run/netns/r-9903-VM").exists()
