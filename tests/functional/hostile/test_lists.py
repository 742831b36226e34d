"""Pages, keywords and long lists of every command: bounded, literal, and never an error of ours."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from stratoform.app import load_commands
from stratoform.commands.frame.base import REGISTRY
from stratoform.commands.frame.params import ListOf, Ref
from tests.functional.hostile.asking import Answer, ask
from tests.functional.permissions.recipes import recipe
from tests.functional.permissions.world import World
from tests.support.budget import counted

load_commands()

LISTS = sorted(name for name, command in REGISTRY.items() if command.is_list and "keyword" in command.params)
LONG = [(name, param.name) for name, command in sorted(REGISTRY.items()) for param in command.params.values()
        if isinstance(param, ListOf)]


def listed(world: World, command: str, **more: str) -> Answer:
    """What the administrator gets of a list."""
    return ask(world.service.admin, command, {**recipe(command, world.things["admin"]), "listall": "true", **more})


def items(answer: Answer) -> list[Any]:
    """The objects of an answer."""
    assert (answer.status, answer.text) == (200, "")
    return next((value for key, value in answer.content.items() if key != "count"), [])


@pytest.mark.parametrize("command", LISTS)
def test_pages_are_bounded(world: World, command: str) -> None:
    for page, size, named in (
        ("0", "1", "page"), ("-1", "1", "page"), ("1", "0", "pagesize"), ("1", "-1", "pagesize"),
        ("1", "501", "pagesize"), ("1", "9" * 18, "pagesize"), ("9" * 30, "1", "page"), ("1e3", "1", "page"),
        ("1", "", "pagesize"), ("", "1", "page"), ("1", "0x10", "pagesize"), ("1;drop table vm", "1", "page"),
    ):
        answer = listed(world, command, page=page, pagesize=size)
        assert answer.status == 431, (page, size)
        assert named in answer.text
    whole = listed(world, command)
    first = items(listed(world, command, page="1", pagesize="1"))
    assert first == items(whole)[:1]
    assert listed(world, command, page=str(2**31 - 1), pagesize="500").status == 200
    assert items(listed(world, command, page="100000", pagesize="500")) == []


@pytest.mark.parametrize("command", LISTS)
def test_keywords_are_letters(world: World, command: str) -> None:
    """No character of a keyword stands for others, on any list."""
    everything = str(items(listed(world, command)))
    for keyword in ("%", "_", "\\", "%%", "_%", "\\%", "' or 1=1 --", "*", "[a-z]", ".*", "%' escape '"):
        for found in items(listed(world, command, keyword=keyword)):
            assert keyword.lower() in str(list(found.values())).replace("\\\\", "\\").lower(), keyword
    assert items(listed(world, command, keyword="a-word-that-is-nowhere")) == []
    assert "a-word-that-is-nowhere" not in everything


@pytest.mark.parametrize(("command", "param"), LONG)
def test_a_list_of_a_thousand_is_judged_like_a_short_one(world: World, command: str, param: str) -> None:
    admin, good = world.service.admin, recipe(command, world.things["admin"])
    most = REGISTRY[command].params[param].most
    for number in (1, most, most + 1, 1000, 5000):
        nobodys = ",".join(str(uuid.UUID(int=n)) for n in range(number))
        with counted(world.service.cloud.db) as queries:
            answer = ask(admin, command, {**good, param: nobodys})
        assert answer.status in {200, 431}, answer.text
        assert len(answer.text) < 1000
        assert len(queries) < 60, len(queries)
        if number > most:
            assert answer.status == 431
            assert param in answer.text
        world.restore()
    again = ask(admin, command, {**good, param: ",".join(["a"] * most) + ",,,"})
    assert again.status in {200, 431}
    world.restore()


def test_a_thousand_ids_cost_one_look_up(world: World) -> None:
    """And the first that is not there is named."""
    admin = world.service.admin
    mine = [item["id"] for item in items(listed(world, "listVolumes"))]
    assert isinstance(REGISTRY["listVolumes"].params["ids"].item, Ref)
    with counted(world.service.cloud.db) as queries:
        found = items(ask(admin, "listVolumes", {"ids": ",".join(mine * (1000 // len(mine))), "listall": "true"}))
    assert {item["id"] for item in found} == set(mine)
    assert len([query for query in queries if "uuid IN" in query]) <= 1
    assert len(queries) < 15
    gone = str(uuid.UUID(int=7))
    answer = ask(admin, "listVolumes", {"ids": ",".join([*mine, gone])})
    assert (answer.status, answer.text) == (
        431, f"Invalid parameter ids: no volume with id '{gone}' exists, or it is not yours to use")
