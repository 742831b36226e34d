"""Rules of roles: the first that matches decides, none denies; against a matcher written out plainly."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratoform.commands.frame.permissions import decide

WORDS = st.text("aAbBz", min_size=1, max_size=6)
PATTERNS = st.text("aAbBz*", min_size=1, max_size=6)
RULES = st.lists(st.tuples(PATTERNS, st.booleans()), max_size=6)


def fits(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern, letter by letter."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return fits(pattern[1:], name) or (name != "" and fits(pattern, name[1:]))
    return name != "" and pattern[0].lower() == name[0].lower() and fits(pattern[1:], name[1:])


@given(RULES, WORDS)
def test_the_first_rule_that_fits_decides(rules: list[tuple[str, bool]], name: str) -> None:
    fitting = [allow for pattern, allow in rules if fits(pattern, name)]
    assert decide(rules, name) == (fitting[0] if fitting else False)


@given(RULES, WORDS)
def test_what_comes_after_a_rule_for_everything_does_not_count(rules: list[tuple[str, bool]], name: str) -> None:
    for allow in (True, False):
        assert decide([("*", allow), *rules], name) is allow
        assert decide([(name.swapcase(), allow), *rules], name) is allow


@given(RULES, WORDS)
def test_a_rule_more_at_the_end_changes_nothing_that_was_decided(rules: list[tuple[str, bool]], name: str) -> None:
    before = decide(rules, name)
    assert decide([*rules, ("*", False)], name) == before
    assert decide([*rules, ("*", True)], name) or not before


@pytest.mark.parametrize("pattern", ["listZone?", "[l]istZones", "list[!a]ones", "list.*", "listZones$", "(list)*", ""])
def test_nothing_but_the_asterisk_stands_for_others(pattern: str) -> None:
    assert not decide([(pattern, True)], "listZones")


def test_a_pattern_of_many_asterisks_is_no_work() -> None:
    begin = time.perf_counter()
    assert not decide([("*a" * 120 + "b", True)], "a" * 60)
    assert time.perf_counter() - begin < 1
