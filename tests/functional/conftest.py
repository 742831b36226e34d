"""The world that tests of all commands share."""

from tests.functional.permissions.world import lived_in, world

__all__ = ["lived_in", "world"]
