"""Secrets stay secret: in no log, event, alert or job, whatever comes of the call; passwords nowhere in the clear."""

from __future__ import annotations

import base64
import logging
import re
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from stratoform.app import load_commands
from stratoform.commands.frame.base import REGISTRY, Command
from stratoform.commands.frame.params import Bool, Choice, Details, Int, ListOf, Param
from tests.functional.hostile.asking import ask
from tests.functional.permissions.recipes import recipe
from tests.functional.permissions.world import World
from tests.support.client import Refused

load_commands()

SECRET = re.compile(r"pass|secret|^private|userdata|api_?key|token|credential", re.IGNORECASE)
MARK = "Marked5ecret"
HISTORY = ("event", "alert", "job", "job_step", "outbox_mail")
"""Tables that tell what happened."""
AT_REST = ("password", "vsmpassword", "usersecretkey", "bindpass", "currentpassword")
"""Parameters that are nowhere in the database in the clear."""


def secret_params(command: type[Command]) -> Iterator[Param[Any]]:
    """The parameters of a command whose values must not be told."""
    for param in command.params.values():
        if SECRET.search(param.name) and not isinstance(param, Bool | Int | Choice | ListOf):
            yield param


def marked(command: str) -> dict[str, str]:
    """A value for each secret parameter, that can be found again."""
    values = {}
    for number, param in enumerate(secret_params(REGISTRY[command])):
        mark = f"{MARK}{command}{number}".ljust(40, "x")
        values[param.name] = base64.b64encode(mark.encode()).decode() if param.name == "userdata" else mark
    return values


def answers_secrets(command: type[Command]) -> bool:
    """Whether a command tells a secret to who asked for it."""
    return any(SECRET.search(field.name) and field.type == "string" for field in command.view.fields) if (
        command.view is not None and not command.is_list) else False


COMMANDS = [name for name, command in sorted(REGISTRY.items())
            if any(secret_params(command)) or answers_secrets(command)]


def told(value: Any, name: str = "") -> Iterator[str]:
    """What an answer tells under a secret's name."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from told(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from told(item, name)
    elif isinstance(value, str) and SECRET.search(name) and len(value) >= 6:
        yield value


def everything(world: World, tables: tuple[str, ...] = ()) -> str:
    """The rows of these tables (default: all) as text."""
    file = sqlite3.connect(world.service.cloud.db.engine.url.database)
    there = [row[0] for row in file.execute("select name from sqlite_master where type = 'table'")]
    rows = [str(file.execute(f'select * from "{table}"').fetchall())  # noqa: S608 - names the database gave
            for table in there if not tables or table in tables]
    file.close()
    return "\n".join(rows)


def operations(world: World) -> str:
    """The logs of what was done on hosts."""
    return "".join(file.read_text() for file in (world.service.cloud.config.var / "log" / "jobs").glob("*.log"))


def call(world: World, person: str, command: str, params: Mapping[str, str]) -> Any:
    """The answer, or that of the job, or the refusal."""
    client = world.clients[person]
    try:
        answer = client(command, **params)
        if REGISTRY[command].is_async:
            answer = client.await_job(answer["jobid"])
    except Refused as refused:
        return {"refused": refused.text}
    world.settle()
    return answer


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_tells_a_secret(
    world: World, command: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets = marked(command)
    good = {**recipe(command, world.things["admin"]), **secrets}
    if command == "updateUser":
        del good["currentpassword"]  # or it would be refused
    hunted = {*secrets.values(), *(base64.b64decode(v).decode() for n, v in secrets.items() if n == "userdata")}
    with caplog.at_level(logging.DEBUG):
        for person, params in (("alice", good), ("admin", {**good, "nonsense": "x"}), ("admin", good)):
            answer = call(world, person, command, params)
            assert MARK not in str(answer.get("refused"))
            hunted |= {text for text in told(answer) if text not in recipe(command, world.things["admin"]).values()}
        clear = everything(world)
        history = everything(world, HISTORY) + operations(world)

        world.restore()

        def boom(self: Command) -> None:
            raise RuntimeError(f"unforeseen: {self.values}")

        monkeypatch.setattr(REGISTRY[command], "check", boom)
        assert ask(world.service.admin, command, good).status == 530
    assert "unforeseen" in caplog.text
    for secret in hunted:
        assert secret not in caplog.text
        assert secret not in history
    for name in set(AT_REST) & set(secrets):
        assert secrets[name] not in clear, name


def test_every_kind_of_secret_is_tried() -> None:
    assert {"addHost", "createAccount", "createUser", "updateUser", "deployVirtualMachine", "createSSHKeyPair",
            "registerUserKeys"} <= set(COMMANDS)


@pytest.mark.parametrize("where", ["addImageStore", "createServiceOffering", "updateAccount"])
def test_secrets_in_maps_are_not_logged(world: World, where: str, caplog: pytest.LogCaptureFixture) -> None:
    """A map's entry is a secret when its key says so."""
    (name,) = [param.name for param in REGISTRY[where].params.values() if isinstance(param, Details)]
    for entry in ({f"{name}[0].key": "s3.secretkey", f"{name}[0].value": MARK}, {f"{name}[0].password": MARK}):
        with caplog.at_level(logging.DEBUG):
            ask(world.service.admin, where, {**recipe(where, world.things["admin"]), **entry, "nonsense": "x"})
        assert MARK not in caplog.text


def test_a_secret_setting_is_shown_to_nobody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    admin = world.service.admin
    with caplog.at_level(logging.DEBUG):
        admin("updateConfiguration", name="security.singlesignon.key", value=MARK.ljust(20, "x"))
        assert MARK not in str(admin("listConfigurations", name="security.singlesignon.key"))
        with pytest.raises(Refused):
            admin("updateConfiguration", name="security.singlesignon.key", value=f"{MARK} with spaces")
    assert MARK not in everything(world)
    assert MARK not in caplog.text
