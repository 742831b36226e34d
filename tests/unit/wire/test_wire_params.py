"""From bytes to parameters."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratoform.errors import ApiError, Fault
from stratoform.wire.params import MOST_PARAMETERS, RESERVED, first, gather, hidden, scrub, split

NAMES = st.text("abcxyz019-_:", min_size=1, max_size=8).filter(lambda name: name not in RESERVED)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def parse(text: bytes):
    return gather(split(text))


def refusal(text: bytes) -> ApiError:
    with pytest.raises(ApiError) as caught:
        parse(text)
    return caught.value


def test_names_are_lower_cased_and_values_kept():
    assert parse(b"zoneId=AbC&Name=a+b%2Bc") == {"zoneid": "AbC", "name": "a b+c"}


def test_a_value_may_be_empty_or_absent_and_empty_parts_are_skipped():
    assert parse(b"&a=&&b&") == {"a": "", "b": ""}


def test_nothing_reserved_reaches_a_command():
    query = (
        b"command=c&apiKey=k&signature=s&signatureVersion=3&expires=e&response=json&sessionkey=x&_=1&callback=f&id=7"
    )
    assert parse(query) == {"id": "7"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            b"details[1].key=c&details[1].value=d&details[0].key=a&details[0].value=b",
            [{"key": "a", "value": "b"}, {"key": "c", "value": "d"}],
        ),
        (b"Details[0].cpuOvercommitRatio=2.0", [{"cpuOvercommitRatio": "2.0"}]),
        (b"details%5B7%5D.a=b&details[10].a=c", [{"a": "b"}, {"a": "c"}]),
        (b"details[0].guest.cpu.mode=host-model", [{"guest.cpu.mode": "host-model"}]),
    ],
)
def test_map_parameters_become_lists_in_the_order_of_their_indexes(query, expected):
    assert parse(query) == {"details": expected}


def test_several_map_parameters_stand_side_by_side():
    assert parse(b"iptonetworklist[0].ip=10.1.1.9&iptonetworklist[0].networkid=n&tags[0].key=k") == {
        "iptonetworklist": [{"ip": "10.1.1.9", "networkid": "n"}],
        "tags": [{"key": "k"}],
    }


@pytest.mark.parametrize(
    "name",
    ["details[", "details[]", "details[0]", "details[0].", "details[x].key", "details[-1].key", "details[0]key",
     "details[0][1].key", "[0].key", "a]b", "details[99999].key", "details[\u0663].key", "details[0].a[1]"],
)  # fmt: skip
def test_bad_index_syntax_is_malformed_and_named(name):
    error = refusal(urlencode({name: "x"}).encode())
    assert error.fault is Fault.MALFORMED_PARAMETER
    assert ascii(name) in error.message


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (b"zoneid=a&zoneid=a", "zoneid"),
        (b"zoneid=a&zoneID=b", "zoneID"),
        (b"details[0].a=1&Details[0].a=2", "Details[0].a"),
        (b"details=x&details[0].a=2", "details[0].a"),
        (b"details[0].a=2&details=x", "details"),
        (b"command=a&COMMAND=b", "COMMAND"),
    ],
)
def test_a_parameter_given_twice_is_refused_and_named(query, named):
    error = refusal(query)
    assert error.fault is Fault.BAD_PARAMETER
    assert repr(named) in error.message


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (b"name=a%00b", "'name' contains a NUL byte"),
        (b"name=%ff", "'name' is not valid UTF-8"),
        (b"name=%ED%A0%80", "'name' is not valid UTF-8"),
        (b"n%00=a", "NUL"),
        (b"n%fe=a", "UTF-8"),
        (b"=a", "empty"),
        (b"a%26b=c", "'a&b'"),
        (b"a%3Db=c", "'a=b'"),
        (b"a+b=c", "'a b'"),
        (b"a%2541=c", "'a%41'"),
    ],
)
def test_unreadable_text_is_malformed_and_named(query, words):
    error = refusal(query)
    assert error.fault is Fault.MALFORMED_PARAMETER
    assert words in error.message


def test_as_many_parameters_as_allowed_and_not_one_more():
    query = b"&".join(b"p%d=" % number for number in range(MOST_PARAMETERS))
    assert len(parse(query)) == MOST_PARAMETERS
    assert refusal(query + b"&more=").fault is Fault.BAD_PARAMETER


def test_empty_parts_do_not_count():
    assert parse(b"&" * MOST_PARAMETERS * 2 + b"a=1&b=2") == {"a": "1", "b": "2"}


def test_a_long_name_is_shown_shortened():
    assert len(refusal(b"n" * 100_000 + b"]=").message) < 200


def test_first_ignores_case():
    assert first(split(b"Response=json&response=xml"), "response") == "json"
    assert first([], "response") is None


@given(st.binary())
def test_the_parser_raises_nothing_but_refusals(query):
    with suppress(ApiError):
        parse(query)


@given(st.lists(st.sampled_from([b"a", b"[", b"]", b"0", b".", b"=", b"&", b"%5b", b"%", b"%ff", b"+"])).map(b"".join))
def test_the_parser_raises_nothing_but_refusals_near_its_own_syntax(query):
    with suppress(ApiError):
        parse(query)


@given(st.dictionaries(NAMES, TEXTS))
def test_plain_values_survive_encoding(values):
    assert parse(urlencode(values).encode()) == values


@given(
    st.dictionaries(st.integers(0, 9999), st.dictionaries(NAMES, TEXTS, min_size=1, max_size=4), min_size=1, max_size=4)
)
def test_map_values_survive_encoding(entries):
    query = urlencode({f"m[{index}].{field}": text for index, e in entries.items() for field, text in e.items()})
    assert parse(query.encode()) == {"m": [entries[index] for index in sorted(entries)]}


def test_secrets_are_known_by_their_names():
    params = {
        "name": "visible",
        "password": "p1",
        "userData": "u1",
        "privatekey": "k1",
        "bindpass": "b1",
        "passwordenabled": "true",
        "details": [{"key": "s3.secretkey", "value": "d1"}, {"vncPassword": "v1", "size": "big"}],
    }
    assert hidden(params) == {"p1", "u1", "k1", "b1", "s3.secretkey", "d1", "v1"}


def test_secret_settings_are_known_by_their_names():
    assert hidden({"name": "security.singlesignon.key", "value": "v1"}) == {"v1"}
    assert hidden({"name": "project.smtp.password", "value": "v2"}) == {"v2"}
    assert hidden({"name": "expunge.delay", "value": "v3"}) == set()


def test_scrubbing_finds_secrets_as_they_are_and_as_python_quotes_them():
    params = {"password": "it's\n\\x", "name": "vm"}
    text = scrub(f"{params} then: it's\n\\x", params)
    assert "it's" not in text
    assert "vm" in text
