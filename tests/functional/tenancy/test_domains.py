"""Domains: the tree."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.functional.tenancy.people import account, person
from tests.support.client import Client, Refused
from tests.support.zone import Zone


@pytest.fixture
def tree(api: Client) -> dict[str, str]:
    """ROOT/a/b/c and ROOT/a2: name to id."""
    ids = {"ROOT": api.one("listDomains")["id"]}
    for name, parent in (("a", "ROOT"), ("b", "a"), ("c", "b"), ("a2", "ROOT")):
        ids[name] = api.one("createDomain", name=name, parentdomainid=ids[parent])["id"]
    return ids


def test_a_domain_is_shown_with_its_place_in_the_tree(api: Client, tree: dict[str, str]) -> None:
    shown = api.one("listDomains", id=tree["b"])
    created = shown.pop("created")
    assert created
    assert shown == {
        "id": tree["b"], "name": "b", "level": 2, "parentdomainid": tree["a"], "parentdomainname": "a",
        "haschild": True, "path": "ROOT/a/b", "state": "Active"}
    root = api.one("listDomains", id=tree["ROOT"])
    assert (root["name"], root["level"], root["path"], "parentdomainid" in root) == ("ROOT", 0, "ROOT", False)
    assert api.one("createDomain", name="alone")["parentdomainid"] == tree["ROOT"]


def test_domains_are_found(api: Client, tree: dict[str, str]) -> None:
    def names(command: str, **filters: object) -> list[str]:
        return [d["name"] for d in api.items(command, **filters)]

    assert names("listDomains") == ["ROOT", "a", "b", "c", "a2"]
    assert names("listDomains", level=1) == ["a", "a2"]
    assert names("listDomains", name="c") == ["c"]
    assert names("listDomains", keyword="A") == ["a", "a2"]
    assert names("listDomainChildren") == ["a", "a2"]
    assert names("listDomainChildren", id=tree["a"]) == ["b"]
    assert names("listDomainChildren", id=tree["a"], isrecursive=True) == ["b", "c"]
    assert names("listDomainChildren", listall=True, name="c") == ["c"]
    assert names("listDomainChildren", id=tree["c"]) == []


def test_names_are_unique_beside_each_other(api: Client, tree: dict[str, str]) -> None:
    with pytest.raises(Refused, match="a domain named 'b' exists already"):
        api("createDomain", name="b", parentdomainid=tree["a"])
    api("createDomain", name="b", parentdomainid=tree["a2"])
    with pytest.raises(Refused, match="a domain named 'a2' exists already"):
        api("updateDomain", id=tree["a"], name="a2")
    with pytest.raises(Refused, match="must not contain slashes"):
        api("createDomain", name="x/y")
    parent = tree["ROOT"]
    for _ in range(2):
        parent = api.one("createDomain", name="n" * 200, parentdomainid=parent)["id"]
    with pytest.raises(Refused, match="at most 512 characters"):
        api("createDomain", name="n" * 200, parentdomainid=parent)


def test_many_ask_for_one_name_and_one_gets_it(api: Client) -> None:
    def ask(_: int) -> bool:
        try:
            Client(api.http.application.test_client(), api.key, api.secret)("createDomain", name="wanted")
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(ask, range(8))) == [False] * 7 + [True]


def test_renaming_a_domain_moves_all_below_it(api: Client, tree: dict[str, str]) -> None:
    api("updateDomain", id=tree["a"], name="z_%")
    assert api.one("listDomains", id=tree["c"])["path"] == "ROOT/z_%/b/c"
    assert api.one("listDomains", id=tree["a2"])["path"] == "ROOT/a2"
    assert [d["name"] for d in api.items("listDomainChildren", id=tree["a"], isrecursive=True)] == ["b", "c"]
    api("updateDomain", id=tree["ROOT"], name="Top")
    assert api.one("listDomains", id=tree["c"])["path"] == "ROOT/z_%/b/c"


def test_the_network_domain_is_set_and_taken_away(api: Client, tree: dict[str, str]) -> None:
    assert api.one("updateDomain", id=tree["a"], networkdomain="A.Example.org")["networkdomain"] == "a.example.org"
    assert "networkdomain" not in api.one("updateDomain", id=tree["a"], networkdomain="")
    with pytest.raises(Refused, match="is no domain name"):
        api("updateDomain", id=tree["a"], networkdomain="-")


def test_an_id_of_another_region_is_kept(api: Client) -> None:
    wanted = "0b9a5d7e-5f6a-4f0e-9a60-0c31e0bd0f1f"
    assert api.one("createDomain", name="x", domainid=wanted)["id"] == wanted
    with pytest.raises(Refused, match="is taken"):
        api("createDomain", name="y", domainid=wanted)
    with pytest.raises(Refused, match="is no UUID"):
        api("createDomain", name="y", domainid="7")


def test_a_domain_administrator_sees_its_subtree_and_nothing_else(api: Client, tree: dict[str, str]) -> None:
    dora = person(api, "dora", accounttype=2, domainid=tree["a"])
    assert [d["name"] for d in dora.items("listDomains")] == ["a"]
    assert [d["name"] for d in dora.items("listDomains", listall=True)] == ["a", "b", "c"]
    assert [d["name"] for d in dora.items("listDomainChildren", isrecursive=True)] == ["b", "c"]
    for params in ({"id": tree["a2"]}, {"id": tree["ROOT"]}):
        with pytest.raises(Refused, match="or it is not yours to use"):
            dora("listDomains", **params)
    with pytest.raises(Refused, match="not available to this account"):
        dora("createDomain", name="mine")
    account(dora, "child", domainid=tree["c"])
    with pytest.raises(Refused, match="or it is not yours to use"):
        account(dora, "stranger", domainid=tree["a2"])


def test_networks_inherit_the_nearest_network_domain(built_zone: Zone, api: Client, tree: dict[str, str]) -> None:
    offering = api.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"]
    account(api, "alice", domainid=tree["c"])

    def suffix(number: int) -> str:
        return str(api.one(
            "createNetwork", name=f"n{number}", displaytext="-", acltype="Account", account="alice",
            domainid=tree["c"], networkofferingid=offering, zoneid=built_zone.zone, vlan=str(700 + number),
            gateway=f"10.5.{number}.1", netmask="255.255.255.0", startip=f"10.5.{number}.10",
            endip=f"10.5.{number}.20")["networkdomain"])

    assert suffix(0).endswith(".internal")
    for number, (command, params, expected) in enumerate((
        ("updateZone", {"id": built_zone.zone, "domain": "zone.example.org"}, "zone.example.org"),
        ("updateDomain", {"id": tree["ROOT"], "networkdomain": "root.example.org"}, "root.example.org"),
        ("updateDomain", {"id": tree["b"], "networkdomain": "b.example.org"}, "b.example.org"),
        ("updateDomain", {"id": tree["a2"], "networkdomain": "a2.example.org"}, "b.example.org"),
        ("updateAccount", {"account": "alice", "domainid": tree["c"], "networkdomain": "alice.example.org"},
         "alice.example.org"),
        ("updateAccount", {"account": "alice", "domainid": tree["c"], "networkdomain": ""}, "b.example.org"),
    ), start=1):
        api(command, **params)
        assert suffix(number) == expected
