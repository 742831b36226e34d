"""Tags in commands: as a parameter, and as the filter that every list with ``tags`` has."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, select

from stratoform.model.base import Entity
from stratoform.model.kinds import kinds_of
from stratoform.model.tags import ResourceTag

from .params import Param, Value, refuse, shown

LONGEST = 255
"""Characters of a key, and of a value."""


class Tags(Param[dict[str, Any]]):
    """Keys with values: ``tags[0].key=a&tags[0].value=b``. The value may be left out where any will do."""

    wire_type = "map"

    def __init__(self, doc: str, *, since: str = "", valued: bool = False) -> None:
        super().__init__(doc, since=since)
        self.valued = valued

    def parse(self, value: Value) -> dict[str, Any]:
        """See Param.parse."""
        if isinstance(value, str):
            raise refuse(self.name, f"it is a map: {self.name}[0].key=...&{self.name}[0].value=...")
        pairs: dict[str, Any] = {}
        for entry in value:
            if "key" not in entry or not set(entry) <= {"key", "value"}:
                raise refuse(self.name, f"each entry has a key and a value: {self.name}[0].key=...&"
                                        f"{self.name}[0].value=...")
            key = self._word(entry["key"])
            if not key:
                raise refuse(self.name, "a key must not be empty")
            if key in pairs:
                raise refuse(self.name, f"the key {shown(key)} is given twice")
            if self.valued and "value" not in entry:
                raise refuse(self.name, f"the key {shown(key)} has no value")
            pairs[key] = self._word(entry["value"]) if "value" in entry else None
        return pairs

    def _word(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text).strip()
        if len(text) > LONGEST:
            raise refuse(self.name, f"keys and values may have at most {LONGEST} characters, one has {len(text)}")
        if any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
            raise refuse(self.name, "keys and values must not contain control characters or line breaks")
        return text


class TagFilter(Tags):
    """The filter of a list: objects that have all these tags. ListCommand applies it."""

    def conditions(self, entity: type[Entity], tags: dict[str, Any]) -> list[ColumnElement[bool]]:
        """What rows of the entity must meet to have the tags."""
        names = [kind.name for kind in kinds_of(entity)]
        return [entity.uuid.in_(select(ResourceTag.resource_uuid).where(
            ResourceTag.resource_type.in_(names), ResourceTag.key == key,
            *([ResourceTag.value == value] if value is not None else []))) for key, value in tags.items()]
