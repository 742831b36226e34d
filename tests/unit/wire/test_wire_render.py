"""Answers in JSON and XML."""

from __future__ import annotations

import json
import re
from collections import UserDict
from datetime import datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratoform.commands.frame.answer import Accepted, Many, One, Plain
from stratoform.errors import ApiError, Fault
from stratoform.wire.errors import CODES, error_body
from stratoform.wire.render import content, plain, to_json, to_xml
from stratoform.wire.roots import root_of

NAMES = st.text("abcxyz", min_size=1, max_size=6)
LEAVES = st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
FIELDS = st.dictionaries(NAMES, LEAVES | st.none() | st.lists(LEAVES, max_size=3), max_size=5)
BODIES = st.dictionaries(NAMES, LEAVES | FIELDS | st.lists(FIELDS, max_size=3), max_size=4)


class Colour(StrEnum):
    RED = "Red"


class Level(IntEnum):
    ROOT = 1


def as_json(answer, root: str = "r"):
    return json.loads(to_json(root, content(answer)))[root]


def as_xml(answer) -> str:
    return to_xml("r", content(answer), "4.3.0").decode().partition("\n")[2]


def test_one_object_stands_under_its_key():
    assert as_json(One("zone", {"id": "z"})) == {"zone": {"id": "z"}}
    assert as_xml(One("zone", {"id": "z"})) == '<r cloud-stack-version="4.3.0"><zone><id>z</id></zone></r>'


def test_a_page_has_a_count_and_a_list():
    page = Many("zone", [{"id": "a"}, {"id": "b"}], 7)
    assert as_json(page) == {"count": 7, "zone": [{"id": "a"}, {"id": "b"}]}
    assert as_xml(page) == (
        '<r cloud-stack-version="4.3.0"><count>7</count><zone><id>a</id></zone><zone><id>b</id></zone></r>'
    )


def test_an_empty_list_is_an_empty_object():
    assert as_json(Many("zone", [], 0)) == {}
    assert as_xml(Many("zone", [], 0)) == '<r cloud-stack-version="4.3.0" />'


def test_a_page_beyond_the_last_has_only_the_count():
    assert as_json(Many("zone", [], 7)) == {"count": 7}


def test_an_accepted_job():
    assert as_json(Accepted("j", "v")) == {"id": "v", "jobid": "j"}
    assert as_json(Accepted("j")) == {"jobid": "j"}


@pytest.mark.parametrize(("success", "text"), [(True, "true"), (False, "false")])
def test_success_is_a_string_when_synchronous_and_a_boolean_in_a_jobs_result(success, text):
    assert as_json(Plain({"success": success, "displaytext": "d"})) == {"success": text, "displaytext": "d"}
    job = {"jobstatus": 1, "jobresult": {"success": success}}
    assert as_json(Plain(job)) == job


def test_none_is_left_out_at_every_depth():
    body = {"a": None, "b": {"c": None, "d": [None, {"e": None}]}}
    assert as_json(Plain(body)) == {"b": {"d": [{}]}}
    assert as_xml(Plain(body)) == '<r cloud-stack-version="4.3.0"><b><d /></b></r>'


def test_lists_repeat_their_element():
    body = {"tags": [], "ids": ["a", "b"], "nic": [{"ip": "1", "secondary": [{"ip": "2"}, {"ip": "3"}]}]}
    assert as_json(Plain(body)) == body
    assert as_xml(Plain(body)) == (
        '<r cloud-stack-version="4.3.0"><ids>a</ids><ids>b</ids>'
        "<nic><ip>1</ip><secondary><ip>2</ip></secondary><secondary><ip>3</ip></secondary></nic></r>"
    )


def test_dates_are_utc_without_a_fraction():
    moment = datetime(2012, 7, 5, 12, 18, 27, 999_999, tzinfo=timezone(timedelta(hours=-7)))
    assert as_json(Plain({"created": moment})) == {"created": "2012-07-05T19:18:27+0000"}
    assert "<created>2012-07-05T19:18:27+0000</created>" in as_xml(Plain({"created": moment}))


@pytest.mark.parametrize("value", [datetime(2012, 7, 5), object(), {1, 2}, b"x"])  # noqa: DTZ001 - the point
def test_what_has_no_place_in_an_answer_is_an_error_of_ours(value):
    with pytest.raises(TypeError, match="no place in an answer"):
        plain({"a": value})


def test_mappings_enumerations_and_tuples_are_rendered_by_value():
    body = UserDict(state=Colour.RED, type=Level.ROOT, list=(True, 1.5))
    assert as_json(Plain(body)) == {"state": "Red", "type": 1, "list": [True, 1.5]}
    assert "<list>true</list><list>1.5</list>" in as_xml(Plain(body))


def test_a_failed_job_is_told_in_faults():
    error = ApiError(Fault.INSUFFICIENT_CAPACITY, "no host has 5 GiB free", [("zone", "z-uuid")])
    job = as_json(Plain({"jobstatus": 2, "jobresultcode": error.fault, "jobresult": error}))
    assert job == {
        "jobstatus": 2,
        "jobresultcode": 533,
        "jobresult": {
            "uuidList": [{"uuid": "z-uuid", "description": "zone"}],
            "errorcode": 533,
            "cserrorcode": 4325,
            "errortext": "no host has 5 GiB free",
        },
    }


@pytest.mark.parametrize("fault", list(Fault))
def test_a_fault_alone_is_its_number(fault):
    number = CODES[fault].number
    assert as_json(Plain({"code": fault, "list": [fault]})) == {"code": number, "list": [number]}


ODD = (None, "null", "é", "\ud800", "\x7f", 2**70, 1e300, Colour.RED, Level.ROOT, ":null,null[null", True, -0.0)


@pytest.mark.parametrize("odd", ODD)
def test_what_orjson_would_write_otherwise_is_written_as_ever(odd):
    for body in ({"a": odd}, {"a": [odd, 1]}, {"a": [1, odd]}, {"a": {"b": odd}}, {"a": (odd,)}):
        text = to_json("r", body)
        assert text.isascii()
        assert json.loads(text) == {"r": json.loads(json.dumps(plain(body)))}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none_are_refused(number):
    with pytest.raises(ValueError, match="Out of range float"):
        to_json("r", {"a": [number]})


def test_user_text_stays_text():
    hostile = "</a><b>]]>&amp;\"'{{7*7}}\u2028"
    assert as_json(Plain({"a": hostile})) == {"a": hostile}
    assert ET.fromstring(as_xml(Plain({"a": hostile}))).findtext("a") == hostile  # noqa: S314 - our own text


@pytest.mark.parametrize("key", ["no name", "<b>", "", "1st", "a:b", "{ns}a", "\0", "xé"])
def test_a_key_that_is_no_xml_name_becomes_an_attribute(key):
    element = ET.fromstring(as_xml(Plain({"details": {key: "v"}})))[0][0]  # noqa: S314 - our own text
    assert (element.tag, element.get("name"), element.text) == ("entry", key.replace("\0", "\ufffd"), "v")


@given(BODIES)
def test_json_round_trips(body):
    assert as_json(Plain({"body": body})) == plain({"body": body})


@given(BODIES)
def test_xml_round_trips(body):
    root = ET.fromstring(to_xml("r", {"body": body}, "4.3.0"))  # noqa: S314 - our own text
    assert flat_xml(root) == flat({"body": plain(body)})


def flat_xml(element: ET.Element) -> list:
    return [(child.tag, flat_xml(child) if len(child) else child.text or "") for child in element]


def flat(fields: dict) -> list:
    """Say what XML can say of a body: order, names and texts."""
    return [
        (name, (flat(item) or "") if isinstance(item, dict) else xml_text(item))
        for name, value in fields.items()
        for item in (value if isinstance(value, list) else [value])
    ]


def xml_text(value) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    legal = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
    return legal.replace("\r\n", "\n").replace("\r", "\n")  # XML reads every line end as a line feed


@pytest.mark.parametrize(
    ("command", "root"),
    [
        ("listZones", "listzonesresponse"),
        ("LISTZONES", "listzonesresponse"),
        ("restoreVirtualMachine", "restorevmresponse"),
        ("addIpToNic", "addiptovmnicresponse"),
        ("enableStorageMaintenance", "prepareprimarystorageformaintenanceresponse"),
        ("activateProject", "activaterojectresponse"),
        ("listLoadBalancers", "listloadbalancerssresponse"),
        ("createLBStickinessPolicy", "createLBStickinessPolicy"),
        (None, "errorresponse"),
        ("", "errorresponse"),
        ("<b>", "errorresponse"),
        ("list Zones", "errorresponse"),
        ("listZones\n", "errorresponse"),
        ("a" * 1000, "errorresponse"),
    ],
)
def test_roots(command, root):
    assert root_of(command) == root


def test_every_fault_has_its_number_and_the_body_the_reference_shows():
    assert set(CODES) == set(Fault)
    assert sorted({code.number for code in CODES.values()}) == [
        401, 405, 429, 430, 431, 432, 503, 530, 531, 532, 533, 534, 535, 536, 537,
    ]  # fmt: skip
    assert error_body(ApiError(Fault.BAD_PARAMETER, "why")) == {
        "uuidList": [],
        "errorcode": 431,
        "cserrorcode": 4350,
        "errortext": "why",
    }
