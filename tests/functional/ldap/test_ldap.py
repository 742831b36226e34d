"""People of a real directory: found, made users, and let in with the password they have there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from stratoform.model.ldap import LdapConfiguration
from tests.conftest import Service
from tests.functional.tenancy.people import PERSON, account
from tests.support import slapd
from tests.support.client import Client, Refused
from tests.support.mariadb import free_port

ODD = slapd.PEOPLE[-1][0]


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slapd.Directory]:
    with slapd.server(tmp_path_factory.mktemp("slapd")) as running:
        yield running


def tell(api: Client, **settings: str) -> None:
    """Sets the settings ldap.*, a dot for each underscore."""
    for name, value in settings.items():
        api("updateConfiguration", name=f"ldap.{name.replace('_', '.')}", value=value)


@pytest.fixture
def known(api: Client, directory: slapd.Directory) -> slapd.Directory:
    """The directory, of which the service was told."""
    tell(api, basedn=slapd.BASE, bind_principal=slapd.SEARCHER, bind_password=slapd.SEARCHER_PASSWORD,
         read_timeout="5000")
    api("addLdapConfiguration", hostname="localhost", port=directory.port)
    return directory


def login(http: FlaskClient, username: str, password: str, **more: str) -> tuple[int, Any]:
    answer = http.post("/client/api", data={"command": "login", "username": username, "password": password,
                                            "response": "json", **more})
    (content,) = answer.get_json().values()
    return answer.status_code, content


def test_a_server_is_configured_tried_listed_and_forgotten(api: Client, known: slapd.Directory) -> None:
    (shown,) = api.items("listLdapConfigurations")
    assert (shown["hostname"], shown["port"]) == ("localhost", known.port)
    assert api.items("listLdapConfigurations", hostname="other") == []
    with pytest.raises(Refused, match="is configured already"):
        api("addLdapConfiguration", hostname="LOCALHOST", port=known.port)
    with pytest.raises(Refused, match="hostname: no directory could be reached") as refused:
        api("addLdapConfiguration", hostname="localhost", port=free_port())
    assert refused.value.code == 431
    with pytest.raises(Refused, match="neither the name nor the address"):
        api("addLdapConfiguration", hostname="ldap://localhost", port=known.port)
    forgotten = api.one("deleteLdapConfiguration", hostname="localhost")
    assert forgotten["id"] == shown["id"]
    assert api.items("listLdapConfigurations") == []
    with pytest.raises(Refused, match="hostname: no directory server is configured like this"):
        api("deleteLdapConfiguration", hostname="localhost")


def test_a_wrong_search_user_is_said_at_once(api: Client, directory: slapd.Directory) -> None:
    tell(api, basedn=slapd.BASE, bind_principal=slapd.SEARCHER, bind_password="wrong-secret")
    with pytest.raises(Refused, match="refused the search user") as refused:
        api("addLdapConfiguration", hostname="localhost", port=directory.port)
    assert "wrong-secret" not in refused.value.text


def test_people_are_listed(api: Client, known: slapd.Directory) -> None:  # noqa: ARG001 - the service was told of it
    people = api.items("listLdapUsers")
    assert [p["username"] for p in people] == ["anna", "bert", "carl", ODD]
    assert people[0] == {
        "username": "anna", "firstname": "Anna", "lastname": "Alt", "email": "anna@example.org",
        "principal": f"uid=anna,ou=sales,{slapd.BASE}", "domain": "sales"}
    account(api, "anna")
    assert [p["username"] for p in api.items("listLdapUsers", listtype="new")] == ["bert", "carl", ODD]
    assert [p["username"] for p in api.items("listLdapUsers", keyword="baum")] == ["bert"]
    assert [p["username"] for p in api.items("listLdapUsers", page=2, pagesize=1)] == ["bert"]
    tell(api, search_group_principle=f"cn=cloud,{slapd.BASE}")
    assert [p["username"] for p in api.items("listLdapUsers")] == ["anna", "bert"]


def test_an_account_is_made_of_somebody_who_logs_in_with_the_directorys_password(
    service: Service, api: Client, known: slapd.Directory,  # noqa: ARG001 - the service was told of it
) -> None:
    made = api.one("ldapCreateAccount", username="anna", accounttype=0, timezone="UTC")
    (user,) = made["user"]
    assert (made["name"], user["username"], user["firstname"], user["lastname"], user["email"], user["usersource"]) == (
        "anna", "anna", "Anna", "Alt", "anna@example.org", "ldap")
    http = service.admin.http
    status, content = login(http, "anna", "anna's secret")
    assert (status, content["account"]) == (200, "anna")
    for wrong in ("anna's Secret", " ", "*", "bert's secret"):
        assert login(http, "anna", wrong)[0] == 401
        assert login(http, "anna", "anna's secret")[0] == 200
    assert login(http, "anna", "")[0] in {401, 431}
    with pytest.raises(Refused, match="is kept in the directory"):
        api("updateUser", id=user["id"], password="a native one")
    second = api.one("ldapCreateAccount", username="bert", account="anna", accounttype=0)
    assert {u["username"] for u in second["user"]} == {"anna", "bert"}
    assert login(http, "bert", "bert's secret")[1]["account"] == "anna"
    for name, why in (("nobody", "has no user named 'nobody'"), ("*", r"has no user named '\*'"),
                      ("a*", r"has no user named 'a\*'"), ("anna", "a user named 'anna' exists already")):
        with pytest.raises(Refused, match=why):
            api("ldapCreateAccount", username=name, account="fresh", accounttype=0)


def test_who_is_not_of_the_directory_is_not_asked_for_there(
    service: Service, api: Client, known: slapd.Directory,  # noqa: ARG001 - the service was told of it
) -> None:
    account(api, "anna")
    assert login(service.admin.http, "anna", "anna's secret")[0] == 401
    assert login(service.admin.http, "anna", PERSON["password"])[0] == 200
    assert login(service.admin.http, "carl", "carl's secret")[0] == 401


def test_what_is_typed_never_becomes_part_of_the_filter(
    service: Service, api: Client, known: slapd.Directory,  # noqa: ARG001 - the service was told of it
) -> None:
    made = api.one("ldapCreateAccount", username=ODD, account="odd", accounttype=0)
    assert made["user"][0]["username"] == ODD
    assert login(service.admin.http, ODD, f"{ODD}'s secret")[0] == 200
    for name in ("anna)(uid=*", "*)(objectClass=*", "anna\\2a", "an%n"):
        with pytest.raises(Refused, match="has no user named"):
            api("ldapCreateAccount", username=name, account="x", accounttype=0)


def test_the_filter_can_be_said_and_must_find_one(
    service: Service, api: Client, known: slapd.Directory,  # noqa: ARG001 - the service was told of it
) -> None:
    api("ldapCreateAccount", username="anna", accounttype=0)
    http = service.admin.http
    for query, status in (("(mail=%e)", 200), ("(cn=%n)", 200), ("(&(uid=%u)(ou=none))", 401), ("(uid=*)", 401)):
        tell(api, query_filter=query)
        assert login(http, "anna", "anna's secret")[0] == status, query
    with pytest.raises(Refused, match="a filter in parentheses"):
        tell(api, query_filter="uid=%u")


def test_only_members_of_the_group_come_in(
    service: Service, api: Client, known: slapd.Directory,  # noqa: ARG001 - the service was told of it
) -> None:
    for name in ("anna", "carl"):
        api("ldapCreateAccount", username=name, accounttype=0)
    tell(api, search_group_principle=f"cn=cloud,{slapd.BASE}")
    assert login(service.admin.http, "anna", "anna's secret")[0] == 200
    assert login(service.admin.http, "carl", "carl's secret")[0] == 401


def test_people_are_imported(api: Client, known: slapd.Directory) -> None:  # noqa: ARG001 - the service was told of it
    made = api.items("importLdapUsers", accounttype=0, group="cloud")
    assert [p["username"] for p in made] == ["anna", "bert"]
    domain = api.one("listDomains", name="cloud")["id"]
    assert {a["name"] for a in api.items("listAccounts", domainid=domain)} == {"anna", "bert"}
    assert api.items("importLdapUsers", accounttype=0, group="cloud") == []
    assert [p["username"] for p in api.items("importLdapUsers", accounttype=0, keyword="CAR")] == ["carl"]
    assert api.one("listAccounts", name="carl", listall=True)["domain"] == "sales"
    mine = api.one("createDomain", name="mine")["id"]
    everybody = api.items("importLdapUsers", accounttype=0, domainid=mine, account="all",
                          **{"accountdetails[0].a": "b"})
    assert len(everybody) == len(slapd.PEOPLE)
    (shared,) = api.items("listAccounts", domainid=mine)
    assert (shared["name"], len(shared["user"]), shared["accountdetails"]) == ("all", len(slapd.PEOPLE), {"a": "b"})
    with pytest.raises(Refused, match="no group named 'x'"):
        api("importLdapUsers", accounttype=0, group="x")


@pytest.mark.parametrize("tls", ["ssl", "starttls"])
def test_the_way_to_the_directory_is_encrypted_and_its_certificate_checked(
    service: Service, api: Client, directory: slapd.Directory, tls: str, tmp_path: Path,
) -> None:
    port = directory.tls_port if tls == "ssl" else directory.port
    tell(api, basedn=slapd.BASE, bind_principal=slapd.SEARCHER, bind_password=slapd.SEARCHER_PASSWORD, tls=tls,
         read_timeout="5000", truststore=directory.ca_file)
    api("addLdapConfiguration", hostname="localhost", port=port)
    api("ldapCreateAccount", username="anna", accounttype=0)
    assert login(service.admin.http, "anna", "anna's secret")[0] == 200
    tell(api, truststore=str(tmp_path / "none.pem"))
    assert login(service.admin.http, "anna", "anna's secret")[0] == 401
    tell(api, truststore="")
    assert login(service.admin.http, "anna", "anna's secret")[0] == 401
    with pytest.raises(Refused, match="no directory could be reached"):
        api("listLdapUsers")


def test_the_next_server_is_asked_when_one_is_away(
    service: Service, api: Client, known: slapd.Directory,
) -> None:
    service.cloud.db.write(lambda s: s.query(LdapConfiguration).update({"port": free_port()}))
    with pytest.raises(Refused, match="no directory could be reached"):
        api("listLdapUsers")
    api("addLdapConfiguration", hostname="127.0.0.1", port=known.port)
    assert len(api.items("listLdapUsers")) == len(slapd.PEOPLE)


def test_without_a_directory_the_commands_say_so(service: Service, api: Client) -> None:
    for command, params in (("listLdapUsers", {}), ("ldapCreateAccount", {"username": "anna", "accounttype": 0}),
                            ("importLdapUsers", {"accounttype": 0})):
        with pytest.raises(Refused, match="no directory is configured; addLdapConfiguration tells of one"):
            api(command, **params)
    assert login(service.admin.http, "anna", "x")[0] == 401


def test_no_secret_is_in_answers_events_or_logs(
    service: Service, api: Client, known: slapd.Directory, caplog: pytest.LogCaptureFixture,  # noqa: ARG001
) -> None:
    caplog.set_level(logging.DEBUG)
    api("ldapCreateAccount", username="anna", accounttype=0)
    login(service.admin.http, "anna", "anna's secret")
    login(service.admin.http, "anna", "a wrong secret")
    told = str(api("listConfigurations", keyword="ldap")) + str(api("listEvents", listall=True)) + caplog.text
    for secret in (slapd.SEARCHER_PASSWORD, "anna's secret", "a wrong secret"):
        assert secret not in told
