"""Logging in with a password: who may, what is answered, and what strangers learn of it."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from stratoform.access.logins import REFUSAL, path_of
from stratoform.access.patience import Patience
from stratoform.errors import ApiError
from stratoform.model.records import Event
from stratoform.model.sessions import UserSession
from tests.functional.sessions.browser import Browser, Site
from tests.support.client import Refused


def refused(browser: Browser, username: str = "alice", **params: str) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        browser.login(username, **{"password": "wrong", **params})
    assert browser.token is None
    return caught.value.code, caught.value.text


def test_a_login_answers_who_one_is_and_begins_a_session(site: Site, browser: Browser) -> None:
    answer = browser.login("alice", "wonderland")
    assert answer == {
        "username": "alice", "userid": site.row("alice").uuid, "domainid": site.domain("/"), "timeout": 1800,
        "account": "alice", "firstname": "Alice", "lastname": "Liddell", "type": "0", "timezone": "Asia/Kolkata",
        "timezoneoffset": "5.5", "registered": "false", "is2faenabled": "false", "is2faverified": "true",
        "sessionkey": browser.key,
    }
    assert browser.answer.json.keys() == {"loginresponse"}
    assert browser.answer.headers["Cache-Control"] == "no-store"
    token, key = browser.answer.headers.getlist("Set-Cookie")
    assert token == f"JSESSIONID={browser.token}; HttpOnly; Path=/client; SameSite=Strict"
    assert key == f"sessionkey={browser.key}; HttpOnly; Path=/client; SameSite=Strict"
    assert browser("listZones") == {}
    assert browser("listZones", method="GET") == {}
    (event,) = browser("listEvents", type="USER.LOGIN")["event"]
    assert (event["username"], event["description"]) == ("alice", "user has logged in from IP address 127.0.0.1")


def test_cookies_are_secure_over_https(site: Site) -> None:
    http = site.app.test_client()
    answer = http.post("/client/api", base_url="https://cloud.example.org",
                       data={"command": "login", "username": "alice", "password": "wonderland"})
    assert answer.status_code == 200
    assert [cookie.split("; ")[1] for cookie in answer.headers.getlist("Set-Cookie")] == ["Secure", "Secure"]


@pytest.mark.parametrize("domain", ["tv", "/tv", "tv/", "/tv/", "ROOT/tv", " tv "])
def test_a_domain_is_a_path_or_an_id(site: Site, browser: Browser, domain: str) -> None:
    assert browser.login("bert", "sesame street", domain=domain)["domainid"] == site.domain("/tv/")
    assert browser.login("bert", "sesame street", domainid=site.domain("/tv/"))["account"] == "bert"
    assert browser.login("alice", "wonderland", domain="/")["account"] == "alice"
    assert browser.login("alice", "wonderland", domain="ROOT")["account"] == "alice"


def test_paths_of_domains() -> None:
    assert [path_of(text) for text in ("", "/", "ROOT", "root/", "a", "/a//b/", "a/ROOT")] == [
        "/", "/", "/", "/", "/a/", "/a/b/", "/a/ROOT/"]


def test_every_refusal_reads_the_same(site: Site) -> None:
    site.user("nopass", None)
    site.user("away", "secret", state="disabled")
    site.user("frozen", "secret")
    site.change_account("frozen", state="locked")
    site.user("ldap", "secret", source="ldap")
    causes = [
        {}, {"username": "nobody"}, {"username": "Alice", "password": "wonderland"}, {"password": "Wonderland"},
        {"password": "wonderland", "domain": "tv"}, {"password": "wonderland", "domain": "no/such"},
        {"password": "wonderland", "domainid": "42"}, {"username": "bert", "password": "sesame street"},
        {"username": "nopass", "password": "nopass"}, {"username": "away", "password": "secret"},
        {"username": "frozen", "password": "secret"}, {"username": "ldap", "password": "secret"},
        {"username": "admin", "password": "password"}, {"username": "system", "password": "system"},
        {"username": "%", "password": "%"}, {"username": "' or ''='", "password": "' or ''='"},
    ]
    found = {refused(site.browser(), **cause) for cause in causes}
    assert found == {(401, REFUSAL)}


def test_what_cannot_be_read_is_named(browser: Browser) -> None:
    for params, words in (
        ({"username": ""}, "parameter username is missing"),
        ({"password": ""}, "Invalid parameter password: it is missing"),
        ({"nonsense": "x"}, "login has no such parameter"),
        ({"password": "x" * 256}, "Invalid parameter password: it may have at most 255"),
        ({"domain": "a", "domainid": "b"}, "Invalid parameter domainid: domain is given too"),
        ({"timestamp": "soon"}, "Invalid parameter timestamp"),
    ):
        with pytest.raises(Refused, match=words) as caught:
            browser("login", **{"username": "alice", "password": "x", **params})
        assert caught.value.code == 431


def test_a_login_in_a_url_is_refused(browser: Browser) -> None:
    with pytest.raises(Refused, match="login takes POST only") as caught:
        browser("login", method="GET", username="alice", password="wonderland")
    assert caught.value.code == 405
    assert browser.token is None


def test_xml_and_any_case_of_the_command(site: Site) -> None:
    answer = site.app.test_client().post("/client/api", data={
        "Command": "LOGIN", "Username": "alice", "PASSWORD": "wonderland"})
    assert answer.status_code == 200
    assert b"<loginresponse cloud-stack-version=" in answer.data
    assert b"<type>0</type>" in answer.data


def test_list_apis_does_not_list_what_is_no_command_of_a_key(site: Site) -> None:
    names = {api["name"] for api in site.service.admin.items("listApis")}
    assert not names & {"login", "logout"}
    assert {"getApiLimit", "resetApiLimit"} <= names


def test_wrong_passwords_in_a_row_lock_the_user(site: Site, browser: Browser) -> None:
    site.service.admin("updateConfiguration", name="incorrect.login.attempts.allowed", value=3)
    for _ in range(2):
        assert refused(browser)[0] == 401
        site.pass_time(minutes=2)
    browser.login("alice", "wonderland")
    assert site.row("alice").failed_logins == 0
    other = site.browser()
    for count in (1, 2, 3):
        assert refused(other) == (401, REFUSAL)
        assert site.row("alice").failed_logins == count
        site.pass_time(minutes=2)
    assert site.row("alice").state == "locked"
    assert refused(other, password="wonderland") == (401, REFUSAL)
    with pytest.raises(Refused) as caught:
        browser("listZones")  # a session begun before
    assert caught.value.code == 401
    (event,) = site.service.admin.items("listEvents", type="USER.LOCK", listall=True)
    assert event["level"] == "WARN"
    assert event["description"] == "user alice is locked after 3 failed logins; enableUser unlocks it"


def test_locking_can_be_switched_off_and_passes_over_those_without_a_password(site: Site, browser: Browser) -> None:
    site.service.admin("updateConfiguration", name="incorrect.login.attempts.allowed", value=1)
    refused(browser, "admin")
    assert (site.row("admin").state, site.row("admin").failed_logins) == ("enabled", 0)
    site.user("dirk", None, source="ldap")
    refused(browser, "dirk")
    assert (site.row("dirk").state, site.row("dirk").failed_logins) == ("enabled", 0)
    site.service.admin("updateConfiguration", name="incorrect.login.attempts.allowed", value=0)
    for _ in range(7):
        refused(browser)
        site.pass_time(minutes=2)
    assert browser.login("alice", "wonderland")


@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_who_fails_waits_longer_each_time_whether_there_is_such_a_user_or_not(site: Site, username: str) -> None:
    browser = site.browser()
    for _ in range(2):
        assert refused(browser, username)[0] == 401
    for seconds in (1, 2, 4, 8):
        for password in ("wrong", "wonderland"):
            assert refused(browser, username, password=password) == (
                429, f"Too many failed logins with this user name; try again in {seconds} s")
        assert refused(browser, f"{username}2")[0] in {401, 429}
        site.pass_time(seconds=seconds)
        assert refused(browser, username)[0] == 401


def test_patience_forgets() -> None:
    present = [0.0]
    patience = Patience(lambda: present[0])
    for _ in range(50):
        patience.failed("a")
    with pytest.raises(ApiError, match="in 60 s"):
        patience.demand("a")
    present[0] += 901
    patience.demand("a")
    patience.failed("a")
    patience.demand("a")
    patience.failed("a")
    with pytest.raises(ApiError, match="in 1 s"):
        patience.demand("a")
    patience.succeeded("a")
    patience.demand("a")
    for number in range(10_001):
        patience.failed(number)
    assert len(patience._failed) == 10_000


def test_a_flood_of_logins_leaves_room_for_others(site: Site) -> None:
    logins = site.service.cloud.logins
    for _ in range(8):
        assert logins._room.acquire(blocking=False)
    try:
        assert refused(site.browser(), password="wonderland") == (
            503, "too many users log in at this moment; try again in a second")
        assert site.service.admin("listZones") == {}
    finally:
        logins._room.release(8)
    assert site.browser().login("alice", "wonderland")


def test_many_wrong_passwords_at_once_are_all_counted(site: Site) -> None:
    def attempt(_: int) -> int:
        try:
            site.browser()("login", username="alice", password="wrong")
        except Refused as error:
            return error.code
        return 200

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(attempt, range(6)))
    assert set(codes) <= {401, 429}
    assert site.row("alice").failed_logins == min(codes.count(401), 5)


def test_a_weaker_hash_is_renewed_and_sessions_live_on(site: Site) -> None:
    site.change("alice", password=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("wonderland"))
    before, user, sessions = site.browser(), site.row("alice"), site.service.cloud.logins.sessions
    tokens = site.service.cloud.db.write(lambda session: sessions.begin(session, user, 600))
    before.token, before.key = tokens.token, tokens.key
    assert site.browser().login("alice", "wonderland")
    assert site.row("alice").password != user.password
    assert before("listZones") == {}


def test_nothing_secret_is_in_log_or_database(
    site: Site, browser: Browser, caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        refused(browser, password="Wr0ng-Passw0rd")
        browser.login("alice", "wonderland")
        browser("listZones")
        browser("logout")
        browser.login("alice", "wonderland")
    assert "'alice' of domain" in caplog.text
    assert "127.0.0.1" in caplog.text
    with site.service.cloud.db.read() as session:
        rows = [vars(row) for kind in (Event, UserSession) for row in session.scalars(select(kind))]
    for secret in ("Wr0ng-Passw0rd", "wonderland", browser.token, browser.key):
        assert secret
        assert secret not in caplog.text
        assert secret not in str(rows)
