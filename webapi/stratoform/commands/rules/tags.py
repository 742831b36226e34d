"""Tags that tie offerings to storage, hosts and networks."""

from __future__ import annotations

from stratoform.commands.frame.params import ListOf, Text


class TagList(ListOf[str]):
    """At most 100 words of 100 characters, separated by commas. A value of blanks takes all away."""

    def __init__(self, doc: str) -> None:
        super().__init__(Text(doc, length=100), most=100)


class Tags(TagList):
    """The same, where the API calls the type a string."""

    wire_type = "string"
