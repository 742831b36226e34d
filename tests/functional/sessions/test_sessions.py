"""Sessions: what every call must show, what ends them, and what nobody can do with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from stratoform.model.sessions import UserSession
from stratoform.secrets import hash_password
from tests.conftest import Service
from tests.functional.sessions.browser import Browser, Site
from tests.support.budget import counted
from tests.support.client import Refused

SENTENCE = "unable to verify user credentials and/or request signature"


def is_out(browser: Browser, **params: str) -> bool:
    """Whether a session's call is refused as anybody's would be."""
    try:
        browser("listZones", **params)
    except Refused as refused:
        return (refused.code, refused.text) == (401, SENTENCE)
    return False


def count(site: Site) -> int:
    with site.service.cloud.db.read() as session:
        return session.scalar(select(func.count()).select_from(UserSession)) or 0


@pytest.fixture
def inside(browser: Browser) -> Browser:
    browser.login("alice", "wonderland")
    return browser


def test_every_call_shows_the_sessions_key(site: Site, inside: Browser) -> None:
    other = site.browser()
    other.login("bert", "sesame street", domain="tv")
    for wrong in ("", "x", inside.key[:-1], inside.key.swapcase(), f"{inside.key}x", other.key, inside.token):
        assert is_out(inside, sessionkey=wrong or "")
    assert not is_out(inside)
    form = {"command": "listZones", "response": "json"}
    assert inside.http.get("/client/api", query_string=form).status_code == 401  # cookies alone, both of them
    assert inside.http.post("/client/api", data=form).status_code == 401
    assert not is_out(inside)  # a wrong key ends no session: others could make browsers send one


def test_the_key_alone_opens_nothing(site: Site, inside: Browser) -> None:
    other = site.browser()
    other.key = inside.key
    assert is_out(other)
    for wrong in ("", "x", inside.token[:-1], inside.token.swapcase(), inside.key, f"{inside.token} ", "%00", "\u00e9"):
        other.token = wrong
        assert is_out(other)
    other.token = inside.token
    assert not is_out(other)


def test_a_login_never_takes_a_session_offered_to_it(site: Site) -> None:
    """Session fixation: who plants a cookie does not share the session that begins with it."""
    attacker, victim = site.browser(), site.browser()
    attacker.login("bert", "sesame street", domain="tv")
    planted = attacker.token
    victim.token = planted
    victim.login("alice", "wonderland")
    assert victim.token != planted
    assert attacker("listEvents")["event"][0]["username"] == "bert"
    victim.token = "a-session-of-my-choice"
    victim.login("alice", "wonderland")
    assert victim.token != "a-session-of-my-choice"
    assert len(victim.token) == len(victim.key) == 43


def test_two_sessions_of_one_user_are_two(site: Site, inside: Browser) -> None:
    other = site.browser()
    other.login("alice", "wonderland")
    assert (other.token, other.key) != (inside.token, inside.key)
    assert is_out(other, sessionkey=inside.key)
    other("logout")
    assert not is_out(inside)


def test_logout_ends_the_session_and_takes_the_cookies_away(site: Site, inside: Browser) -> None:
    token, key = inside.token, inside.key
    for wrong in ({"sessionkey": "x"}, {"sessionkey": ""}, {"nonsense": "x"}):
        with pytest.raises(Refused):
            inside("logout", **wrong)
    assert inside("logout") == {"description": "success"}
    assert all("Max-Age=0" in cookie for cookie in inside.answer.headers.getlist("Set-Cookie"))
    assert inside.token is None
    inside.token = token
    assert is_out(inside)
    with pytest.raises(Refused, match="there is no such session"):
        inside("logout")
    (event,) = site.service.admin.items("listEvents", type="USER.LOGOUT", listall=True)
    assert (event["username"], event["description"]) == ("alice", "user has logged out")
    assert key not in str(event)


def test_a_session_ends_when_it_is_not_used(site: Site, inside: Browser) -> None:
    for _ in range(3):
        site.pass_time(minutes=29)
        assert not is_out(inside)
    site.pass_time(minutes=31)
    assert is_out(inside)
    site.pass_time(minutes=-31)
    assert is_out(inside)


def test_the_time_out_is_a_setting(site: Site, inside: Browser) -> None:
    site.service.admin("updateConfiguration", name="session.timeout", value=2)
    other = site.browser()
    assert other.login("alice", "wonderland")["timeout"] == 120
    site.pass_time(seconds=121)
    assert is_out(other)
    assert not is_out(inside)


def test_what_is_over_is_deleted(site: Site, inside: Browser) -> None:
    assert site.service.cloud.logins.sessions.forget() == ""
    site.pass_time(minutes=31)
    assert site.service.cloud.logins.sessions.forget() == "1 sessions ended"
    assert count(site) == 0
    assert is_out(inside)


def test_a_quiet_session_is_not_written_with_every_call(site: Site, inside: Browser) -> None:
    def ends() -> object:
        with site.service.cloud.db.read() as session:
            return session.scalar(select(UserSession.expires))

    first = ends()
    assert not is_out(inside)
    assert ends() == first
    site.pass_time(seconds=61)
    assert not is_out(inside)
    assert ends() > first


@pytest.mark.parametrize("change", [
    lambda site: site.change("alice", state="disabled"),
    lambda site: site.change("alice", state="locked"),
    lambda site: site.change("alice", removed=site.row("alice").created),
    lambda site: site.change("alice", password=hash_password("wonderland")),
    lambda site: site.change("alice", password=None),
    lambda site: site.change_account("alice", state="disabled"),
    lambda site: site.change_account("alice", state="locked"),
    lambda site: site.change_account("alice", removed=site.row("alice").created),
])
def test_what_happens_to_the_user_ends_the_session(
    site: Site, inside: Browser, change: Callable[[Site], None],
) -> None:
    other = site.browser()
    other.login("bert", "sesame street", domain="tv")
    change(site)
    assert is_out(inside)
    assert count(site) == 1
    assert not is_out(other)


def test_a_session_that_met_a_disabled_user_does_not_come_back(site: Site, inside: Browser) -> None:
    site.change("alice", state="disabled")
    assert is_out(inside)
    site.change("alice", state="enabled")
    assert is_out(inside)


def test_sessions_survive_a_restart(make_service: Callable[..., Service]) -> None:
    site = Site(make_service())
    site.user("alice", "wonderland")
    browser = site.browser()
    browser.login("alice", "wonderland")
    again = Site(make_service()).browser()
    again.token, again.key = browser.token, browser.key
    assert not is_out(again)


def test_a_session_may_what_its_user_may(site: Site, inside: Browser) -> None:
    with pytest.raises(Refused, match="is not available to this account") as refused:
        inside("createZone", name="z", networktype="Advanced", dns1="192.0.2.1", internaldns1="192.0.2.1")
    assert refused.value.code == 401
    made = inside("createSSHKeyPair", name="mine")["keypair"]
    assert made["name"] == "mine"
    assert {key["name"] for key in inside("listSSHKeyPairs")["sshkeypair"]} == {"mine"}
    site.change_account("alice", type=1)
    zone = inside("createZone", name="z", networktype="Advanced", dns1="192.0.2.1", internaldns1="192.0.2.1")
    assert zone["zone"]["name"] == "z"


def test_an_api_key_counts_more_than_a_session(site: Site, inside: Browser) -> None:
    with pytest.raises(Refused, match=SENTENCE):
        inside("listZones", apikey=site.service.admin.key)
    with pytest.raises(Refused, match=SENTENCE):
        inside("listZones", apikey=site.service.admin.key, signature="x")
    assert not is_out(inside, signature="x")  # without an API key it means nothing


def test_a_call_of_a_session_costs_two_look_ups(site: Site, inside: Browser) -> None:
    assert not is_out(inside)
    with counted(site.service.cloud.db) as queries:
        inside("listApis", name="listZones")
    assert len(queries) == 2, queries


@pytest.mark.parametrize("kind", ["user", "account"])
def test_sessions_of_those_who_were_disabled_do_not_come_back(site: Site, inside: Browser, kind: str) -> None:
    """Even if they were not used meanwhile."""
    admin, user = site.service.admin, site.row("alice").uuid
    with_account = {"account": "alice", "domainid": site.domain("/")}
    if kind == "user":
        admin.job("disableUser", id=user)
        admin("enableUser", id=user)
    else:
        admin.job("disableAccount", lock=True, **with_account)
        admin("enableAccount", **with_account)
    assert is_out(inside)
    assert inside.login("alice", "wonderland")
    admin("enableUser", id=user)
    admin("enableAccount", **with_account)
    assert not is_out(inside)


def test_a_locked_user_is_unlocked_by_an_administrator(site: Site, browser: Browser) -> None:
    admin, user = site.service.admin, site.row("alice").uuid
    admin("updateConfiguration", name="incorrect.login.attempts.allowed", value=1)
    with pytest.raises(Refused):
        browser.login("alice", "wrong")
    assert admin.one("listUsers", id=user)["state"] == "locked"
    admin("enableUser", id=user)
    assert browser.login("alice", "wonderland")


def test_those_made_and_changed_through_the_api_log_in(site: Site, browser: Browser) -> None:
    admin = site.service.admin
    admin("createDomain", name="sales")
    below = {item["name"]: item["id"] for item in admin.items("listDomains", listall=True)}["sales"]
    made = admin.one("createAccount", accounttype=2, username="sue", password="first password", email="s@example.org",
                     firstname="Sue", lastname="S", domainid=below)
    answer = browser.login("sue", "first password", domain="sales")
    assert (answer["account"], answer["type"], answer["domainid"]) == ("sue", "2", below)
    assert {user["username"] for user in browser("listUsers")["user"]} == {"sue"}
    admin("updateUser", id=made["user"][0]["id"], password="second password")
    assert is_out(browser)
    with pytest.raises(Refused):
        browser.login("sue", "first password", domain="sales")
    site.pass_time(seconds=60)
    assert browser.login("sue", "second password", domain="sales")
    admin("deleteUser", id=made["user"][0]["id"])
    assert is_out(browser)
