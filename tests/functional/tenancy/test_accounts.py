"""Accounts: made, shown, changed, enabled and disabled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from stratoform.model.tenancy import Account, User
from tests.conftest import Service
from tests.functional.tenancy.people import PERSON, account, keys, person
from tests.support.client import Client, Refused
from tests.support.zone import Zone


def test_an_account_comes_with_its_first_user(api: Client) -> None:
    domain = api.one("createDomain", name="d")
    made = account(api, "alice", account="shop", domainid=domain["id"], timezone="Europe/Berlin",
                   networkdomain="shop.example.org", **{"accountdetails[0].key": "k", "accountdetails[0].value": "v"})
    (user,) = made["user"]
    assert {name: made[name] for name in ("name", "accounttype", "rolename", "roletype", "domain", "domainpath",
                                          "state", "networkdomain", "accountdetails", "isdefault",
                                          "iscleanuprequired")} == {
        "name": "shop", "accounttype": 0, "rolename": "User", "roletype": "User", "domain": "d",
        "domainpath": "ROOT/d", "state": "enabled", "networkdomain": "shop.example.org",
        "accountdetails": {"k": "v"}, "isdefault": False, "iscleanuprequired": False}
    assert {name: user[name] for name in ("username", "account", "accountid", "email", "firstname", "lastname",
                                          "timezone", "state", "usersource")} == {
        "username": "alice", "account": "shop", "accountid": made["id"], "email": "p@example.org",
        "firstname": "First", "lastname": "Last", "timezone": "Europe/Berlin", "state": "enabled",
        "usersource": "native"}
    assert not {"password", "secretkey"} & set(user)
    assert account(api, "bob")["name"] == "bob"


def test_its_totals_and_limits_are_shown(zone_user: Client, api: Client, built_zone: Zone) -> None:
    zone_user.job("deployVirtualMachine", **built_zone.deploy(name="one"))
    shown = api.one("listAccounts", name="alice", listall=True)
    assert (shown["vmtotal"], shown["vmlimit"], shown["vmavailable"], shown["vmrunning"], shown["vmstopped"]) == (
        1, "20", "19", 1, 0)
    assert shown["volumetotal"] == 1
    assert {f"{prefix}{what}" for prefix in (
        "vm", "ip", "volume", "snapshot", "template", "project", "network", "vpc", "cpu", "memory", "primarystorage",
        "secondarystorage") for what in ("limit", "total", "available")} <= set(shown)
    root = api.one("listAccounts", name="admin", listall=True)
    assert (root["vmlimit"], root["vmavailable"]) == ("Unlimited", "Unlimited")


@pytest.fixture
def zone_user(built_zone: Zone, api: Client) -> Client:  # noqa: ARG001 - the zone must be there before the service
    return person(api, "alice")


def test_names_are_unique_in_a_domain(api: Client) -> None:
    domain = api.one("createDomain", name="d")["id"]
    account(api, "alice")
    with pytest.raises(Refused, match="account named 'alice' exists already"):
        account(api, "other", account="alice")
    with pytest.raises(Refused, match="a user named 'alice' exists already"):
        account(api, "alice", account="other")
    account(api, "alice", domainid=domain)
    with pytest.raises(Refused, match="the service's own name"):
        account(api, "System", domainid=domain)


def test_many_ask_for_one_name_and_one_gets_it(api: Client) -> None:
    def ask(number: int) -> bool:
        mine = Client(api.http.application.test_client(), api.key, api.secret)
        try:
            account(mine, f"user{number}", account="wanted")
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(ask, range(6))) == [False] * 5 + [True]
    assert len(api.items("listUsers")) == 1


def test_what_an_account_must_be_given(api: Client) -> None:
    for missing in ("email", "password", "username", "lastname"):
        with pytest.raises(Refused, match=f"parameter {missing} is missing"):
            api("createAccount", **{k: v for k, v in {**PERSON, "username": "x", "accounttype": 0}.items()
                                    if k != missing})
    with pytest.raises(Refused, match="parameter accounttype is missing"):
        api("createAccount", username="x", **PERSON)
    with pytest.raises(Refused, match="password: it must not be empty"):
        account(api, "x", password="")
    with pytest.raises(Refused, match="no time zone"):
        account(api, "x", timezone="Mars/Olympus")
    with pytest.raises(Refused, match="is none of 0"):
        account(api, "x", accounttype=5)
    role = api.items("listRoles", name="Domain Admin")[0]["id"]
    with pytest.raises(Refused, match="accounttype: role 'Domain Admin' is of type DomainAdmin, which is 2, not 0"):
        account(api, "x", roleid=role, accounttype=0)
    assert account(api, "x", roleid=role)["accounttype"] == 2


def test_root_administrators_are_of_root(api: Client) -> None:
    domain = api.one("createDomain", name="d")["id"]
    with pytest.raises(Refused, match="are accounts of domain ROOT"):
        account(api, "x", accounttype=1, domainid=domain)
    assert keys(api, account(api, "x", accounttype=1)).items("listHosts") == []


def test_accounts_are_found(api: Client) -> None:
    parent = api.one("createDomain", name="p")["id"]
    child = api.one("createDomain", name="c", parentdomainid=parent)["id"]
    mine = account(api, "mine")
    account(api, "in-p", domainid=parent)
    account(api, "in-c", domainid=child, accounttype=2)

    def names(**filters: object) -> list[str]:
        return [a["name"] for a in api.items("listAccounts", **filters)]

    assert names() == ["admin"]
    assert names(listall=True) == ["admin", "mine", "in-p", "in-c"]
    assert names(domainid=parent) == ["in-p"]
    assert names(domainid=parent, isrecursive=True) == ["in-p", "in-c"]
    assert names(id=mine["id"]) == ["mine"]
    assert names(listall=True, accounttype=2) == ["in-c"]
    assert names(listall=True, keyword="IN-") == ["in-p", "in-c"]
    assert names(listall=True, state="locked") == []
    assert names(listall=True, iscleanuprequired=True) == []
    user = keys(api, mine)
    assert [a["name"] for a in user.items("listAccounts", listall=True)] == ["mine"]


def test_an_account_is_changed(api: Client) -> None:
    made = account(api, "alice")
    account(api, "bob")
    api("updateAccount", id=made["id"], newname="shop", networkdomain="x.org",
        **{"accountdetails[0].a": "1"})
    shown = api.one("updateAccount", account="shop", **{"accountdetails[0].b": "2"})
    assert (shown["name"], shown["networkdomain"], shown["accountdetails"]) == ("shop", "x.org", {"a": "1", "b": "2"})
    assert "networkdomain" not in api.one("updateAccount", id=made["id"], networkdomain="")
    with pytest.raises(Refused, match="account named 'bob' exists already"):
        api("updateAccount", id=made["id"], newname="bob")
    with pytest.raises(Refused, match="say which account"):
        api("updateAccount", newname="bob")
    with pytest.raises(Refused, match="the account of that id is 'shop'"):
        api("updateAccount", id=made["id"], account="bob", newname="x")
    role = api.items("listRoles", name="Domain Admin")[0]["id"]
    assert api.one("updateAccount", id=made["id"], roleid=role)["accounttype"] == 2


def test_a_locked_account_can_do_nothing_until_it_is_enabled(api: Client) -> None:
    made = account(api, "alice")
    alice = keys(api, made)
    assert api.one("lockAccount", account="alice", domainid=made["domainid"])["state"] == "locked"
    with pytest.raises(Refused, match="unable to verify user credentials"):
        alice("listZones")
    assert api.one("enableAccount", id=made["id"])["state"] == "enabled"
    alice("listZones")
    assert api.job("disableAccount", id=made["id"], lock=True)["state"] == "locked"
    with pytest.raises(Refused, match="Account 'alice' is locked"):
        api("createSSHKeyPair", name="k", account="alice", domainid=made["domainid"])


def test_disabling_an_account_stops_its_machines(zone_user: Client, api: Client, built_zone: Zone) -> None:
    vm = zone_user.job("deployVirtualMachine", **built_zone.deploy(name="one"))["id"]
    made = api.one("listAccounts", name="alice", listall=True)
    assert api.job("disableAccount", id=made["id"], lock=False)["state"] == "disabled"
    assert api.one("listVirtualMachines", id=vm)["state"] == "Stopped"
    with pytest.raises(Refused, match="unable to verify user credentials"):
        zone_user("listZones")
    with pytest.raises(Refused, match="is disabled, which is more than locked"):
        api("lockAccount", account="alice", domainid=made["domainid"])
    api("enableAccount", account="alice", domainid=made["domainid"])
    assert zone_user.items("listVirtualMachines")[0]["state"] == "Stopped"


def test_the_first_administrator_stays(api: Client) -> None:
    admin = api.one("listAccounts")
    other = person(api, "other", accounttype=1)
    role = api.items("listRoles", name="User")[0]["id"]
    for client in (api, other):
        for command, params in (("disableAccount", {"lock": False}), ("disableAccount", {"lock": True})):
            with pytest.raises(Refused, match="there from the start and stays enabled"):
                client(command, id=admin["id"], **params)
        with pytest.raises(Refused, match="keeps its name"):
            client("updateAccount", id=admin["id"], newname="x")
        with pytest.raises(Refused, match="keeps its role"):
            client("updateAccount", id=admin["id"], roleid=role)
        for command in ("disableUser", "lockUser", "deleteUser"):
            with pytest.raises(Refused, match=r"stays|yourself"):
                client(command, id=admin["user"][0]["id"])
        with pytest.raises(Refused, match="keeps the name"):
            client("updateUser", id=admin["user"][0]["id"], username="x")
    assert admin["isdefault"]
    assert admin["user"][0]["isdefault"]


def test_nobody_disables_itself(api: Client) -> None:
    made = account(api, "dora", accounttype=2)
    dora = keys(api, made)
    with pytest.raises(Refused, match="this is your own account"):
        dora("disableAccount", id=made["id"], lock=False)
    with pytest.raises(Refused, match="this is yourself"):
        dora("disableUser", id=made["user"][0]["id"])


def test_the_service_itself_is_nobodys_to_touch(api: Client, service: Service) -> None:
    with service.cloud.db.read() as session:
        system = session.scalars(select(Account).where(Account.name == "system")).one()
        user = session.scalars(select(User).where(User.account_id == system.id)).one()
    assert "system" not in str(api("listAccounts", listall=True))
    assert "system" not in str(api("listUsers", listall=True))
    with pytest.raises(Refused, match="no account with id"):
        api("updateAccount", id=system.uuid, newname="x")
    for command in ("registerUserKeys", "updateUser", "deleteUser"):
        with pytest.raises(Refused, match="no user with id"):
            api(command, id=user.uuid)
    with pytest.raises(Refused, match="service's own account"):
        api("createUser", account="system", username="x", **PERSON)


def test_the_default_zone_is_marked(built_zone: Zone, api: Client) -> None:
    made = account(api, "alice")
    shown = api.job("markDefaultZoneForAccount", account="alice", domainid=made["domainid"], zoneid=built_zone.zone)
    assert shown["defaultzoneid"] == built_zone.zone
    domain = api.one("createDomain", name="d")["id"]
    private = api.one("createZone", name="private", networktype="Advanced", dns1="192.0.2.1", internaldns1="192.0.2.1",
                      domainid=domain)["id"]
    with pytest.raises(Refused, match="belongs to a domain in which account 'alice' is not"):
        api("markDefaultZoneForAccount", account="alice", domainid=made["domainid"], zoneid=private)
