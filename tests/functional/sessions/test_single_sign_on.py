"""Logins that a portal signs: taken once, near their time, for the user named and nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from stratoform.access.logins import REFUSAL
from stratoform.model.sessions import SignedLogin
from tests.functional.sessions.browser import Browser, Site, sign
from tests.support.client import Refused

KEY = "the-portal's-shared-key"


@pytest.fixture
def portal(site: Site) -> Site:
    site.service.admin("updateConfiguration", name="security.singlesignon.key", value=KEY)
    return site


def request(site: Site, key: str = KEY, shift: int = 0, **changes: str | None) -> dict[str, str]:
    """A signed login of bert as a portal makes it, its time stamp shifted by milliseconds."""
    now = int(site.service.cloud.logins.sessions.clock().timestamp() * 1000)
    params = {"command": "login", "username": "bert", "domainid": site.domain("/tv/"), "response": "json",
              "timestamp": str(now + shift), **changes}
    known = {name: value for name, value in params.items() if value is not None}
    return {**known, "signature": sign(key, **known)}


def enter(browser: Browser, form: dict[str, str], **headers: Any) -> tuple[int, str]:
    """HTTP status, and what the answer says."""
    answer = browser.http.post("/client/api", data=form, **headers)
    (content,) = answer.get_json().values()
    browser.key = content.get("sessionkey", "")
    assert answer.status_code != 530
    return answer.status_code, content.get("errortext") or content["username"]


def test_a_signed_login_begins_a_session(portal: Site, browser: Browser) -> None:
    assert enter(browser, request(portal)) == (200, "bert")
    assert browser("listEvents", type="USER.LOGIN")["event"][0]["username"] == "bert"


def test_users_of_root_need_no_domain(portal: Site, browser: Browser) -> None:
    assert enter(browser, request(portal, username="alice", domainid=None)) == (200, "alice")


def test_it_is_off_until_there_is_a_key(site: Site, browser: Browser) -> None:
    for key in ("", KEY):
        assert enter(browser, request(site, key=key or "x")) == (401, REFUSAL)
    with pytest.raises(Refused, match="16 to 255 characters"):
        site.service.admin("updateConfiguration", name="security.singlesignon.key", value="short")


def test_the_key_is_shown_to_nobody(portal: Site) -> None:
    admin = portal.service.admin
    everything = [admin("listConfigurations", pagesize=500, page=1), admin("listEvents", listall=True)]
    assert KEY not in str(everything)


def test_it_works_once(portal: Site, browser: Browser) -> None:
    form = request(portal)
    assert enter(browser, form) == (200, "bert")
    for again in (form, {**form, "USERNAME": form["username"]}, dict(reversed(form.items()))):
        params = {name: value for name, value in again.items() if name != "username" or "USERNAME" not in again}
        assert enter(portal.browser(), params) == (401, REFUSAL)
    browser("logout")
    assert enter(browser, form) == (401, REFUSAL)
    assert enter(browser, request(portal, shift=1)) == (200, "bert")


@pytest.mark.parametrize(("shift", "status"), [
    (0, 200), (-299_000, 200), (299_000, 200), (-301_000, 401), (301_000, 401), (-10**9, 401), (10**12, 401),
])
def test_its_time_stamp_is_near_the_present(portal: Site, browser: Browser, shift: int, status: int) -> None:
    assert enter(browser, request(portal, shift=shift))[0] == status


def test_the_tolerance_is_a_setting(portal: Site, browser: Browser) -> None:
    portal.service.admin("updateConfiguration", name="security.singlesignon.tolerance.millis", value=1000)
    assert enter(browser, request(portal, shift=-1500)) == (401, REFUSAL)
    portal.service.admin("updateConfiguration", name="security.singlesignon.tolerance.millis", value=60_000)
    assert enter(browser, request(portal, shift=-1500)) == (200, "bert")


def test_a_used_one_is_remembered_for_as_long_as_its_time_stamp_would_do(portal: Site, browser: Browser) -> None:
    form = request(portal, shift=299_000)
    assert enter(browser, form) == (200, "bert")
    for _ in range(2):
        portal.pass_time(seconds=298)
        portal.service.cloud.logins.sessions.forget()
        assert enter(browser, form) == (401, REFUSAL)
    portal.pass_time(seconds=10)
    portal.service.cloud.logins.sessions.forget()
    assert enter(browser, form) == (401, REFUSAL)
    with portal.service.cloud.db.read() as session:
        assert session.scalar(select(func.count()).select_from(SignedLogin)) == 0


def test_nothing_signed_can_be_changed(portal: Site, browser: Browser) -> None:
    good = request(portal)
    stranger = request(portal, key="a-key-of-somebody-else")
    for bad in (
        {**good, "username": "alice"}, {**good, "domainid": portal.domain("/")},
        {**good, "timestamp": str(int(good["timestamp"]) + 1)}, {**good, "response": "xml", "_": "json"},
        {**good, "signature": good["signature"].swapcase()}, {**good, "signature": good["signature"][:-1]},
        {**good, "signature": quote(good["signature"], safe="") + "%3D"}, {**good, "signature": ""},
        {**good, "apikey": "x"}, stranger,
        {name: value for name, value in good.items() if name != "timestamp"},
        {name: value for name, value in good.items() if name != "domainid"},
    ):
        answer = browser.http.post("/client/api", data=bad)
        assert answer.status_code in {401, 431}, bad
        assert browser.token is None
    assert enter(browser, good) == (200, "bert")


def test_it_names_users_exactly_and_domains_by_id(portal: Site, browser: Browser) -> None:
    assert enter(browser, request(portal, username="BERT")) == (401, REFUSAL)
    code, text = enter(browser, request(portal, domainid=None, domain="tv"))
    assert (code, text) == (431, "Invalid parameter domain: a signed login names the domain by domainid")
    portal.user("Bert", None, path="/tv/")  # now what is signed does not say who is meant
    assert enter(browser, request(portal)) == (401, REFUSAL)


def test_who_may_not_log_in_may_not_by_a_portal(portal: Site, browser: Browser) -> None:
    portal.change("bert", state="disabled")
    assert enter(browser, request(portal)) == (401, REFUSAL)
    assert enter(browser, request(portal, username="nobody")) == (401, REFUSAL)
    assert enter(browser, request(portal, domainid="42")) == (401, REFUSAL)


def test_a_wrong_password_beside_a_right_signature_is_wrong(portal: Site, browser: Browser) -> None:
    assert enter(browser, request(portal, password="wrong")) == (401, REFUSAL)


def test_it_is_posted(portal: Site, browser: Browser) -> None:
    answer = browser.http.get("/client/api", query_string=request(portal))
    assert answer.status_code == 405


def test_a_clock_that_is_set_back_opens_nothing(portal: Site, browser: Browser) -> None:
    form = request(portal)
    assert enter(browser, form) == (200, "bert")
    clock = portal.service.cloud.logins.sessions.clock
    portal.service.cloud.logins.single_sign_on.clock = lambda: clock() - timedelta(days=1)
    assert enter(browser, form) == (401, REFUSAL)
