"""AnsibleNodes with playbooks of the tests' own: results, the three failures told apart, batches, strings as data."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import ansible_runner
import pytest

from stratoform.nodes import ansible
from stratoform.nodes.ansible import AnsibleNodes
from stratoform.nodes.catalogue import OPERATIONS
from stratoform.nodes.oplog import OperationLog
from stratoform.nodes.port import NodeFailed, NodeTimeout, NodeUnreachable, Target

HERE = Target("here", "127.0.0.1", "KVM", local=True)
HOSTILE = "it's {{ 7*7 }} {% raw %} \"x\" $(touch {trap}) `touch {trap}` ☃\n# - !!python/object \\ \x7f \U0001f600"
PLAYBOOK = """
- hosts: targets
  gather_facts: false
  vars:
    spec: "{{{{ stratoform_specs[inventory_hostname] }}}}"
  tasks:
    - {task}
"""
ECHO = "ansible.builtin.copy: {content: '{{ spec.url }}', dest: '{{ spec.state }}', mode: '0600'}"


@pytest.fixture
def nodes(tmp_path: Path) -> AnsibleNodes:
    (tmp_path / "ops").mkdir()
    (tmp_path / "collections").mkdir()
    return AnsibleNodes(tmp_path / "ops", tmp_path / "collections", tmp_path / "run", OperationLog(tmp_path / "log"))


def playbook(nodes: AnsibleNodes, operation: str, task: str) -> None:
    (nodes.playbooks / f"{operation}.yml").write_text(PLAYBOOK.format(task=task))


def test_strings_reach_the_host_as_they_are_and_leave_no_file_behind(nodes: AnsibleNodes, tmp_path: Path) -> None:
    trap, out = tmp_path / "trap", tmp_path / "out"
    text = HOSTILE.replace("{trap}", str(trap))
    playbook(nodes, "image_store", ECHO)
    nodes.run("image_store", HERE, {"url": text, "state": str(out)}, "job-1")
    assert out.read_text() == text
    assert not trap.exists()
    assert list((tmp_path / "run").iterdir()) == []
    (line,) = (json.loads(x) for x in (tmp_path / "log" / "job-1.log").read_text().splitlines())
    assert (line["operation"], line["outcome"], line["args"]["url"]) == ("image_store", "ok", text)


def test_what_a_module_says_is_the_result(nodes: AnsibleNodes) -> None:
    playbook(nodes, "facts", "ansible.builtin.set_fact: {host: {name: x}}")
    task = nodes.playbooks / "facts.yml"
    task.write_text(task.read_text().replace("set_fact", "command").replace("{host: {name: x}}", "'true'"))
    assert nodes.run("facts", HERE, {}) == {}  # a module without the key the catalogue names gives no facts


def test_a_failing_module_is_a_failure_with_its_sentence(nodes: AnsibleNodes) -> None:
    playbook(nodes, "facts", "ansible.builtin.fail: {msg: Failed to open the door}")
    with pytest.raises(NodeFailed) as failed:
        nodes.run("facts", HERE, {})
    assert failed.value.cause == "Failed to open the door"


def test_a_host_nobody_answers_on_is_unreachable(nodes: AnsibleNodes) -> None:
    playbook(nodes, "facts", "ansible.builtin.ping: {}")
    nobody = Target("nobody", "127.0.0.1:1", "KVM")
    with pytest.raises(NodeUnreachable):
        nodes.run("facts", replace(nobody, address="127.255.255.254"), {})


def test_an_operation_that_takes_too_long_is_a_timeout(nodes: AnsibleNodes, monkeypatch: pytest.MonkeyPatch) -> None:
    playbook(nodes, "facts", "ansible.builtin.command: {cmd: sleep 60}")
    monkeypatch.setattr(ansible, "OPERATIONS", {**OPERATIONS, "facts": replace(OPERATIONS["facts"], timeout=3)})
    with pytest.raises(NodeTimeout, match="no answer within 3 s"):
        nodes.run("facts", HERE, {})


def test_a_broken_playbook_is_a_failure_that_says_so(nodes: AnsibleNodes) -> None:
    (nodes.playbooks / "facts.yml").write_text("- this is: [no playbook")
    with pytest.raises(NodeFailed, match="Ansible ended with status failed"):
        nodes.run("facts", HERE, {})


def test_calls_under_way_together_share_runs_and_fail_alone(
    nodes: AnsibleNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = []
    real = ansible_runner.run

    def counted(**more: Any) -> Any:
        runs.append(1)
        return real(**more)

    monkeypatch.setattr(ansible_runner, "run", counted)
    playbook(nodes, "image_store", ECHO)
    places = [tmp_path / f"out{n}" if n != 5 else tmp_path / "missing" / "out" for n in range(12)]

    def call(n: int) -> str:
        try:
            nodes.run("image_store", HERE, {"url": str(n), "state": str(places[n])})
        except NodeFailed:
            return "failed"
        return "ok"

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(call, range(12)))
    assert outcomes == ["failed" if n == 5 else "ok" for n in range(12)]
    assert [p.read_text() for n, p in enumerate(places) if n != 5] == [str(n) for n in range(12) if n != 5]
    assert len(runs) <= 4


def test_every_operation_has_its_playbook_and_names_its_arguments() -> None:
    root = Path(__file__).resolve().parents[3] / "playbooks" / "ops"
    assert {p.stem for p in root.glob("*.yml")} == set(OPERATIONS)
    for name, operation in OPERATIONS.items():
        text = (root / f"{name}.yml").read_text()
        for argument in operation.args:
            assert f"spec.{argument}" in text, f"{name}: {argument}"


def test_arguments_the_catalogue_does_not_know_are_a_mistake(nodes: AnsibleNodes) -> None:
    with pytest.raises(TypeError, match="argument 'colour' must not be str"):
        nodes.run("image_store", HERE, {"url": "x", "state": "present", "colour": "red"})
    shutil.rmtree(nodes.state)
