"""What lists of zones, pods and clusters have in common: ``showcapacities``."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import select

from stratoform.commands.frame.answer import Answer, Many
from stratoform.commands.frame.base import ListCommand
from stratoform.commands.frame.params import Bool
from stratoform.commands.views.capacity import capacities_of


class CapacityList(ListCommand):
    """A list of places that can show what they hold; it costs a fixed number of further queries."""

    place: ClassVar[type[Any]]

    showcapacities = Bool("True: with the capacities of each; false or left out: without.")

    def run(self) -> Answer:
        """See Command.run."""
        answer = super().run()
        if not self.showcapacities or not isinstance(answer, Many):
            return answer
        uuids = [item["id"] for item in answer.items]
        rows = self.session.execute(select(self.place.uuid, self.place.id).where(self.place.uuid.in_(uuids)))
        ids: dict[str, int] = {uuid: id_ for uuid, id_ in rows}  # noqa: C416 - rows are no tuples to the type checker
        found = capacities_of(self.session, self.place, list(ids.values()))
        items = [{**item, "capacity": found[ids[item["id"]]]} for item in answer.items]
        return Many(answer.key, items, answer.count)
