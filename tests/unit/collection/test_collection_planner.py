"""What is to be done, case by case."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import ImmutableError
from ansible_collections.stratoform.cloud.plugins.module_utils.planner import Named, differs, plan, shown

HERE, THERE = Named("here", "1"), Named("there", "2")

DIFFERS: list[tuple[str, Any, Any, bool]] = [
    ("same", "a", "a", False),
    ("other", "a", "b", True),
    ("unset is empty", None, "", False),
    ("unset is false", None, False, False),
    ("unset is no list", None, [], False),
    ("unset is not true", None, True, True),
    ("lists have no order", ["a", "b"], ["b", "a"], False),
    ("longer list", ["a"], ["a", "b"], True),
    ("shorter list", ["a", "b"], ["a"], True),
    ("emptied list", ["a"], [], True),
    ("declared keys only", {"a": "1", "b": "2"}, {"a": "1"}, False),
    ("missing key", {"b": "2"}, {"a": "1"}, True),
    ("other value", {"a": "1"}, {"a": "2"}, True),
    ("a mapping where none was", None, {"a": "1"}, True),
    ("same object by another word", Named("one", "1"), Named("eins", "1"), False),
    ("another object", HERE, THERE, True),
    ("a name nothing carries", HERE, Named("here"), True),
    ("nothing carries either", Named("x"), Named("x"), True),
    ("objects have no order", [HERE, THERE], [THERE, HERE], False),
]


@pytest.mark.parametrize(("case", "current", "desired", "expected"), DIFFERS, ids=[row[0] for row in DIFFERS])
def test_differs(case: str, current: Any, desired: Any, expected: bool) -> None:
    """Two values are the same when the cloud would not change."""
    assert differs(current, desired) is expected, case


PLANS: list[tuple[str, Any, Any, str | None, list[str]]] = [
    ("nothing wanted, nothing there", None, None, None, []),
    ("nothing wanted", {"a": 1}, None, "delete", []),
    ("nothing there", None, {"a": 1}, "create", ["a"]),
    ("as declared", {"a": 1, "b": 2}, {"a": 1}, None, []),
    ("another value", {"a": 1, "b": 2}, {"a": 3, "b": 2}, "update", ["a"]),
    ("never shown", {"a": 1}, {"a": 1, "secret": "x"}, None, []),
    ("left out of the answer", {"a": None}, {"a": 1}, "update", ["a"]),
]


@pytest.mark.parametrize(("case", "current", "desired", "verb", "changes"), PLANS, ids=[row[0] for row in PLANS])
def test_plan(case: str, current: Any, desired: Any, verb: str | None, changes: list[str]) -> None:
    """One verb, and the fields it is about."""
    made = plan(current, desired)
    assert (made.verb, made.changes) == (verb, changes), case


def test_an_immutable_field_is_named_with_both_values() -> None:
    """All of them at once, so that one reading is enough."""
    with pytest.raises(ImmutableError) as refusal:
        plan({"a": 1, "b": HERE, "c": 1}, {"a": 2, "b": THERE, "c": 2}, immutable=["a", "b"])
    assert str(refusal.value) == "a cannot be changed from 1 to 2, b cannot be changed from 'here' to 'there'"


def test_an_immutable_field_may_stay() -> None:
    """And others may change beside it."""
    assert plan({"a": 1, "b": 1}, {"a": 1, "b": 2}, immutable=["a"]).changes == ["b"]


def test_a_diff_shows_names_and_leaves_out_what_is_unset() -> None:
    """What a person reads."""
    assert shown({"zone": HERE, "nets": [THERE, HERE], "gone": None, "on": False}) == {
        "nets": ["here", "there"],
        "on": False,
        "zone": "here",
    }
