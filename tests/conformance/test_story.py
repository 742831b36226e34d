"""A person with the ``cs`` program alone: a domain, an account, its keys, a project, a limit, and a third machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import Running


class Person:
    """Somebody at a terminal."""

    def __init__(self, endpoint: str, key: str, secret: str) -> None:
        self.env = {**os.environ, "CLOUDSTACK_ENDPOINT": endpoint, "CLOUDSTACK_KEY": key, "CLOUDSTACK_SECRET": secret,
                    "CLOUDSTACK_POLL_INTERVAL": "0.05"}

    def __call__(self, command: str, **params: str) -> Any:
        """What the program prints; the program fails when the service refuses."""
        words = [f"{name}={value}" for name, value in params.items()]
        done = subprocess.run([Path(sys.executable).with_name("cs"), command, *words], env=self.env,
                              capture_output=True, check=False, timeout=60, text=True)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return json.loads(done.stdout)


def test_the_third_machine_is_refused_with_a_sentence_that_says_why(running: Running) -> None:
    root = Person(running.endpoint, running.key, running.secret)
    domain = root("createDomain", name="story")["domain"]["id"]
    made = root("createAccount", username="teller", accounttype="0", domainid=domain, email="t@example.org",
                firstname="Tess", lastname="Teller", password="once upon a time")["account"]
    pair = root("registerUserKeys", id=made["user"][0]["id"])["userkeys"]
    teller = Person(running.endpoint, pair["apikey"], pair["secretkey"])
    project = teller("createProject", name="tale", displaytext="A tale")["project"]["id"]
    root("updateResourceLimit", projectid=project, resourcetype="0", max="2")
    wanted = {name: str(value) for name, value in running.zone.deploy(projectid=project).items() if name != "name"}
    for number in (1, 2):
        vm = teller("deployVirtualMachine", **wanted, name=f"tale-{number}")["virtualmachine"]
        assert (vm["project"], vm["state"]) == ("tale", "Running")
    with pytest.raises(RuntimeError) as refused:
        teller("deployVirtualMachine", **wanted, name="tale-3")
    assert "project 'tale' may have at most 2 virtual machines and has 2; 1 more cannot be given" in str(refused.value)
    root("deleteProject", id=project)
    root("deleteDomain", id=domain, cleanup="true")
    assert "story" not in str(root("listDomains"))
