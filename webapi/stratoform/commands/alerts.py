"""Alerts: what operators must know of."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, delete, update

from stratoform.jobs.queue import Order
from stratoform.model.alerts import Alert, AlertType, raise_alert
from stratoform.model.topology import Pod, Zone

from .frame.base import OPERATORS, ROOT_ONLY, AsyncCommand, ListCommand
from .frame.params import ListOf, Param, Ref, Text, refuse, shown
from .rules.periods import Chosen
from .views.records import ALERT

_NUMBERS: Final = {str(int(kind)): kind for kind in AlertType}


class AlertKind(Param[int]):
    """A type of alert: its number, or its name in any case."""

    def read(self, text: str) -> int:
        """See Param.read."""
        kind = _NUMBERS.get(text.strip()) or AlertType.__members__.get(text.strip().upper())
        if kind is None and text.strip() != "0":
            raise refuse(self.name, f"{shown(text)} is no type of alert; they are 0 (MEMORY) to {max(AlertType)} "
                                    f"({max(AlertType).name})")
        return int(kind or 0)


class AlertNumber(AlertKind):
    """The same, where the API calls it a number."""

    wire_type = "short"


class ListAlerts(ListCommand, roles=OPERATORS, view=ALERT):
    """Lists alerts, newest first."""

    keyword_columns = (Alert.name, Alert.description)

    id = Ref(Alert, "Only this alert.")
    type = AlertKind("Only alerts of this type, e.g. 6 or HOST.")
    name_ = Text("Only alerts of this name.", since="4.3")

    def order(self) -> tuple[Any, ...]:
        """See ListCommand.order."""
        return (Alert.id.desc(),)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [Alert.removed.is_(None), Alert.archived.is_(False),
                *self.matching({"id": Alert.id, "type": Alert.type, "name": Alert.name})]


class _Chosen(Chosen):
    """Alerts."""

    entity = Alert
    ids = ListOf(Ref(Alert, "These alerts."))
    type = AlertKind("Alerts of this type, e.g. 6 or HOST.")


class ArchiveAlerts(_Chosen, roles=ROOT_ONLY):
    """Puts alerts away: lists do not show them any more."""

    def run(self) -> None:
        """See Command.run."""
        self.session.execute(update(Alert).where(*self.chosen()).values(archived=True))


class DeleteAlerts(_Chosen, roles=ROOT_ONLY):
    """Deletes alerts for good. What is still wrong raises a new one."""

    def run(self) -> None:
        """See Command.run."""
        self.session.execute(delete(Alert).where(*self.chosen()))


class GenerateAlert(AsyncCommand, roles=ROOT_ONLY, event="ALERT.GENERATE", since="4.3"):
    """Raises an alert by hand, as a program that watches something of its own does."""

    type = AlertNumber("What it is about, e.g. 6 or HOST.").required
    name_ = Text("Its name.").required
    description_ = Text("What is wrong, in words.", length=999).required
    zoneid = Ref(Zone, "The zone it is about.")
    podid = Ref(Pod, "The pod it is about.")

    def prepare(self) -> None:
        """See AsyncCommand.prepare."""

    def order(self, subject: Any) -> Order:  # noqa: ARG002 - it is about no object
        """See AsyncCommand.order."""
        return Order("command", {"subject": None})

    def run(self) -> None:
        """See Command.run."""
        raise_alert(self.session, AlertType(self.type), self.description_, name=self.name_,
                    zone_id=self.zoneid.id if self.zoneid else None, pod_id=self.podid.id if self.podid else None)
