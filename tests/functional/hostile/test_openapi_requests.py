"""Requests that schemathesis makes from the OpenAPI document: no failure of the service, and answers of the API only.

Half of a request's values are generated, some of them against the document; the others are such that the command
succeeds, so that what is generated reaches as deep as it can. Bounded: a few requests a command, always the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from stratoform.app import load_commands
from stratoform.commands.frame.base import REGISTRY
from stratoform.reference.openapi import document
from tests.functional.hostile.asking import ask
from tests.functional.permissions.recipes import recipe
from tests.functional.permissions.world import World

load_commands()

REQUESTS: Final = 2
"""Requests a command and mode of generation."""
BROKEN: Final = frozenset({500, 503, 530})
"""Statuses of failures that are the service's own; other 53x are refusals the API has numbers for."""

DOCUMENT = document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {found.path.rpartition("/")[2]: found for result in SCHEMA.get_all_operations()
              for found in (result.ok(),)}


def text(value: Any) -> str:
    """A generated value as it travels in a form."""
    if isinstance(value, list):
        return ",".join(text(part) for part in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).encode("utf-8", "replace").decode()


def generated(case: Any, command: str) -> dict[str, str]:
    """The parameters of a case that the command has; names it has not are tried elsewhere."""
    given_values = case.query if REGISTRY[command].is_list else case.body
    if not isinstance(given_values, Mapping):
        return {}
    return {name: text(value) for name, value in given_values.items()
            if name.partition("[")[0] in REGISTRY[command].params and name.isascii()}


@pytest.mark.parametrize("command", sorted(REGISTRY))
def test_generated_requests_are_answered(world: World, command: str) -> None:
    admin, good = world.service.admin, recipe(command, world.things["admin"])
    answers = OPERATIONS[command].definition.raw["responses"]["200"]["content"]["application/json"]["schema"]
    root = next(iter(answers["properties"]))

    def work(case: Any, kept: list[bool]) -> None:
        new = generated(case, command)
        taken = {name: value for name, value, old in zip(new, new.values(), kept, strict=False)
                 if not old or name not in good}
        answer = ask(admin, command, {**good, **taken})
        assert answer.status not in BROKEN, (answer.text, taken)
        if answer.status == 200:
            jsonschema.validate({root: answer.content}, {**answers, "components": DOCUMENT["components"]})
            world.restore()

    for mode in GenerationMode:
        checked = settings(
            max_examples=REQUESTS, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(OPERATIONS[command].as_strategy(generation_mode=mode),
                st.lists(st.booleans(), min_size=40, max_size=40))(work))
        checked()
