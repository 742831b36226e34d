"""Which commands each method of libcloud's driver sends, found in its source."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from libcloud.compute.drivers.cloudstack import CloudStackNodeDriver

SENDERS = {"_sync_request", "_async_request"}


def _functions() -> dict[str, ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(CloudStackNodeDriver))
    (driver,) = tree.body
    assert isinstance(driver, ast.ClassDef)
    return {node.name: node for node in driver.body if isinstance(node, ast.FunctionDef)}


def _called(function: ast.FunctionDef) -> Iterator[tuple[str, ast.Call]]:
    """The methods of itself the function calls."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def _sent(call: ast.Call) -> str:
    """The command a call of a sender names, by keyword or first."""
    named = next((keyword.value for keyword in call.keywords if keyword.arg == "command"), None)
    given = named or call.args[0]
    assert isinstance(given, ast.Constant), ast.unparse(call)
    return str(given.value)


def commands_of_methods() -> dict[str, frozenset[str]]:
    """Public method to the commands it may send, itself or through other methods."""
    functions = _functions()

    def commands(name: str, seen: frozenset[str]) -> frozenset[str]:
        found: set[str] = set()
        for called, call in _called(functions[name]):
            if called in SENDERS:
                found.add(_sent(call))
            elif called in functions and called not in seen:
                found |= commands(called, seen | {called})
        return frozenset(found)

    every = {name: commands(name, frozenset({name})) for name in functions if not name.startswith("_")}
    return {name: sent for name, sent in every.items() if sent}
