"""The frame of every operation: find, plan, apply; check mode; locks; the sentence of a failure."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.stratoform.cloud.plugins.module_utils.node import checks, command, files
from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import Operation, Plan, State, Step, serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.errors import NodeError


class Lamp(Operation):
    """An object that is on or off."""

    noun = "lamp"
    verbs: ClassVar[Mapping[str, str]] = {"present": "light", "absent": "put out"}
    lit: ClassVar[set[str]] = set()
    directory: ClassVar[str] = ""

    def title(self) -> str:
        return f"lamp {self.params['name']}"

    def lock_file(self) -> str:
        return f"{self.directory}/{self.params['name']}.lock"

    def find(self) -> State:
        return {"lit": True} if self.params["name"] in self.lit else {}

    def plan(self, current: State) -> Plan:
        if self.params.get("cause"):
            raise self.params["cause"]
        return Plan((), current) if current else Plan((Step("light", self.params["name"]),), {"lit": True})

    def do_light(self, name: str) -> None:
        self.lit.add(name)


@pytest.fixture(autouse=True)
def _dark(tmp_path: Path) -> None:
    Lamp.lit.clear()
    Lamp.directory = str(tmp_path)


def test_converge_twice() -> None:
    first, second = Lamp.converge({"name": "a"}), Lamp.converge({"name": "a"})
    assert (first.changed, first.before, first.after) == (True, {}, {"lit": True})
    assert (second.changed, second.before, second.after) == (False, {"lit": True}, {"lit": True})


def test_check_mode_tells_and_leaves_nothing(tmp_path: Path) -> None:
    result = Lamp.converge({"name": "a"}, check=True)
    assert (result.changed, result.after, Lamp.lit) == (True, {"lit": True}, set())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("cause", "sentence"), [
    (NodeError("no oil"), "Failed to light lamp a: no oil"),
    (FileNotFoundError(2, "No such file", "/wick"), "Failed to light lamp a: No such file /wick"),
])
def test_a_failure_is_one_sentence(cause: Exception, sentence: str) -> None:
    with pytest.raises(NodeError) as told:
        Lamp.converge({"name": "a", "cause": cause})
    assert str(told.value) == sentence


def test_an_unforeseen_error_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError):
        Lamp.converge({"name": "a", "cause": ZeroDivisionError()})


def test_locks_exclude_each_other_and_vanish(tmp_path: Path) -> None:
    path, inside, seen = str(tmp_path / "l" / "lock"), 0, []

    def enter() -> None:
        nonlocal inside
        for _round in range(20):
            with files.locked(path):
                inside += 1
                seen.append(inside)
                inside -= 1

    threads = [threading.Thread(target=enter) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 80
    assert list((tmp_path / "l").iterdir()) == []


def test_files_are_replaced_whole_with_their_mode(tmp_path: Path) -> None:
    path = tmp_path / "f"
    files.write(str(path), "one")
    files.write(str(path), "two", mode=0o644)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o644)
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]


def test_programs_get_arguments_as_they_are() -> None:
    assert command.run(["printf", "%s|", "$(id)", "a b", "{{ 1 }}", "'\""]) == "$(id)|a b|{{ 1 }}|'\"|"


@pytest.mark.parametrize(("argv", "cause"), [
    (["no-such-program"], "program no-such-program is not installed on this host"),
    (["ls", "/no/such"], "^ls: cannot access '/no/such': No such file or directory"),
    (["false"], "false: ended with status 1"),
    (["sleep", "5"], "sleep did not finish within 0.05 seconds"),
])
def test_a_program_that_fails_is_quoted(argv: list[str], cause: str) -> None:
    with pytest.raises(NodeError, match=cause):
        command.run(argv, timeout_s=0.05 if argv[0] == "sleep" else 10)


GOOD: list[tuple[Any, str, str]] = [
    (checks.file_name, "a-1.qcow2", "a-1.qcow2"),
    (checks.mac, "02:00:4C:5F:00:17", "02:00:4c:5f:00:17"),
    (checks.host_label, "Web-1", "web-1"),
    (checks.dns_domain, "cs1cloud.internal", "cs1cloud.internal"),
    (checks.ipv4_interface, "10.1.1.2/24", "10.1.1.2/24"),
    (checks.relative_path, "template/tmpl/1/a.qcow2", "template/tmpl/1/a.qcow2"),
    (checks.absolute_path, "/srv//a/", "/srv/a"),
]
BAD: list[tuple[Any, Any]] = [
    (checks.file_name, "../a"), (checks.file_name, "json:{}"), (checks.file_name, "-o"), (checks.file_name, ".a"),
    (checks.file_name, "a\n"), (checks.file_name, ""), (checks.file_name, None),
    (checks.mac, "01:00:5e:00:00:01"), (checks.mac, "02:00:00:00:00"), (checks.mac, "02:00:00:00:00:0g"),
    (checks.host_label, "a.b"), (checks.host_label, "a,b"), (checks.host_label, "-a"), (checks.host_label, "a" * 64),
    (checks.dns_domain, "a..b"), (checks.dns_domain, "a/#"), (checks.dns_domain, ""),
    (checks.ipv4_interface, "10.1.1.2"), (checks.ipv4_interface, "10.1.1.2/33"), (checks.ipv4, "10.1.1"),
    (checks.interface, "a" * 16), (checks.interface, "a b"), (checks.interface, "../x"), (checks.interface, "-x"),
    (checks.relative_path, "/a"), (checks.relative_path, "a/../b"), (checks.relative_path, "a//b"),
    (checks.uuid, "x"), (checks.domain_name, "a;b"), (checks.absolute_path, "a"), (checks.absolute_path, "/a\0"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "value", "expected"), GOOD)
def test_good_values_come_back_in_one_spelling(check: Any, value: str, expected: str) -> None:
    assert check(value) == expected


@pytest.mark.parametrize(("check", "value"), BAD)
def test_bad_values_are_named(check: Any, value: Any) -> None:
    with pytest.raises(NodeError, match=r"is not|is a multicast"):
        check(value)


@pytest.mark.parametrize(("cause", "message"), [
    (None, None),
    (NodeError("no oil"), "Failed to light lamp a: no oil"),
    (KeyError("wick"), "Failed to converge lamp: unexpected KeyError: 'wick'"),
])
@pytest.mark.parametrize("check", [True, False])
def test_as_a_module_it_tells_what_it_did_and_never_its_arguments(
    cause: Exception | None, message: str | None, check: bool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _module, text, **_options: logged.append(str(text)))
    if cause:
        monkeypatch.setattr(Lamp, "find", mock.Mock(side_effect=cause))
    arguments = {"name": "a", "metadata": {"10.1.1.1": {"password": "pa55"}}, "_ansible_check_mode": check}
    with patch_module_args(arguments), pytest.raises(SystemExit) as end:
        serve(Lamp, {"name": {"type": "str"}, "metadata": {"type": "dict"}})
    told = capsys.readouterr().out
    result = json.loads(told)
    assert (end.value.code, result.get("msg"), result.get("changed")) == (int(bool(cause)), message, not cause or None)
    assert "pa55" not in told + "".join(logged)
    assert Lamp.lit == (set() if cause or check else {"a"})
