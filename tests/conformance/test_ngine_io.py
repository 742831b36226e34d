"""The modules of the ngine_io.cloudstack collection: check mode, for real, again; ngine_io.yml says with what.

All modules run in one playbook, each as a host of its own and at its own pace; every test looks at what became of one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Running
from .fetch_clients import COLLECTION, FOLDER

DECLARED: Mapping[str, Mapping[str, Any]] = yaml.safe_load(Path(__file__).with_name("ngine_io.yml").read_text())
AT_ONCE = 4
LIMIT_S = 900


def action(module: str, options: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """One task."""
    return {"name": f"{module} {json.dumps(options)}", f"ngine_io.cloudstack.cs_{module}": dict(options), **more}


def tasks(module: str, declared: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What runs for a module."""
    def expect(changed: bool, options: Mapping[str, Any], what: str, *, check: bool = False) -> dict[str, Any]:
        wrong = "not result.changed" if changed else "result.changed"
        return {**action(module, options), "name": f"{module} {what}: {json.dumps(options)}", "check_mode": check,
                "register": "result", "failed_when": f"result.failed | default(false) or {wrong}"}

    for task in declared.get("before", ()):
        yield from (action(name, options) for name, options in task.items())
    for step in declared["steps"]:
        options = {**declared["same"], **step}
        once = options.pop("once", False)
        yield expect(True, options, "would change something", check=True)
        yield expect(True, options, "changes it")
        if not once:
            yield expect(False, options, "leaves nothing to change")
    for task in declared.get("after", ()):
        yield from (action(name, options) for name, options in task.items())


@pytest.fixture(scope="module")
def outcome(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Module to what went wrong; "" when nothing did."""
    if not (FOLDER / COLLECTION).is_dir():
        pytest.skip("the collection is not in var/clients; `make conformance` brings it")
    folder = tmp_path_factory.mktemp("ngine_io")
    for module, declared in DECLARED.items():
        (folder / f"{module}.yml").write_text(json.dumps(list(tasks(module, declared))))
    (folder / "play.yml").write_text(json.dumps([{
        "hosts": "all", "gather_facts": False, "strategy": "free",
        "tasks": [{"ansible.builtin.include_tasks": "{{ inventory_hostname }}.yml"}],
    }]))
    (folder / "hosts.yml").write_text(json.dumps({"all": {
        "hosts": {module: {} for module in DECLARED},
        "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
    }}))
    env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(FOLDER), "ANSIBLE_CONFIG": str(folder / "none.cfg"),
           "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"), "ANSIBLE_PIPELINING": "1", "ANSIBLE_NOCOLOR": "1",
           "ANSIBLE_DEPRECATION_WARNINGS": "0", "CLOUDSTACK_ENDPOINT": running.endpoint,
           "CLOUDSTACK_KEY": running.key, "CLOUDSTACK_SECRET": running.secret, "CLOUDSTACK_TIMEOUT": "60"}
    done = subprocess.run([Path(sys.executable).with_name("ansible-playbook"), "-i", folder / "hosts.yml",
                           "-f", str(AT_ONCE), folder / "play.yml"], env=env, capture_output=True, text=True,
                          check=False, timeout=LIMIT_S)
    return {module: _trouble(module, done.stdout, done.stderr) for module in DECLARED}


def _trouble(module: str, output: str, errors: str) -> str:
    recap = next((line for line in output.splitlines() if line.startswith(f"{module} ") and " ok=" in line), "")
    if "failed=0" in recap and "unreachable=0" in recap:
        return ""
    lines = output.splitlines()
    for number, line in enumerate(lines):
        if line.startswith((f"fatal: [{module}]", f"[ERROR]: [{module}]")):
            task = next((t for t in reversed(lines[:number]) if t.startswith(f"TASK [{module} ")), "a task before it")
            return f"{task}\n{line}"
    return f"{recap or 'it did not run'}\n{output[-2000:]}\n{errors[-2000:]}"


@pytest.mark.parametrize("module", DECLARED)
def test_the_module(outcome: Mapping[str, str], module: str) -> None:
    assert not outcome[module], outcome[module]
