"""Tags: words that owners hang on objects."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from stratoform.jobs.queue import Order
from stratoform.model.base import Entity
from stratoform.model.kinds import KINDS, Kind, living
from stratoform.model.tags import ResourceTag

from .frame.base import EVERYONE, AsyncCommand
from .frame.kinds import kind_parameter, named
from .frame.owned import OwnedList
from .frame.params import ListOf, Text, refuse, shown
from .frame.scope import owned
from .frame.tags import Tags
from .views.common import TAG

MOST: Final = 50
"""Tags one object may have."""


class _OnObjects(AsyncCommand):
    """Changes what hangs on some objects. The objects themselves stay as they are, so nothing is locked."""

    resourcetype = kind_parameter("Kind of the objects.").required
    resourceids = ListOf(Text("Ids of the objects, separated by commas.")).required

    @property
    def kind(self) -> Kind:
        """What they are."""
        return KINDS[self.resourcetype]

    def objects(self) -> list[Any]:
        """The objects, after the access check.

        Raises:
            ApiError: BAD_PARAMETER.
        """
        if not self.resourceids:
            raise refuse("resourceids", "it must name at least one object")
        return named(self.context, self.kind, "resourceids", self.resourceids)

    def prepare(self) -> Entity:
        """See AsyncCommand.prepare."""
        subject: Entity = self.objects()[0]
        return subject

    def order(self, subject: Any) -> Order:  # noqa: ARG002 - the job resolves the objects again
        """See AsyncCommand.order."""
        return Order("command", {"subject": None})

    def describe(self, subject: Entity | None) -> str:  # noqa: ARG002 - all of them count
        """See Command.describe."""
        return f"{self.name} on {self.resourcetype} {', '.join(self.resourceids[:3])}" + (
            f" and {len(self.resourceids) - 3} more" if len(self.resourceids) > 3 else "")  # noqa: PLR2004 - a few


class CreateTags(_OnObjects, roles=EVERYONE, event="CREATE_TAGS", since="4.0.0"):
    """Hangs tags on objects."""

    tags = Tags("The tags: keys with values.", valued=True).required
    customer = Text("Free text kept with the tags, e.g. for whom they are.")

    def check(self) -> None:
        """See Command.check."""
        if not self.tags:
            raise refuse("tags", "it must have at least one key")
        for row, kept in zip(self.objects(), self._kept(), strict=True):
            twice = sorted(set(kept) & set(self.tags))
            if twice:
                raise refuse("tags", f"{self.kind.noun} {row.uuid} has a tag {shown(twice[0])} already; deleteTags "
                                     "removes it")
            if len(kept) + len(self.tags) > MOST:
                raise refuse("tags", f"{self.kind.noun} {row.uuid} has {len(kept)} of at most {MOST} tags")

    def run(self) -> None:
        """See Command.run."""
        self.check()
        for row in self.objects():
            account = getattr(row, "account_id", None)
            owner = (account, row.domain_id) if account else (self.caller.account_id, self.caller.domain_id)
            self.session.add_all(
                ResourceTag(resource_type=self.resourcetype, resource_uuid=row.uuid, key=key, value=value,
                            customer=self.customer, account_id=owner[0], domain_id=owner[1])
                for key, value in self.tags.items())

    def _kept(self) -> list[list[str]]:
        """The keys each object has, in the objects' order."""
        uuids = list(dict.fromkeys(self.resourceids))
        kept: dict[str, list[str]] = {uuid: [] for uuid in uuids}
        query = select(ResourceTag.resource_uuid, ResourceTag.key).where(ResourceTag.resource_uuid.in_(uuids))
        for uuid, key in self.session.execute(query):
            kept[uuid].append(key)
        return list(kept.values())


class DeleteTags(_OnObjects, roles=EVERYONE, event="DELETE_TAGS", since="4.0.0"):
    """Takes tags off objects: those named, or all."""

    tags = Tags("The tags: keys, with the value they must have if one is given; left out: all tags.")

    def check(self) -> None:
        """See Command.check."""
        for row in self.objects():
            for key, value in (self.tags or {}).items():
                if self.session.scalar(select(func.count(ResourceTag.id)).where(
                        ResourceTag.resource_uuid == row.uuid, self._is(key, value))) == 0:
                    raise refuse("tags", f"{self.kind.noun} {row.uuid} has no tag {shown(key)}"
                                         + (f" of value {shown(value)}" if value is not None else ""))

    def run(self) -> None:
        """See Command.run."""
        uuids = [row.uuid for row in self.objects()]
        which = [or_(*(self._is(key, value) for key, value in self.tags.items()))] if self.tags else []
        self.session.execute(delete(ResourceTag).where(
            ResourceTag.resource_uuid.in_(uuids), ResourceTag.resource_type == self.resourcetype, *which))

    @staticmethod
    def _is(key: str, value: str | None) -> ColumnElement[bool]:
        return and_(ResourceTag.key == key, *([ResourceTag.value == value] if value is not None else []))


class ListTags(OwnedList, roles=EVERYONE, view=TAG, since="4.0.0"):
    """Lists tags."""

    keyword_columns = (ResourceTag.key, ResourceTag.value)

    resourcetype = kind_parameter("Only tags of objects of this kind.")
    resourceid = Text("Only tags of this object.")
    key = Text("Only tags with this key.")
    value = Text("Only tags with this value.")
    customer = Text("Only tags with this customer.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [living(), *self._whose(), *self.matching({
            "resourcetype": ResourceTag.resource_type, "resourceid": ResourceTag.resource_uuid,
            "key": ResourceTag.key, "value": ResourceTag.value, "customer": ResourceTag.customer,
        })]

    def _whose(self) -> list[ColumnElement[bool]]:
        """Of one object, all its tags, if the caller may see them; else whose are asked for."""
        if self.resourceid is not None and not {"account", "domainid", "projectid"} & set(self.values):
            return [] if self.caller.is_root else [owned(ResourceTag, self.caller)]
        return self.owned_conditions(ResourceTag)

