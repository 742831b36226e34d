"""Guest operating systems and their categories."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from stratoform.model.compute import GuestOs, GuestOsCategory

from .frame.base import EVERYONE, ListCommand
from .frame.params import Ref, Text
from .views.offerings import GUEST_OS, GUEST_OS_CATEGORY


class ListOsTypes(ListCommand, roles=EVERYONE, view=GUEST_OS):
    """Lists the guest operating systems that templates can declare."""

    keyword_columns = (GuestOs.name,)

    id = Ref(GuestOs, "Only this operating system.", noun="OS type")
    oscategoryid = Ref(GuestOsCategory, "Only those of this category.", noun="OS category")
    description_ = Text("Only the operating system of this name.", since="3.0.1")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        filters = {"id": GuestOs.id, "oscategoryid": GuestOs.category_id, "description": GuestOs.name}
        return [GuestOs.removed.is_(None), *self.matching(filters)]


class ListOsCategories(ListCommand, roles=EVERYONE, view=GUEST_OS_CATEGORY):
    """Lists the categories of guest operating systems."""

    keyword_columns = (GuestOsCategory.name,)

    id = Ref(GuestOsCategory, "Only this category.", noun="OS category")
    name_ = Text("Only the category of this name.", since="3.0.1")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        filters = {"id": GuestOsCategory.id, "name": GuestOsCategory.name}
        return [GuestOsCategory.removed.is_(None), *self.matching(filters)]
