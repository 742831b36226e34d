"""Calls of an account are counted, and too many are refused until their time is over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conftest import Service
from tests.functional.sessions.browser import Site
from tests.support.client import Client, Refused


class Clock:
    """Seconds that pass when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(service: Service) -> Clock:
    """The limits' clock; three calls in ten seconds are allowed."""
    clock = service.cloud.commands.shared.calls.clock = Clock()
    for name, value in (("max", 3), ("interval", 10), ("enabled", "true")):
        service.admin("updateConfiguration", name=f"api.throttling.{name}", value=value)
    clock.now += 10
    return clock


def refused(client: Client, command: str = "listZones", **params: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        client(command, **params)
    return caught.value.code, caught.value.text


def test_off_by_default(service: Service) -> None:
    alice = service.user("alice")
    for _ in range(30):
        alice("listZones")
    limit = alice.one("getApiLimit")
    assert (limit["account"], limit["apiIssued"], limit["apiAllowed"], limit["expireAfter"]) == ("alice", 0, 25, 1)
    assert "apilimitmax" not in alice.one("listCapabilities")


def test_too_many_calls_are_refused_until_the_time_is_over(service: Service, clock: Clock) -> None:
    alice, bob = service.user("alice"), service.user("bob")
    for _ in range(3):
        alice("listZones")
        clock.now += 1
    said = "This account may make 3 calls in 10 s and has made them; call again in {} s"
    assert refused(alice) == (429, said.format(7))
    assert refused(alice, "createSSHKeyPair", nonsense="x") == (429, said.format(7))
    clock.now += 6.5
    assert refused(alice) == (429, said.format(1))
    bob("listZones")
    clock.now += 0.5
    assert alice.items("listSSHKeyPairs") == []
    for _ in range(2):
        alice("listZones")
    assert refused(alice) == (429, said.format(10))


def test_users_and_keys_of_one_account_are_counted_together(service: Service, clock: Clock) -> None:  # noqa: ARG001 - limits on
    site = Site(service)
    site.user("alice", "wonderland")
    browser = site.browser()
    browser.login("alice", "wonderland")
    for _ in range(3):
        browser("listZones")
    with pytest.raises(Refused, match="call again in 10 s"):
        browser("listZones")
    assert browser("logout") == {"description": "success"}


def test_what_one_may_still_call_is_told(service: Service, clock: Clock) -> None:
    alice = service.user("alice")
    capability = alice.one("listCapabilities")
    assert (capability["apilimitinterval"], capability["apilimitmax"]) == (10, 3)
    clock.now += 4
    limit = alice.one("getApiLimit")
    assert {name: limit[name] for name in ("account", "apiIssued", "apiAllowed", "expireAfter")} == {
        "account": "alice", "apiIssued": 2, "apiAllowed": 1, "expireAfter": 6}
    assert service.admin.one("getApiLimit")["account"] == "admin"


def test_root_administrators_are_never_refused_and_reset_counts(service: Service, clock: Clock) -> None:  # noqa: ARG001 - limits on
    admin, alice, bob = service.admin, service.user("alice"), service.user("bob", 2, "/d/")
    for client in (alice, bob):
        account = client.one("getApiLimit")["accountid"]
        client("listZones")
        client("listZones")
        assert refused(client)[0] == 429
    assert admin("resetApiLimit", account=account) == {"success": "true"}
    bob("listZones")
    assert refused(alice)[0] == 429
    admin("resetApiLimit")
    alice("listZones")
    for _ in range(20):
        admin("listZones")
    assert refused(alice, "resetApiLimit") == (401, "The command resetApiLimit is not available to this account")
    assert refused(admin, "resetApiLimit", account="x")[0] == 431


def test_calls_at_once_are_counted_exactly(service: Service, clock: Clock) -> None:  # noqa: ARG001 - limits on
    alice = service.user("alice")

    def call(_: int) -> bool:
        try:
            Client(alice.http.application.test_client(), alice.key, alice.secret)("listZones")
        except Refused as error:
            return error.code != 429
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(call, range(24))) == 3


def test_only_so_many_accounts_are_remembered(service: Service, clock: Clock) -> None:
    service.admin("updateConfiguration", name="api.throttling.cachesize", value=2)
    for number in range(5):
        service.user(f"u{number}")("listZones")
    calls = service.cloud.commands.shared.calls
    assert len(calls._counts) == 2
    clock.now += 100
    assert calls.of(1).issued == 0


def test_changes_hold_at_once(service: Service, clock: Clock) -> None:
    alice = service.user("alice")
    for _ in range(3):
        alice("listZones")
    assert refused(alice)[0] == 429
    service.admin("updateConfiguration", name="api.throttling.max", value=5)
    clock.now += 10
    for _ in range(5):
        alice("listZones")
    assert refused(alice)[0] == 429
    service.admin("updateConfiguration", name="api.throttling.enabled", value="false")
    for _ in range(9):
        alice("listZones")
