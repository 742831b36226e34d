"""Regions: this cloud and the clouds beside it, which users choose between."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, select

from stratoform.errors import ApiError, Fault
from stratoform.model.regions import HERE, Region

from .frame.base import EVERYONE, ROOT_ONLY, Command, ListCommand
from .frame.params import Int, Text, refuse, shown
from .views.records import REGION


class Endpoint(Text):
    """Where a cloud's API answers, e.g. ``https://cloud.example.org/client/``."""

    def read(self, text: str) -> str:
        """See Param.read."""
        text = super().read(text)
        try:
            url = urlsplit(text)
            fine = url.scheme in {"http", "https"} and re.fullmatch(r"[0-9A-Za-z.:\[\]-]+", url.netloc) and url.hostname
        except ValueError:
            fine = None
        if not fine or re.search(r"[\s<>\"'`{}|\\^]", text):
            raise refuse(self.name, f"{shown(text)} is no URL, e.g. https://cloud.example.org/client/")
        return text


class _Changes(Command):
    """What the commands that change regions share."""

    def the_region(self, number: int) -> Region:
        """The region of that id.

        Raises:
            ApiError: there is none.
        """
        region = self.session.get(Region, number)
        if region is None:
            raise refuse("id", f"there is no region {number}; listRegions lists all")
        return region

    def demand_free(self, name: str, but: int = 0) -> None:
        """Refuses a name that another region has."""
        other = self.session.scalar(select(Region.id).where(Region.name == name, Region.id != but))
        if other is not None:
            raise refuse("name", f"region {other} is called {shown(name)} already")


class AddRegion(_Changes, roles=ROOT_ONLY, event="REGION.CREATE", view=REGION):
    """Tells this cloud of another one. The other has to be told of this one, too."""

    id = Int("Its number; the same in every region.", least=1).required
    name_ = Text("Its name.").required
    endpoint = Endpoint("Where its API answers, e.g. https://east.example.org/client/.").required

    def check(self) -> None:
        """See Command.check."""
        if self.session.get(Region, self.id) is not None:
            raise refuse("id", f"there is a region {self.id} already; updateRegion changes it")
        self.demand_free(self.name_)

    def run(self) -> Region:
        """See Command.run."""
        region = Region(id=self.id, name=self.name_, endpoint=self.endpoint)
        self.session.add(region)
        return region


class UpdateRegion(_Changes, roles=ROOT_ONLY, event="REGION.UPDATE", view=REGION):
    """Changes the name or endpoint of a region."""

    id = Int("Its number.", least=1).required
    name_ = Text("New name.")
    endpoint = Endpoint("New endpoint.")

    def check(self) -> None:
        """See Command.check."""
        self.the_region(self.id)
        if self.name_ is not None:
            self.demand_free(self.name_, but=self.id)

    def run(self) -> Region:
        """See Command.run."""
        region = self.the_region(self.id)
        self.assign(region, {"name": "name", "endpoint": "endpoint"})
        return region


class RemoveRegion(_Changes, roles=ROOT_ONLY, event="REGION.DELETE"):
    """Forgets another cloud. Nothing of that cloud is changed."""

    id = Int("Its number.", least=1).required

    def check(self) -> None:
        """See Command.check."""
        self.the_region(self.id)
        if self.id == HERE:
            raise ApiError(Fault.IN_USE, f"Invalid parameter id: region {HERE} is this cloud itself; updateRegion "
                                         "changes its name and endpoint")

    def run(self) -> None:
        """See Command.run."""
        self.session.delete(self.the_region(self.id))


class ListRegions(ListCommand, roles=EVERYONE, view=REGION):
    """Lists regions."""

    keyword_columns = (Region.name,)

    id = Int("Only the region of this number.", least=0)
    name_ = Text("Only the region of this name.")

    def conditions(self) -> list[ColumnElement[Any]]:
        """See ListCommand.conditions."""
        return self.matching({"id": Region.id, "name": Region.name})
