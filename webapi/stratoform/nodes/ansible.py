"""Operations through ansible-runner: one playbook a call, identical operations under way together in one run.

A run of one task costs about a second of one core, nearly all of it Ansible's own start; so calls of one operation
that arrive while a run of it is under way wait for the next run and share it. Each call is a host of its own in the
run's inventory (an alias of the machine), so a batch may hold many machines and many calls for one machine.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner
import yaml

from .catalogue import OPERATIONS, Operation
from .oplog import OperationLog
from .port import Facts, NodeFailed, NodeTimeout, NodeUnreachable, Target

log = logging.getLogger(__name__)

BATCH = 25
"""Calls in one run at most; also Ansible's forks."""
RUNS_AT_ONCE = 2
"""Runs of one operation under way at once: the second starts while the first is slow."""


class _Unsafe(str):
    """A string Ansible must never read as a template."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes every string of a value with the tag !unsafe."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - signature of PyYAML
        return True


_Dumper.add_representer(_Unsafe, lambda dumper, value: dumper.represent_scalar("!unsafe", str(value), style='"'))


def unsafe(value: Any) -> Any:
    """The value with every string in it marked as data (mapping keys are ours and stay plain)."""
    if isinstance(value, str):
        return _Unsafe(value)
    if isinstance(value, Mapping):
        return {key: unsafe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [unsafe(item) for item in value]
    return value


@dataclass(eq=False)
class _Call:
    target: Target
    args: Mapping[str, Any]
    job: str
    alias: str = ""
    future: Future[Facts] = field(default_factory=Future)
    began: float = field(default_factory=time.monotonic)


class _Lane:
    """The calls of one operation that wait, and how many runs of it are under way."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: list[_Call] = []
        self.runs = 0


class AnsibleNodes:
    """Runs operations with ansible-runner.

    Args:
        playbooks: folder of ``<operation>.yml``.
        collections: folder that holds ``ansible_collections``.
        state: folder for private run directories (0700) and ssh control sockets.
        oplog: where each call is logged under its job.
        key: ssh private key used for remote hosts; None: Ansible's defaults.
    """

    def __init__(
        self, playbooks: Path, collections: Path, state: Path, oplog: OperationLog, key: Path | None = None,
    ) -> None:
        self.playbooks = playbooks
        self.collections = collections
        self.state = state
        self.oplog = oplog
        self.key = key
        self._lanes = {name: _Lane() for name in OPERATIONS}
        state.mkdir(parents=True, exist_ok=True, mode=0o700)

    def run(self, operation: str, target: Target, args: Mapping[str, Any], job: str = "") -> Facts:
        """See Nodes.run. Blocks; calls from many threads share runs."""
        op = OPERATIONS[operation]
        call = _Call(target, op.checked(args), job)
        lane = self._lanes[operation]
        with lane.lock:
            lane.waiting.append(call)
            lead = lane.runs < RUNS_AT_ONCE
            lane.runs += lead
        if lead:
            self._lead(op, lane)
        return call.future.result()

    def _lead(self, op: Operation, lane: _Lane) -> None:
        """Runs what waits, batch by batch, until nothing waits."""
        while True:
            with lane.lock:
                batch, lane.waiting = lane.waiting[:BATCH], lane.waiting[BATCH:]
                if not batch:
                    lane.runs -= 1
                    return
            try:
                self._run_batch(op, batch)
            except Exception as error:
                log.exception("operation %s could not be run", op.name)
                for call in batch:
                    self._fail(op, call, NodeFailed(op.name, call.target, f"Ansible could not be run: {error}"))

    def _run_batch(self, op: Operation, batch: list[_Call]) -> None:
        calls = {}
        for number, call in enumerate(batch):
            call.alias = f"{call.target.name}-{number}"
            calls[call.alias] = call
        folder = Path(tempfile.mkdtemp(prefix=f"{op.name}-", dir=self.state))
        try:
            self._write_inputs(folder, calls)
            runner = ansible_runner.run(
                private_data_dir=str(folder), playbook=str((self.playbooks / f"{op.name}.yml").resolve()),
                inventory=str(folder / "hosts.yml"), cmdline=f"-e @{folder / 'specs.yml'} --forks {BATCH}",
                envvars=self._environment(), quiet=True, timeout=op.timeout, rotate_artifacts=1,
                event_handler=lambda event: self._on_event(op, calls, event),
            )
            self._settle(op, calls, runner, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _write_inputs(self, folder: Path, calls: Mapping[str, _Call]) -> None:
        hosts = {alias: self._connection(call.target) for alias, call in calls.items()}
        inventory = {"targets": {"hosts": hosts}}
        specs = {"stratoform_specs": {alias: unsafe(call.args) for alias, call in calls.items()}}
        for name, content in (("hosts.yml", unsafe(inventory)), ("specs.yml", specs)):
            file = folder / name
            file.touch(mode=0o600)
            file.write_text(yaml.dump(content, Dumper=_Dumper, allow_unicode=True, width=2**20), encoding="utf-8")

    def _connection(self, target: Target) -> dict[str, Any]:
        if target.local:
            return {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
        connection = {
            "ansible_host": target.address, "ansible_user": target.username,
            "ansible_python_interpreter": "auto_silent",
            "ansible_ssh_common_args": "-o StrictHostKeyChecking=accept-new -o ControlMaster=auto -o ControlPersist=1h",
        }
        if target.password:
            connection["ansible_password"] = target.password
        if self.key is not None and self.key.exists():
            connection["ansible_ssh_private_key_file"] = str(self.key)
        return connection

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",  # Ansible is our neighbour
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_GATHERING": "explicit",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.state / "cp"),
            "ANSIBLE_TIMEOUT": "10",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "ANSIBLE_DEVEL_WARNING": "false",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
        }

    def _on_event(self, op: Operation, calls: Mapping[str, _Call], event: Mapping[str, Any]) -> bool:
        data = event.get("event_data", {})
        call = calls.get(data.get("host", ""))
        if call is not None and not call.future.done():
            result = data.get("res") or {}
            if event["event"] == "runner_on_ok":
                self.oplog.write(op.name, call.target, call.job, call.args, time.monotonic() - call.began, "ok")
                call.future.set_result(result.get(op.returns) or {})
            elif event["event"] == "runner_on_unreachable":
                self._fail(op, call, NodeUnreachable(op.name, call.target, _sentence(result)))
            elif event["event"] == "runner_on_failed":
                self._fail(op, call, NodeFailed(op.name, call.target, _sentence(result)))
        return False  # keep no event files

    def _settle(self, op: Operation, calls: Mapping[str, _Call], runner: Any, folder: Path) -> None:
        """Ends the calls no event spoke of."""
        for call in calls.values():
            if call.future.done():
                continue
            if runner.status == "timeout":
                error: Exception = NodeTimeout(op.name, call.target, f"no answer within {op.timeout} s")
            else:
                tail = _tail(folder)
                error = NodeFailed(op.name, call.target, f"Ansible ended with status {runner.status}: {tail}")
            self._fail(op, call, error)

    def _fail(self, op: Operation, call: _Call, error: Exception) -> None:
        if not call.future.done():
            self.oplog.write(op.name, call.target, call.job, call.args, time.monotonic() - call.began, str(error))
            call.future.set_exception(error)


def _sentence(result: Mapping[str, Any]) -> str:
    text = str(result.get("msg") or result.get("module_stderr") or result.get("exception") or "no reason was given")
    return " ".join(text.split())[:1000]


def _tail(folder: Path) -> str:
    for name in ("stderr", "stdout"):
        for file in sorted(folder.glob(f"artifacts/*/{name}")):
            text = " ".join(file.read_text(errors="replace").split())
            if text:
                return text[-500:]
    return "no output"
