"""The collection as Ansible would find it, and a cloud that lives in memory behind the HTTP boundary."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "collections"))
sys.path.insert(0, str(Path(__file__).parent))

from fake_cloud import FakeCloud  # noqa: E402 found on the path set above


@pytest.fixture
def cloud() -> FakeCloud:
    """An empty cloud."""
    return FakeCloud()
