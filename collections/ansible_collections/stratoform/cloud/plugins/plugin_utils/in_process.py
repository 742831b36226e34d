# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the modules that declare objects of the cloud where Ansible runs, without a process of their own.

They speak to an API and need nothing of the machine a task is for, so on a plain local connection the module's class
is called right here: about 50 ms a task instead of 400. Everything that asks for a process (another connection, become,
an environment, async) gets one, and the same class runs in it. plugins/action/ links every such module to this file.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Resource, failure, perform

MODULES = "ansible_collections.stratoform.cloud.plugins.modules"


def kind_of(name: str) -> type[Resource]:
    """The class of a module: ``ssh_key`` is ``SshKey``."""
    module = importlib.import_module(f"{MODULES}.{name}")
    kind: type[Resource] = getattr(module, "".join(word.capitalize() for word in name.split("_")))
    return kind


def complaint(action: str, errors: Iterable[Exception]) -> str:
    """What is wrong with a task's options, in the words of AnsibleModule."""
    unsupported = f"Unsupported parameters for ({action}) module: "
    return "; ".join((unsupported if isinstance(error, UnsupportedError) else "") + str(error) for error in errors)


class ActionModule(ActionBase):
    """One task."""

    _supports_check_mode = True
    _supports_diff = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """See ActionBase.run."""
        super().run(tmp, task_vars)
        if self._wants_process():
            return dict(self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val))
        kind = kind_of(self._task.action.rpartition(".")[2])
        checked = ArgumentSpecValidator(kind.argument_spec(), **kind.rules).validate(self._task.args)
        if checked.error_messages:
            return {"failed": True, "msg": complaint(self._task.action, checked.errors)}
        try:
            result = perform(kind, checked.validated_parameters, self._task.check_mode)
        except CloudError as error:
            result = {"failed": True, **failure(error)}
        return dict(remove_values(result, checked._no_log_values))  # noqa: SLF001 Ansible's own way to hide secrets

    def _wants_process(self) -> bool:
        environment = any(self._task.environment or [])
        become = bool(self._play_context.become)
        return self._connection.transport != "local" or become or environment or bool(self._task.async_val)
