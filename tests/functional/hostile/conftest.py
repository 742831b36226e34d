"""The world all these tests happen in."""

from tests.functional.permissions.world import lived_in, world

__all__ = ["lived_in", "world"]
