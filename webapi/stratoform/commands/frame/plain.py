"""Lists of what is in no table: settings, capabilities, commands."""

from __future__ import annotations

from .answer import Answer, Body, Many
from .base import ListCommand


class PlainList(ListCommand):
    """Lists what ``items`` gives; keyword and paging work as in every list."""

    def items(self) -> list[Body]:
        """Everything the filters allow, in the order of the list."""
        raise AssertionError(self.name)

    def run(self) -> Answer:
        """See Command.run."""
        assert self.view is not None  # noqa: S101 - list commands declare their view
        size, offset = self.window()
        items = self.items()
        if self.keyword is not None:
            items = [item for item in items if self.keyword.lower() in str(item.get("name", "")).lower()]
        return Many(self.view.key, items[offset:offset + size], len(items))
