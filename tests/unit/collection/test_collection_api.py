"""The client: signatures, spelling, pages, jobs, refusals."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.api import Api, encode, send, sign
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError, UnreachableError
from ansible_collections.stratoform.cloud.plugins.module_utils.settings import Settings
from cs.client import CloudStack
from fake_cloud import FakeCloud

NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
HOSTILE = 'it\'s <b>"q"</b> {{ 1 }} a+b c*d ~ ü\n&x=y'

SPELLINGS: list[tuple[Mapping[str, Any], dict[str, str]]] = [
    ({"a": None}, {}),
    ({"a": True, "b": 3, "c": "x"}, {"a": "true", "b": "3", "c": "x"}),
    ({"a": ["x", "y"], "b": []}, {"a": "x,y", "b": ""}),
    ({"d": {"k": "v", "n": False}}, {"d[0].k": "v", "d[0].n": "false"}),
    ({"l": [{"s": "Dhcp"}, {"s": "Dns"}]}, {"l[0].s": "Dhcp", "l[1].s": "Dns"}),
]


@pytest.mark.parametrize(("params", "expected"), SPELLINGS)
def test_parameters_are_spelled_as_the_api_takes_them(params: Mapping[str, Any], expected: dict[str, str]) -> None:
    """See the wire contract, maps and lists."""
    assert encode(params) == expected


def test_signature_is_the_one_other_clients_make() -> None:
    """The same request through ``cs`` carries the same signature."""
    settings = Settings("http://cloud/api", "key", "secret")
    ours = sign({"command": "listZones", "response": "json", "name": HOSTILE}, settings, NOON)
    theirs = {name: value for name, value in ours.items() if name != "signature"}
    CloudStack("http://cloud/api", "key", "secret")._sign(theirs)
    assert ours["signature"] == theirs["signature"]
    assert ours["expires"] == "2026-05-01T12:10:00+0000"


def test_without_a_secret_requests_go_unsigned() -> None:
    """As the integration port expects."""
    assert sign({"command": "x"}, Settings("http://cloud/api"), NOON) == {"command": "x"}


def test_lists_are_read_to_their_end_in_pages_the_cloud_accepts(cloud: FakeCloud) -> None:
    """The cloud's own page size is the one used."""
    cloud.page_size = 3
    for number in range(8):
        cloud.add("zone", name=str(number))
    assert [zone["name"] for zone in cloud.api().list("listZones")] == [str(number) for number in range(8)]
    assert [params.get("pagesize") for _, params in cloud.calls] == [None, "3", "3"]


def test_an_empty_list_is_empty(cloud: FakeCloud) -> None:
    """It comes as an empty object."""
    assert cloud.api().list("listZones") == []


def test_jobs_are_followed_to_their_end(cloud: FakeCloud) -> None:
    """The object of the job's result is given back."""
    cloud.slow.add("zone")
    assert cloud.api().run("createZone", name="z")["name"] == "z"
    assert [name for name, _ in cloud.calls] == ["createZone", *["queryAsyncJobResult"] * 3]


def test_a_failed_job_says_why(cloud: FakeCloud) -> None:
    """With the cloud's sentence and code."""
    cloud.jobs["7"] = (1, {"errorcode": 533, "errortext": "No host has 64 GB free."})
    with pytest.raises(CloudError, match=r"^No host has 64 GB free\.$") as refusal:
        cloud.api().wait("7", "deployVirtualMachine")
    assert refusal.value.code == 533


def test_a_job_that_does_not_end_is_given_up(cloud: FakeCloud) -> None:
    """After ``job_timeout`` seconds, naming the job."""
    cloud.jobs["7"] = (10**6, {})
    with pytest.raises(CloudError, match=r"^job 7 of deployVirtualMachine did not end within 60 s$"):
        cloud.api().wait("7", "deployVirtualMachine")
    assert 60 < cloud.now < 65


def test_a_refusal_is_the_clouds_sentence(cloud: FakeCloud) -> None:
    """Nothing of ours around it."""
    cloud.refusals["createZone"] = (431, "The parameter dns1 is missing.")
    with pytest.raises(CloudError, match=r"^The parameter dns1 is missing\.$") as refusal:
        cloud.api().run("createZone", name="z")
    assert refusal.value.code == 431


def test_success_false_is_a_failure() -> None:
    """Whatever the HTTP status says."""
    body = json.dumps({"deletezoneresponse": {"success": "false", "displaytext": "Zone has pods."}}).encode()
    api = Api(Settings("http://cloud/api"), lambda _settings, _params: (200, body))
    with pytest.raises(CloudError, match="Zone has pods"):
        api.run("deleteZone", id="1")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"a": 1, "b": 2}'])
def test_something_else_than_the_api_answered(body: bytes) -> None:
    """A wrong path is the usual reason."""
    api = Api(Settings("http://cloud/wrong"), lambda _settings, _params: (404, body))
    with pytest.raises(CloudError, match="HTTP 404 without an API answer"):
        api.call("listZones")


def test_a_restart_of_the_service_is_borne_while_waiting(cloud: FakeCloud) -> None:
    """Its jobs resume; ten seconds without an answer are no failure."""
    cloud.jobs["7"] = (0, {"zone": {"id": "1"}})

    def flaky(settings: Settings, params: Mapping[str, str]) -> tuple[int, bytes]:
        if cloud.now < 10:
            raise UnreachableError("refused")
        return cloud.send(settings, params)

    api = Api(Settings("http://cloud/api"), flaky, lambda: cloud.now, cloud.sleep)
    assert api.wait("7", "createZone") == {"zone": {"id": "1"}}


def test_a_service_that_stays_away_is_said_so(cloud: FakeCloud) -> None:
    """After half a minute."""

    def dead(_settings: Settings, _params: Mapping[str, str]) -> tuple[int, bytes]:
        raise UnreachableError("No answer from http://cloud/api: refused")

    with pytest.raises(UnreachableError, match="No answer"):
        Api(Settings("http://cloud/api"), dead, lambda: cloud.now, cloud.sleep).wait("7", "createZone")
    assert 30 < cloud.now < 35


def test_no_answer_names_the_endpoint_and_no_secret() -> None:
    """Port 9 of loopback refuses."""
    settings = Settings("http://127.0.0.1:9/api", "key", "hush", timeout=1)
    with pytest.raises(UnreachableError, match=r"No answer from http://127\.0\.0\.1:9/api") as refusal:
        send(settings, sign({"command": "listZones"}, settings, NOON))
    assert "hush" not in str(refusal.value) + repr(settings)
