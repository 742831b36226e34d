"""Users and their keys."""

from __future__ import annotations

import pytest

from stratoform.model.tenancy import User
from stratoform.secrets import verify_password
from tests.conftest import Service
from tests.functional.tenancy.people import PERSON, account, keys, person
from tests.support.client import Client, Refused


def kept(service: Service, name: str) -> User:
    with service.cloud.db.read() as session:
        return session.query(User).filter(User.name == name).order_by(User.id.desc()).first()


def test_a_second_user_speaks_for_the_same_account(service: Service, api: Client) -> None:
    account(api, "alice")
    second = api.one("createUser", account="alice", username="anna", timezone="UTC", **PERSON)
    assert (second["account"], second["username"], second["accounttype"]) == ("alice", "anna", 0)
    assert verify_password(kept(service, "anna").password, "a good password")
    pair = api.one("registerUserKeys", id=second["id"])
    anna = Client(api.http, pair["apikey"], pair["secretkey"])
    assert anna.one("listAccounts")["name"] == "alice"
    assert {u["username"] for u in anna.one("listAccounts")["user"]} == {"alice", "anna"}
    with pytest.raises(Refused, match="a user named 'anna' exists already"):
        api("createUser", account="alice", username="anna", **PERSON)


def test_users_are_found(api: Client) -> None:
    domain = api.one("createDomain", name="d")["id"]
    account(api, "alice")
    other = account(api, "dora", domainid=domain, accounttype=2)["user"][0]

    def names(**filters: object) -> list[str]:
        return [u["username"] for u in api.items("listUsers", **filters)]

    assert names() == ["admin"]
    assert names(listall=True) == ["admin", "alice", "dora"]
    assert names(account="alice", domainid=api.one("listDomains", level=0)["id"]) == ["alice"]
    assert names(domainid=domain) == ["dora"]
    assert names(id=other["id"]) == ["dora"]
    assert names(listall=True, username="alice") == ["alice"]
    assert names(listall=True, accounttype=2) == ["dora"]
    assert names(listall=True, state="disabled") == []
    assert names(listall=True, usersource="ldap") == []
    assert names(listall=True, keyword="LIC") == ["alice"]
    shown = api.one("listUsers", id=other["id"])
    assert shown["iscallerchilddomain"] is True
    assert api.one("listUsers")["iscallerchilddomain"] is False


def test_keys_are_registered_told_and_replaced(api: Client) -> None:
    made = account(api, "alice")
    user = made["user"][0]["id"]
    assert api.one("getUserKeys", id=user) == {}
    first = keys(api, made)
    assert api.one("getUserKeys", id=user) == {"apikey": first.key, "secretkey": first.secret}
    assert first.one("getUserKeys", id=user)["secretkey"] == first.secret
    second = first.one("registerUserKeys", id=user)
    assert second["apikey"] != first.key
    with pytest.raises(Refused, match="unable to verify"):
        first("listZones")
    assert api.one("getUser", userapikey=second["apikey"])["username"] == "alice"
    with pytest.raises(Refused, match="no user has this API key"):
        api("getUser", userapikey=first.key)
    assert "secretkey" not in str(api("listUsers", listall=True))


def test_a_user_is_changed(service: Service, api: Client) -> None:
    made = account(api, "alice")
    account(api, "bob")
    user = made["user"][0]["id"]
    shown = api.one("updateUser", id=user, email="n@example.org", firstname="N", lastname="M", timezone="UTC",
                    username="nina", password="another one", userapikey="k" * 20, usersecretkey="s" * 20)
    assert [shown[k] for k in ("email", "firstname", "lastname", "timezone", "username", "apikey")] == [
        "n@example.org", "N", "M", "UTC", "nina", "k" * 20]
    assert verify_password(kept(service, "nina").password, "another one")
    Client(api.http, "k" * 20, "s" * 20)("listZones")
    for params, why in (
        ({"username": "bob"}, "a user named 'bob' exists already"),
        ({"userapikey": "x" * 20}, "usersecretkey: it must be given together"),
        ({"userapikey": api.key, "usersecretkey": "x" * 20}, "this key cannot be taken"),
        ({"userapikey": "short", "usersecretkey": "x" * 20}, "a key has at least 16"),
        ({"password": " "}, "password: it must not be empty"),
        ({"password": "x", "currentpassword": "wrong"}, "this is not the present password"),
    ):
        with pytest.raises(Refused, match=why):
            api("updateUser", id=user, **params)


def test_a_user_who_is_locked_or_disabled_is_not_heard(api: Client) -> None:
    made = account(api, "alice")
    alice, user = keys(api, made), made["user"][0]["id"]
    assert api.one("lockUser", id=user)["state"] == "locked"
    with pytest.raises(Refused, match="unable to verify"):
        alice("listZones")
    assert api.job("disableUser", id=user)["state"] == "disabled"
    with pytest.raises(Refused, match="is disabled, which is more than locked"):
        api("lockUser", id=user)
    with pytest.raises(Refused, match="unable to verify"):
        alice("listZones")
    assert api.one("enableUser", id=user)["state"] == "enabled"
    alice("listZones")


def test_a_deleted_user_is_gone_and_the_name_free(service: Service, api: Client) -> None:
    made = account(api, "alice")
    alice = keys(api, made)
    api("deleteUser", id=made["user"][0]["id"])
    with pytest.raises(Refused, match="unable to verify"):
        alice("listZones")
    gone = kept(service, "alice")
    assert (gone.password, gone.api_key, gone.secret_key) == (None, None, None)
    assert api.items("listUsers", listall=True, username="alice") == []
    assert "user" not in api.one("listAccounts", name="alice", listall=True)
    api("createUser", account="alice", username="alice", **PERSON)


def test_users_change_themselves_and_nobody_else(api: Client) -> None:
    made = account(api, "alice")
    alice, bob = keys(api, made), account(api, "bob")["user"][0]["id"]
    assert alice.one("updateUser", id=made["user"][0]["id"], firstname="Al")["firstname"] == "Al"
    for command, params in (("updateUser", {"password": "x"}), ("registerUserKeys", {}), ("getUserKeys", {})):
        with pytest.raises(Refused, match=r"no user with id .* or it is not yours to use"):
            alice(command, id=bob, **params)


def test_passwords_and_keys_are_in_no_event(api: Client) -> None:
    made = account(api, "alice", password="hush-hush-1")
    alice = keys(api, made)
    api("updateUser", id=made["user"][0]["id"], password="hush-hush-2")
    everything = str(api("listEvents", listall=True))
    for secret in ("hush-hush", alice.secret, alice.key):
        assert secret not in everything
    assert "USER.UPDATE" in everything
    assert person(api, "zoe").one("listAccounts")["name"] == "zoe"
