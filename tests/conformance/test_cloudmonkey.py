"""CloudMonkey learns every command from ``listApis listall=true``.

Version 5 is a Python 2 program and version 6 one in Go that has to be built, so neither runs here. These tests read
what their cache builders read, as strictly: version 5 calls ``int()`` and iterates without looking, version 6 asserts
types, and one wrong value ends its sync.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.request
from base64 import b64encode
from typing import Any
from urllib.parse import quote_plus

import pytest

from .conftest import Running


def get(running: Running, command: str, **params: str) -> dict[str, Any]:
    """Asks as version 6 does: ``apiKey`` spelled so, names sorted in their own case, spaces as plus signs."""
    pairs = {"command": command, "response": "json", "apiKey": running.key, **params}
    query = "&".join(f"{name}={quote_plus(pairs[name])}" for name in sorted(pairs))
    digest = hmac.new(running.secret.encode(), query.lower().replace("+", "%20").encode(), hashlib.sha1).digest()
    url = f"{running.endpoint}?{query}&signature={quote_plus(b64encode(digest).decode())}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.status == 200
        text = answer.read().decode()
    assert "\n" not in text.strip()  # version 5 reads one line
    return json.loads(text)


@pytest.fixture(scope="module")
def answer(running: Running) -> dict[str, Any]:
    return get(running, "listApis", listall="true")


def test_the_answer_stands_under_one_key_with_response_in_it(answer):
    (root,) = answer
    assert root == "listapisresponse"
    assert answer[root]["count"] == len(answer[root]["api"]) > 80


def test_version_5_builds_its_cache(answer):
    """``cachemaker.monkeycache``: None where a value is looked up and missing is an error of its next line."""
    for api in answer["listapisresponse"]["api"]:
        verb = api["name"].split("_")[0]
        assert verb[0].islower()
        assert isinstance(api["isasync"], bool)
        assert isinstance(api["description"], str)
        assert api.get("related") is None or isinstance(api["related"], str)
        for param in api["params"]:
            int(param["length"])
            assert isinstance(param["name"], str)
            assert isinstance(param["type"], str)
            assert param["required"] in {True, False}
            assert param.get("related") is None or isinstance(param["related"], str)
        assert isinstance(api["response"], list)


def test_version_6_builds_its_cache(answer):
    """``Config.UpdateCache``: type assertions that end the program when they fail."""
    for api in answer["listapisresponse"]["api"]:
        assert [type(api[field]) for field in ("name", "description", "isasync", "params")] == [str, str, bool, list]
        verb = api["name"][: next(i for i, letter in enumerate(api["name"]) if not letter.islower())]
        assert verb, api["name"]
        for arg in api["params"]:
            assert [type(arg[field]) for field in ("name", "type", "description", "required")] == [str, str, str, bool]
            assert isinstance(arg.get("related", ""), str)


def test_completion_finds_a_list_for_what_parameters_refer_to(answer):
    """Version 5 completes ids with the shortest related command that lists; 6 by the noun of the parameter."""
    known = {api["name"]: api for api in answer["listapisresponse"]["api"]}
    deploy = {param["name"]: param for param in known["deployVirtualMachine"]["params"]}
    for name, lister in (("zoneid", "listZones"), ("templateid", "listTemplates"),
                         ("serviceofferingid", "listServiceOfferings"), ("networkids", "listNetworks")):
        lists = [c for c in deploy[name]["related"].split(",") if "list" in c]
        assert min(lists, key=len) == lister, name


def test_related_commands_exist(answer):
    apis = answer["listapisresponse"]["api"]
    names = {api["name"] for api in apis}
    for api in apis:
        for text in (api.get("related"), *(param.get("related") for param in api["params"])):
            assert set(filter(None, (text or "").split(","))) <= names


def test_its_requests_are_signed_as_ours(running):
    """Spaces travel as plus signs, and are signed as %20."""
    got = get(running, "listZones", name="a zone + more")
    assert got == {"listzonesresponse": {}}
    assert get(running, "listZones", keyword="SIM")["listzonesresponse"]["count"] == 1


def test_the_answer_of_a_job_can_be_followed(running):
    """Both poll ``queryAsyncJobResult`` until jobstatus is 1 and read jobresult as an object."""
    started = get(running, "createPhysicalNetwork", zoneid=running.zone.zone, name="from-cloudmonkey")
    job = started["createphysicalnetworkresponse"]
    assert isinstance(job["jobid"], str)
    running.api.await_job(job["jobid"])
    ended = get(running, "queryAsyncJobResult", jobid=job["jobid"])["queryasyncjobresultresponse"]
    assert ended["jobstatus"] == 1
    assert ended["jobresult"]["physicalnetwork"]["name"] == "from-cloudmonkey"
    running.api.job("deletePhysicalNetwork", id=job["id"])
