"""Who may call what: every command, really called by every kind of account, against the committed matrix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from stratoform.app import load_commands
from stratoform.commands.frame.base import REGISTRY
from stratoform.commands.frame.caller import RoleType
from tests.functional.permissions.recipes import RECIPES, recipe
from tests.functional.permissions.world import ROLES, World
from tests.support.client import Client, Refused

load_commands()

FILE = Path(__file__).parent / "matrix.txt"
COMMANDS = sorted(REGISTRY)
ACTORS = {"user": "alice", "domain-admin": "dora", "resource-admin": "rita", "admin": "admin"}


def matrix() -> Mapping[str, Mapping[str, str]]:
    """Command to role to allow or deny, as committed."""
    lines = [line.split() for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
    _, *roles = lines[0]
    return {name: dict(zip(roles, cells, strict=True)) for name, *cells in lines[1:]}


def outcome(world: World, command: str, role: str) -> str:
    """What comes of the call: allow when it succeeds to the end of its job, deny when the account may not do it."""
    person = ACTORS[role]
    client = world.clients[person]
    try:
        answer = client(command, **recipe(command, world.things[person]))
        if REGISTRY[command].is_async:
            client.await_job(answer["jobid"])
    except Refused as refused:
        return "deny" if refused.code in {401, 531} else str(refused)
    finally:
        if world.changes():
            world.restore()
    return "allow"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_matrix_says_who_may(world: World, command: str) -> None:
    found = {role: outcome(world, command, role) for role in ACTORS}
    row = matrix().get(command)
    line = " ".join([command, *(found[role] for role in ACTORS)])
    assert row is not None, (
        f"{command} has no row in {FILE.name}: decide who may call it; if the following is what you want, add it as a "
        f"line, in alphabetical order: {line}")
    assert found == row, f"{command} and its row in {FILE.name} differ; what happens now is: {line}"


def test_there_are_no_rows_and_recipes_of_commands_there_are_not() -> None:
    names = list(matrix())
    assert set(names) <= set(REGISTRY)
    assert names == sorted(names)
    assert set(ROLES) == set(ACTORS)
    assert set(RECIPES) == set(REGISTRY)


@pytest.mark.parametrize("command", COMMANDS)
def test_who_may_not_call_learns_nothing(world: World, command: str) -> None:
    """The command's roles come first: neither parameters nor objects are looked at."""
    for role, person in ACTORS.items():
        if RoleType(ROLES[role]) in REGISTRY[command].roles:
            continue
        for params in ({}, {"nonsense": "x"}, {"id": "x"}, recipe(command, world.things["admin"])):
            with pytest.raises(Refused) as refused:
                world.clients[person](command, **params)
            assert (refused.value.code, refused.value.text) == (
                401, f"The command {command} is not available to this account")
    assert world.changes() == {}


@pytest.mark.parametrize("command", COMMANDS)
def test_strangers_may_nothing(world: World, command: str) -> None:
    params = recipe(command, world.things["admin"])
    for key, secret in (("nobody", "x"), (world.service.admin.key, "x"), ("", "")):
        with pytest.raises(Refused) as refused:
            Client(world.service.admin.http, key, secret)(command, **params)
        assert (refused.value.code, refused.value.text) == (
            401, "unable to verify user credentials and/or request signature")
    assert world.changes() == {}


@pytest.mark.parametrize(("role", "person"), ACTORS.items())
def test_list_apis_lists_what_one_may_call(world: World, role: str, person: str) -> None:
    listed = {api["name"] for api in world.clients[person].items("listApis")}
    assert listed == {name for name, command in REGISTRY.items() if RoleType(ROLES[role]) in command.roles}
    assert {name for name, row in matrix().items() if row[role] == "allow"} <= listed


ADMIN_PARAMS = [(command, name) for command in COMMANDS for name, param in REGISTRY[command].params.items()
                if param.admin]


@pytest.mark.parametrize(("command", "param"), ADMIN_PARAMS)
def test_parameters_of_root_administrators_are_refused_to_others(world: World, command: str, param: str) -> None:
    for role, person in ACTORS.items():
        if role == "admin" or RoleType(ROLES[role]) not in REGISTRY[command].roles:
            continue
        with pytest.raises(Refused, match=f"Parameter {param} is for root administrators only") as refused:
            world.clients[person](command, **{**recipe(command, world.things[person]), param: "x"})
        assert refused.value.code == 401
        shown = world.clients[person].one("listApis", name=command)
        assert param not in {p["name"] for p in shown["params"]}
