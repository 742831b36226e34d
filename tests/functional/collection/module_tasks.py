"""Modules of the collection, run against a service as Ansible runs them."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from pathlib import Path
from typing import Any

from ansible.module_utils.testing import patch_module_args

IMAGE = {
    "url": "http://images.invalid/image.qcow2",
    "format": "QCOW2",
    "hypervisor": "Simulator",
    "os_type": "Other Linux (64-bit)",
}


class Tasks:
    """Runs modules of the collection, each by its entry point, with the credentials file of one service."""

    def __init__(self, config: Path, environ: dict[str, str]) -> None:
        self.config = config
        self.environ = environ

    def __call__(self, module: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """The result of a task; a failure is a result with ``failed``."""
        name = f"ansible_collections.stratoform.cloud.plugins.modules.{module}"
        arguments = {"api_config": str(self.config), "_ansible_check_mode": check, **options}
        output = io.StringIO()
        with patch_module_args(arguments), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
            importlib.import_module(name).main()
        return json.loads(output.getvalue())

    def ok(self, module: str, **options: Any) -> dict[str, Any]:
        """The result of a task that must succeed."""
        result = self(module, **options)
        assert not result.get("failed"), result["msg"]
        return result
