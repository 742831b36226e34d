"""Details: key-value pairs that administrators put on objects; some of them are instructions to the cloud."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratoform.jobs.queue import Order
from stratoform.model.kinds import KINDS

from .frame.answer import Body
from .frame.base import EVERYONE, ROOT_ONLY, AsyncCommand, Command
from .frame.kinds import kind_parameter, named
from .frame.owned import OwnedList
from .frame.params import Bool, Details, Text, refuse, shown
from .frame.plain import PlainList
from .views.common import TAG

MOST = 100
"""Details one object may have."""


class _Detailed(Command):
    """What the commands of this file share: the object."""

    resourcetype = kind_parameter("Kind of the object.", details=True).required
    resourceid = Text("Id of the object.").required

    def the_object(self, *, change: bool = True) -> Any:
        """The object, after the access check.

        Raises:
            ApiError: BAD_PARAMETER.
        """
        kind = KINDS[self.resourcetype]
        return named(self.context, kind, "resourceid", [self.resourceid], change=change)[0]


class _Change(_Detailed, AsyncCommand):
    """Changes an object's details. Nothing is locked: no job works on them."""

    def check(self) -> None:
        """See Command.check."""
        self.the_object()

    def prepare(self) -> Any:
        """See AsyncCommand.prepare."""
        return self.the_object()

    def order(self, subject: Any) -> Order:  # noqa: ARG002 - the job resolves the object again
        """See AsyncCommand.order."""
        return Order("command", {"subject": None})

    def describe(self, subject: Any) -> str:  # noqa: ARG002 - the parameters say it
        """See Command.describe."""
        return f"{self.name} on {self.resourcetype} {self.resourceid}"


class AddResourceDetail(_Change, roles=ROOT_ONLY, event="CREATE_RESOURCE_DETAILS"):
    """Puts details on an object; those it has under the same keys are replaced."""

    details = Details("The details.").required

    def check(self) -> None:
        """See Command.check."""
        row = self.the_object()
        if not self.details:
            raise refuse("details", "it must have at least one key")
        if len({**(row.details or {}), **self.details}) > MOST:
            raise refuse("details", f"an object may have at most {MOST} details")

    def run(self) -> None:
        """See Command.run."""
        self.check()
        row = self.the_object()
        row.details = {**(row.details or {}), **self.details}


class RemoveResourceDetail(_Change, roles=ROOT_ONLY, event="DELETE_RESOURCE_DETAILS"):
    """Takes one detail off an object, or all."""

    key = Text("Key of the detail; left out: all of them go.")

    def check(self) -> None:
        """See Command.check."""
        row = self.the_object()
        if self.key is not None and self.key not in (row.details or {}):
            raise refuse("key", f"the object has no detail {shown(self.key)}")

    def run(self) -> None:
        """See Command.run."""
        self.check()
        row = self.the_object()
        row.details = {key: value for key, value in (row.details or {}).items() if self.key not in {None, key}}


class ListResourceDetails(_Detailed, OwnedList, PlainList, roles=EVERYONE, view=TAG, since="4.2"):
    """Lists the details of one object."""

    key = Text("Only the detail of this key.")
    value = Text("Only details with this value.", since="4.4", admin=True)
    fordisplay = Bool("True: only details that users see; false: only others. Users see all there are.", since="4.3")

    def items(self) -> list[Body]:
        """See PlainList.items."""
        row = self.the_object(change=False)
        if self.fordisplay is False or not self._of_owner(row):
            return []
        return [
            {"key": key, "value": str(value), "resourcetype": self.resourcetype, "resourceid": row.uuid}
            for key, value in sorted((row.details or {}).items())
            if self.key in {None, key} and self.value in {None, str(value)}
        ]

    def _of_owner(self, row: Any) -> bool:
        """Whether the object is that of the account, domain or project asked for."""
        kind: Any = type(row)
        if not {"account", "domainid", "projectid"} & set(self.values):
            return True
        if not hasattr(kind, "account_id"):
            return False
        return self.session.scalar(
            select(kind.id).where(kind.id == row.id, *self.owned_conditions(kind))) is not None

    def run(self) -> Any:
        """See Command.run."""
        return PlainList.run(self)
