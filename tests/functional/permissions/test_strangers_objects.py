"""Nobody learns whether an id that is not his exists: the refusal is, word for word, that of an id nobody has."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from stratoform.app import load_commands
from stratoform.commands.frame.base import REGISTRY
from stratoform.commands.frame.caller import RoleType
from stratoform.commands.frame.params import ListOf, Param, Records, Ref
from stratoform.model.compute import InstanceGroup, ServiceOffering, Vm
from stratoform.model.network import Network
from stratoform.model.projects import Project, ProjectInvitation
from stratoform.model.records import Event
from stratoform.model.roles import Role
from stratoform.model.storage import DiskOffering, Template, Volume
from stratoform.model.tenancy import Account, Domain, User
from stratoform.model.topology import Zone
from tests.functional.permissions.recipes import recipe
from tests.functional.permissions.test_matrix import matrix
from tests.functional.permissions.world import PEOPLE, ROLES, World
from tests.support.client import Refused

load_commands()

OWNED = {Vm: "vm", Volume: "volume", Template: "own_template", Network: "own_network", InstanceGroup: "group",
         Event: "event", Account: "account_id", User: "user", Project: "project", ProjectInvitation: "invitation"}
"""Kinds of objects that have owners, and what each is called among the things of the world."""
OFFERED_ELSEWHERE = {Domain: "far_domain", Zone: "far_zone", ServiceOffering: "far_offering",
                     DiskOffering: "far_disk_offering", Role: "far_role"}
"""Kinds of objects that are offered to domains, and one of each that no asker is offered."""
HIDDEN = OWNED | OFFERED_ELSEWHERE
BY_NAME = [("deployVirtualMachine", "keypair", "key"), ("deleteSSHKeyPair", "name", "key"),
           ("resetSSHKeyForVirtualMachine", "keypair", "key"), ("queryAsyncJobResult", "jobid", "job")]
"""Owned objects that parameters of other kinds point at: command, parameter, thing."""
NEW_NAMES = {"createAccount", "ldapCreateAccount", "importLdapUsers"}
"""Commands whose parameter ``account`` is the name of a new one."""
OF_THE_TEAM = {"addAccountToProject", "listProjectAccounts"}
"""Commands whose ``account`` is no stranger's: whoever leads a project may ask all accounts of its domain into it, and
the filter of its members finds none."""
ASKERS = ("alice", "dora", "rita")


def entity(param: Param[object]) -> type[object] | None:
    """The kind of object a parameter refers to."""
    inner = param.item if isinstance(param, ListOf) else param
    return inner.entity if isinstance(inner, Ref) else None


def cases() -> Iterator[tuple[str, str, str, str]]:
    """(asker, command, parameter, thing) for everything an asker can point at somebody's object with."""
    for asker in ASKERS:
        role = RoleType(ROLES[PEOPLE[asker][0]])
        for name, command in sorted(REGISTRY.items()):
            if role not in command.roles or matrix().get(name, {}).get(PEOPLE[asker][0]) == "deny":
                continue
            for param in command.params.values():
                if entity(param) in HIDDEN and not param.admin:
                    yield asker, name, param.name, HIDDEN[entity(param)]
                elif isinstance(param, Records) and "networkid" in param.fields:
                    yield asker, name, f"{param.name}[0].networkid", "own_network"
                elif param.name == "account" and name not in NEW_NAMES | OF_THE_TEAM:
                    yield asker, name, "account", "account"
        yield from ((asker, *more) for more in BY_NAME)


CASES = list(cases())


def refusal(world: World, asker: str, command: str, **params: str) -> tuple[int, str]:
    """Code and text of a call that must be refused."""
    mine = recipe(command, world.things[asker])
    if any(name.startswith("iptonetworklist") for name in params):
        del mine["networkids"]
    with pytest.raises(Refused) as refused:
        world.clients[asker](command, **{**mine, **params})
    return refused.value.code, refused.value.text


@pytest.mark.parametrize(("asker", "command", "param", "thing"), CASES)
def test_a_strangers_object_is_as_one_that_is_not(
    world: World, asker: str, command: str, param: str, thing: str,
) -> None:
    theirs, nobodys = world.things["bob"][thing], str(uuid.uuid4())
    code, text = refusal(world, asker, command, **{param: theirs})
    assert code == 431
    other_code, other_text = refusal(world, asker, command, **{param: nobodys})
    assert (code, text.replace(theirs, "X")) == (other_code, other_text.replace(nobodys, "X"))
    assert param.partition("[")[0] in text
    assert theirs in text
    assert world.changes() == {}


def test_every_kind_of_owned_object_is_asked_for() -> None:
    assert {thing for _, _, _, thing in CASES} == {*HIDDEN.values(), "key", "job", "account"}


@pytest.mark.parametrize("asker", ASKERS)
def test_lists_show_nothing_of_strangers(world: World, asker: str) -> None:
    theirs = {world.things["bob"][thing] for thing in (*HIDDEN.values(), "key", "job", "stopped_vm", "destroyed_vm")}
    for command, kind in sorted(REGISTRY.items()):
        if RoleType(ROLES[PEOPLE[asker][0]]) not in kind.roles or not kind.is_list:
            continue
        for listall in ("true", "false"):
            params = {**recipe(command, world.things[asker]), "listall": listall}
            if "isrecursive" in kind.params:
                params["isrecursive"] = "true"
            answer = str(world.clients[asker](command, **params))
            assert [thing for thing in theirs if thing in answer] == [], command
