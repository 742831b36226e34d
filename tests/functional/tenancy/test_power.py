"""Nobody gets, gives or touches more than is below the own role."""

from __future__ import annotations

import pytest

from tests.functional.tenancy.people import PERSON, account, keys, person
from tests.support.client import Client, Refused

ABOVE = r"may do more than this account|are accounts of domain ROOT|no role with id"


@pytest.fixture
def domain(api: Client) -> str:
    return str(api.one("createDomain", name="d")["id"])


def test_a_domain_administrator_makes_users_and_domain_administrators(api: Client, domain: str) -> None:
    dora = person(api, "dora", accounttype=2, domainid=domain)
    assert account(dora, "u")["domain"] == "d"
    assert account(dora, "second", accounttype=2)["accounttype"] == 2
    for kind in (1, 3):
        with pytest.raises(Refused, match=ABOVE):
            account(dora, "x", accounttype=kind)
    for role in ("Root Admin", "Resource Admin"):
        found = api.items("listRoles", name=role)[0]["id"]
        with pytest.raises(Refused, match=ABOVE):
            account(dora, "x", roleid=found)
        with pytest.raises(Refused, match=ABOVE):
            dora("updateAccount", account="u", domainid=domain, roleid=found)


def test_a_domain_administrator_of_root_has_no_power_over_root_administrators(api: Client) -> None:
    dora = person(api, "dora", accounttype=2)
    admin = api.one("listAccounts", name="admin", listall=True)
    other = account(api, "other", accounttype=1)
    for victim in (admin, other):
        user = victim["user"][0]["id"]
        for command, params in (
            ("registerUserKeys", {"id": user}), ("getUserKeys", {"id": user}),
            ("updateUser", {"id": user, "password": "mine now"}), ("disableUser", {"id": user}),
            ("lockUser", {"id": user}), ("deleteUser", {"id": user}), ("enableUser", {"id": user}),
            ("updateAccount", {"id": victim["id"], "newname": "x"}),
            ("disableAccount", {"id": victim["id"], "lock": False}),
            ("enableAccount", {"id": victim["id"]}),
            ("lockAccount", {"account": victim["name"], "domainid": victim["domainid"]}),
            ("createUser", {"account": victim["name"], "username": "mole", **PERSON}),
        ):
            with pytest.raises(Refused, match="may do more than this account") as refused:
                dora(command, **params)
            assert refused.value.code == 531, command


def test_a_resource_administrator_makes_no_root_administrator(api: Client) -> None:
    rita = person(api, "rita", accounttype=3)
    for kind in (1, 2):
        with pytest.raises(Refused, match="may do more than this account"):
            account(rita, "x", accounttype=kind)
    account(rita, "u")
    with pytest.raises(Refused, match="no account 'u' exists in that domain, or you may not act for it"):
        rita("lockAccount", account="u", domainid=rita.one("listDomains")["id"])


def test_nobody_learns_of_accounts_elsewhere(api: Client, domain: str) -> None:
    dora = person(api, "dora", accounttype=2, domainid=domain)
    root = api.one("listDomains", level=0)["id"]
    stranger = account(api, "stranger")
    with pytest.raises(Refused, match="no account with id"):
        dora("updateAccount", id=stranger["id"], newname="x")
    with pytest.raises(Refused, match="no domain with id"):
        dora("lockAccount", account="stranger", domainid=root)
    with pytest.raises(Refused, match="no user with id"):
        dora("deleteUser", id=stranger["user"][0]["id"])
    assert [a["name"] for a in dora.items("listAccounts", listall=True)] == ["dora"]
    assert [u["username"] for u in dora.items("listUsers", listall=True)] == ["dora"]


def test_a_root_administrator_manages_another(api: Client) -> None:
    other = account(api, "other", accounttype=1)
    second = keys(api, account(api, "second", accounttype=1))
    assert second.job("disableAccount", id=other["id"], lock=False)["state"] == "disabled"
