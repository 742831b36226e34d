"""Tags that tie offerings to storage and hosts."""

from __future__ import annotations

from .params import ListOf, Text


class Tags(ListOf[str]):
    """Words separated by commas; the API calls the type a string. A value of blanks takes all away."""

    wire_type = "string"

    def __init__(self, doc: str) -> None:
        super().__init__(Text(doc, length=100), most=100)
