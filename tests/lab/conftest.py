"""Marks of the tests with test hosts."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that every test of this folder carries."""
    config.addinivalue_line("markers", "lab: needs root, and hosts made of namespaces or containers")
