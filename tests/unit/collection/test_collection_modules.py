"""Every module: what it documents is what it takes, and it belongs to the action group."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.stratoform.cloud.plugins.doc_fragments.api import ModuleDocFragment
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Resource
from ansible_collections.stratoform.cloud.plugins.plugin_utils.in_process import kind_of

PACKAGE = "ansible_collections.stratoform.cloud.plugins.modules"
CLOUD = Path(__file__).resolve().parents[3] / "collections/ansible_collections/stratoform/cloud"
FILES = [path.stem for path in (CLOUD / "plugins/modules").glob("*.py")]
NAMES = sorted(name for name in FILES if not name.startswith("node_"))


def resource(name: str) -> type[Resource]:
    """The class a module runs."""
    module = importlib.import_module(f"{PACKAGE}.{name}")
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Resource)]
    (kind,) = (kind for kind in kinds if kind.__module__ == module.__name__)
    return kind


def documented(name: str) -> dict[str, Any]:
    """A module's documented options, its fragment's among them."""
    module = importlib.import_module(f"{PACKAGE}.{name}")
    fragment = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)
    return fragment["options"] | yaml.safe_load(module.DOCUMENTATION)["options"]


def skeleton(spec: dict[str, Any], nested: str) -> dict[str, Any]:
    """What documentation and argument spec have in common."""
    facts = ("type", "elements", "required", "default")
    return {
        name: {fact: option[fact] for fact in facts if fact in option}
        | ({"choices": list(option["choices"])} if "choices" in option else {})
        | ({"options": skeleton(option[nested], nested)} if nested in option else {})
        for name, option in spec.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_documentation_is_the_argument_spec(name: str) -> None:
    """Option by option: type, elements, choices, default, required."""
    assert skeleton(documented(name), "suboptions") == skeleton(resource(name).argument_spec(), "options")


@pytest.mark.parametrize("name", NAMES)
def test_the_return_block_is_the_noun(name: str) -> None:
    """And the examples name the module."""
    module = importlib.import_module(f"{PACKAGE}.{name}")
    assert list(yaml.safe_load(module.RETURN)) == [resource(name).noun] == [name]
    assert all(f"stratoform.cloud.{name}" in task for task in yaml.safe_load(module.EXAMPLES))


def test_every_module_is_in_the_action_group() -> None:
    """So that credentials are given once."""
    groups = yaml.safe_load((CLOUD / "meta/runtime.yml").read_text())["action_groups"]
    assert groups == {"api": NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_action_plugin_finds_the_class(name: str) -> None:
    """By its name, for every module; each has the link that makes Ansible ask it."""
    assert kind_of(name) is resource(name)
    assert (CLOUD / f"plugins/action/{name}.py").resolve() == CLOUD / "plugins/plugin_utils/in_process.py"


def test_check_mode_is_decided_in_one_place() -> None:
    """House style, rule 16."""
    tests = [
        node
        for path in (CLOUD / "plugins").rglob("*.py")
        if not path.stem.startswith("node_") and "node" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.If, ast.IfExp)) and "check_mode" in ast.unparse(node.test)
    ]
    assert [ast.unparse(node.test) for node in tests] == ["not check_mode"]
