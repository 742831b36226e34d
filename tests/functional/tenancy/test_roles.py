"""Roles made here: rules in order, the first that matches decides."""

from __future__ import annotations

import pytest

from stratoform.app import load_commands
from stratoform.commands.frame.base import REGISTRY
from stratoform.commands.frame.caller import RoleType
from tests.functional.tenancy.people import account, keys
from tests.support.client import Client, Refused

load_commands()


def make(api: Client, name: str, *rules: str, **more: object) -> str:
    """A role; a rule that begins with ! denies."""
    role = api.one("createRole", **{"name": name, "type": "User", **more})["id"]
    for rule in rules:
        permission = "deny" if rule[0] == "!" else "allow"
        api("createRolePermission", roleid=role, rule=rule.lstrip("!"), permission=permission)
    return str(role)


def bearer(api: Client, role: str, name: str = "alice") -> Client:
    return keys(api, account(api, name, roleid=role))


def allowed(client: Client) -> set[str]:
    return {a["name"] for a in client.items("listApis")}


def test_the_built_in_roles_show_what_commands_declare(api: Client) -> None:
    roles = {r["name"]: r for r in api.items("listRoles")}
    assert [(r["name"], r["type"], r["isdefault"], r["ispublic"], r["state"]) for r in roles.values()] == [
        (name, kind, True, True, "enabled") for name, kind in (
            ("Root Admin", "Admin"), ("Resource Admin", "ResourceAdmin"), ("Domain Admin", "DomainAdmin"),
            ("User", "User"))]
    (everything,) = api.items("listRolePermissions", roleid=roles["Root Admin"]["id"])
    assert (everything["rule"], everything["permission"]) == ("*", "allow")
    users = api.items("listRolePermissions", roleid=roles["User"]["id"])
    assert {r["rule"] for r in users} == {n for n, c in REGISTRY.items() if RoleType.USER in c.roles}
    assert users == api.items("listRolePermissions", roleid=roles["User"]["id"])
    for command, params in (("updateRole", {"name": "x"}), ("deleteRole", {}), ("disableRole", {})):
        with pytest.raises(Refused, match="is built in and cannot be changed"):
            api(command, id=roles["User"]["id"], **params)
    with pytest.raises(Refused, match="is built in and cannot be changed"):
        api("createRolePermission", roleid=roles["User"]["id"], rule="listHosts", permission="allow")


def test_the_first_rule_that_matches_decides(api: Client) -> None:
    role = make(api, "reader", "!listVolumes", "list*", "registerUserKeys", "!*")
    alice = bearer(api, role)
    assert alice.items("listZones") == []
    for command in ("listVolumes", "createSSHKeyPair"):
        with pytest.raises(Refused, match=f"The command {command} is not available to this account") as refused:
            alice(command, name="x")
        assert refused.value.code == 401
    assert "listVolumes" not in allowed(alice)
    assert {"listZones", "listApis", "registerUserKeys"} <= allowed(alice)
    shown = api.one("listAccounts", name="alice", listall=True)
    assert (shown["roleid"], shown["rolename"], shown["roletype"], shown["accounttype"]) == (role, "reader", "User", 0)


def test_a_change_of_rules_holds_with_the_next_call(api: Client) -> None:
    role = make(api, "reader", "list*")
    alice = bearer(api, role)
    alice("listZones")
    (rule,) = api.items("listRolePermissions", roleid=role)
    api("updateRolePermission", roleid=role, ruleid=rule["id"], permission="deny")
    with pytest.raises(Refused, match="not available"):
        alice("listZones")
    second = api.one("createRolePermission", roleid=role, rule="listZones", permission="allow", description="why")
    assert (second["rolename"], second["description"]) == ("reader", "why")
    with pytest.raises(Refused, match="not available"):
        alice("listZones")
    api("updateRolePermission", roleid=role, ruleorder=f"{second['id']},{rule['id']}")
    assert [r["rule"] for r in api.items("listRolePermissions", roleid=role)] == ["listZones", "list*"]
    alice("listZones")
    api("deleteRolePermission", id=second["id"])
    with pytest.raises(Refused, match="not available"):
        alice("listZones")


def test_what_rules_must_be(api: Client) -> None:
    role, other = make(api, "one", "list*", "deploy*"), make(api, "two", "list*")
    first, second = (r["id"] for r in api.items("listRolePermissions", roleid=role))
    foreign = api.items("listRolePermissions", roleid=other)[0]["id"]
    for command, params, why in (
        ("createRolePermission", {"rule": "LIST*", "permission": "deny"}, r"has a rule 'LIST\*'"),
        ("createRolePermission", {"rule": "list zones", "permission": "deny"}, "neither a command's name nor"),
        ("createRolePermission", {"rule": "x", "permission": "perhaps"}, "permission: 'perhaps' is not one of"),
        ("updateRolePermission", {}, "give either the new order"),
        ("updateRolePermission", {"ruleid": first}, "permission: it must be given together"),
        ("updateRolePermission", {"ruleid": foreign, "permission": "deny"}, "is not one of role 'one'"),
        ("updateRolePermission", {"ruleorder": first}, "each of the role's 2 rules once"),
        ("updateRolePermission", {"ruleorder": f"{first},{first}"}, "each of the role's 2 rules once"),
        ("updateRolePermission", {"ruleorder": f"{first},{second},{foreign}"}, "each of the role's 2 rules once"),
    ):
        with pytest.raises(Refused, match=why):
            api(command, roleid=role, **params)
    assert len(api.items("listRolePermissions")) > 3


def test_a_copy_begins_with_the_rules_of_its_original(api: Client) -> None:
    built_in = api.items("listRoles", name="Domain Admin")[0]["id"]
    copy = api.one("createRole", name="copy", roleid=built_in, description="d")
    assert (copy["type"], copy["isdefault"], copy["description"]) == ("DomainAdmin", False, "d")

    def rules(role: str) -> list[str]:
        return [r["rule"] for r in api.items("listRolePermissions", roleid=role)]

    assert rules(copy["id"]) == rules(built_in)
    assert rules(api.one("createRole", name="copy2", roleid=copy["id"])["id"]) == rules(built_in)
    for params in ({}, {"type": "User", "roleid": built_in}):
        with pytest.raises(Refused, match="say what the role shall be"):
            api("createRole", name="x", **params)
    with pytest.raises(Refused, match="a role named 'copy' exists already"):
        api("createRole", name="copy", type="User")


def test_a_role_is_imported_and_replaced(api: Client) -> None:
    rules = {"rules[0].rule": "list*", "rules[0].permission": "allow", "rules[0].description": "look",
             "rules[1].rule": "*", "rules[1].permission": "DENY"}
    role = api.one("importRole", name="imported", type="User", **rules)["id"]
    assert [(r["rule"], r["permission"]) for r in api.items("listRolePermissions", roleid=role)] == [
        ("list*", "allow"), ("*", "deny")]
    alice = bearer(api, role)
    alice("listZones")
    with pytest.raises(Refused, match="exists already"):
        api("importRole", name="imported", type="User", **rules)
    again = api.one("importRole", name="imported", type="User", forced=True, description="new",
                    **{"rules[0].rule": "*", "rules[0].permission": "deny"})
    assert (again["id"], again["description"]) == (role, "new")
    with pytest.raises(Refused, match="not available"):
        alice("listZones")
    with pytest.raises(Refused, match="neither allow nor deny"):
        api("importRole", name="x", type="User", **{"rules[0].rule": "*"})


def test_a_disabled_role_allows_nothing(api: Client) -> None:
    role = make(api, "reader", "list*")
    alice = bearer(api, role)
    api("disableRole", id=role)
    with pytest.raises(Refused, match="not available"):
        alice("listZones")
    with pytest.raises(Refused, match="role 'reader' is disabled"):
        account(api, "bob", roleid=role)
    assert [r["name"] for r in api.items("listRoles", state="disabled")] == ["reader"]
    api("enableRole", id=role)
    alice("listZones")


def test_a_role_is_changed_and_deleted_when_nobody_bears_it(api: Client) -> None:
    role = make(api, "reader", "list*")
    assert api.one("updateRole", id=role, name="r", description="d", ispublic=False, type="DomainAdmin") | {
        "name": "r", "description": "d", "ispublic": False, "type": "DomainAdmin"} == api.one("listRoles", id=role)
    made = account(api, "alice", roleid=role)
    with pytest.raises(Refused, match=r"has 1 bearers, e\.g\. account 'alice'"):
        api("updateRole", id=role, type="User")
    with pytest.raises(Refused, match=r"role still has 1 account\(s\): alice"):
        api("deleteRole", id=role)
    api.job("deleteAccount", id=made["id"])
    api("deleteRole", id=role)
    assert api.items("listRoles", name="r") == []
    make(api, "r")


def test_private_roles_and_those_of_root_are_not_shown_to_others(api: Client) -> None:
    secret = make(api, "secret", ispublic=False)
    dora = keys(api, account(api, "dora", accounttype=2))
    assert {r["name"] for r in dora.items("listRoles")} == {"Resource Admin", "Domain Admin", "User"}
    with pytest.raises(Refused, match="no role with id"):
        account(dora, "x", roleid=secret)


def test_a_narrowed_administrator_cannot_widen_itself(api: Client) -> None:
    """It may make accounts and rules, but give nothing that it does not have itself."""
    narrow = make(api, "narrow", "createAccount", "list*", "createUser", "registerUserKeys", "createRole*",
                  "updateRole*", "updateAccount", "importRole", "deleteRolePermission", type="Admin")
    ann = bearer(api, narrow, "ann")
    mine = ann.one("listAccounts")
    root = api.items("listRoles", name="Root Admin")[0]["id"]
    for command, params in (
        ("createAccount", {"username": "x", "accounttype": 1, "email": "e", "firstname": "f", "lastname": "l",
                           "password": "p"}),
        ("createRole", {"name": "x", "roleid": root}),
        ("createRolePermission", {"roleid": narrow, "rule": "*", "permission": "allow"}),
        ("importRole", {"name": "x", "type": "User", "rules[0].rule": "deleteHost", "rules[0].permission": "allow"}),
        ("updateAccount", {"id": mine["id"], "roleid": root}),
        ("registerUserKeys", {"id": api.one("listAccounts")["user"][0]["id"]}),
    ):
        with pytest.raises(Refused, match=r"may do more than this account|what this account may not call") as refused:
            ann(command, **params)
        assert refused.value.code == 531, command
    small = ann.one("createRole", name="small", type="User")["id"]
    ann("createRolePermission", roleid=small, rule="listZ*", permission="allow")
    assert account(ann, "helper", roleid=small)["rolename"] == "small"
    deny = api.one("createRolePermission", roleid=narrow, rule="stopVirtualMachine", permission="deny")["id"]
    api("createRolePermission", roleid=narrow, rule="stop*", permission="allow")
    with pytest.raises(Refused, match="what this account may not call itself: stopVirtualMachine"):
        ann("deleteRolePermission", id=deny)


def test_a_domain_administrator_gives_no_role_above_its_own(api: Client) -> None:
    strong = make(api, "strong", "deleteHost", type="User")
    weak = make(api, "weak", "listZones", type="DomainAdmin")
    dora = keys(api, account(api, "dora", accounttype=2))
    with pytest.raises(Refused, match="roleid: role 'strong' may do more than this account"):
        account(dora, "x", roleid=strong)
    assert account(dora, "y", roleid=weak)["accounttype"] == 2
    limited = bearer(api, make(api, "limited", "list*", "registerUserKeys", type="DomainAdmin"), "lim")
    user = api.one("listAccounts", name="dora", listall=True)["user"][0]["id"]
    with pytest.raises(Refused, match="may do more than this account"):
        limited("registerUserKeys", id=user)
