"""The tree is the diagram: imports point one way, files and functions stay small, roles declare what they take."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "webapi" / "stratoform"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = sorted((ROOT / "collections").rglob("*.py"))
ROLES = sorted(p for p in (ROOT / "roles").iterdir() if p.is_dir())

GROUND = {"errors", "secrets", "db", "config", "__init__"}
"""What every room may stand on."""
MAY_IMPORT = {
    "errors": set(),
    "secrets": set(),
    "db": set(),
    "config": set(),
    "mail": set(),
    "model": GROUND,
    "jobs": GROUND - {"secrets", "config"},
    "nodes": GROUND,
    "ldap": GROUND | {"model"},
    "scheduler": GROUND | {"model"},
    "sagas": GROUND | {"mail", "model", "jobs", "nodes", "scheduler"},
    "reconcilers": GROUND | {"model", "jobs", "nodes", "sagas"},
    "commands": GROUND | {"ldap", "mail", "model", "jobs", "sagas", "scheduler", "nodes.port"},
    "access": GROUND | {"ldap", "model", "commands.frame"},
    "reference": GROUND | {"model", "commands", "wire"},
    "wire": GROUND | {"commands.frame.answer", "commands.frame.caller", "access.visit"},
}
ENGINES = {"jobs": {"zone", "host", "vm", "template", "network", "volume", "cloud"}}
COMPOSED = {"app", "cli", "server", "doctor", "credentials", "integration", "__main__", "__init__"}
"""Files at the root: the composition root and the program around it."""


def imports(file: Path) -> set[str]:
    """Modules of ours a file imports, as dotted names below the package."""
    found = set()
    package = file.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = package[: len(package) - node.level + 1]
                path = [*base, *(node.module.split(".") if node.module else [])]
            elif node.module and node.module.split(".")[0] == "stratoform":
                path = node.module.split(".")[1:]
            else:
                continue
            found.add(".".join(path) if path else "__init__")
    return found


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_point_one_way(file: Path) -> None:
    room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room in COMPOSED or "migrations" in file.parts:
        return
    allowed = MAY_IMPORT[room] | {room}
    for name in imports(file):
        assert any(name == a or name.startswith(f"{a}.") for a in allowed), f"{room} must not import {name}"


@pytest.mark.parametrize("file", SOURCES + MODULES, ids=lambda f: str(f.relative_to(ROOT)))
def test_files_and_functions_are_small(file: Path) -> None:
    if "versions" in file.parts:
        return
    text = file.read_text()
    assert len(text.splitlines()) <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < 50, f"{node.name} is too long"
        if isinstance(node, ast.ClassDef):
            assert not node.name.endswith(("Manager", "Helper", "Util", "Utils")), node.name


@pytest.mark.parametrize("room", sorted(ENGINES))
def test_engines_know_no_product_word(room: str) -> None:
    for file in (PACKAGE / room).glob("*.py"):
        names = {n.id for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Name)}
        assert not names & ENGINES[room], file


@pytest.mark.parametrize("role", ROLES, ids=lambda r: r.name)
def test_roles_declare_exactly_what_has_a_default(role: Path) -> None:
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text()) or {}
    assert set(specs) == set(defaults)
