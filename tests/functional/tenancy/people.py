"""Making accounts through the API, as a person would."""

from __future__ import annotations

from typing import Any

from tests.support.client import Client

PERSON = {"email": "p@example.org", "firstname": "First", "lastname": "Last", "password": "a good password"}


def account(api: Client, name: str, **more: Any) -> Any:
    """The new account as the API shows it; a user unless told otherwise."""
    if "roleid" not in more:
        more = {"accounttype": 0} | more
    return api.one("createAccount", **{"username": name, **PERSON, **more})


def keys(api: Client, made: Any) -> Client:
    """A client with new keys of the account's first user."""
    pair = api.one("registerUserKeys", id=made["user"][0]["id"])
    return Client(api.http, pair["apikey"], pair["secretkey"])


def person(api: Client, name: str, **more: Any) -> Client:
    """A client of a new account."""
    return keys(api, account(api, name, **more))
