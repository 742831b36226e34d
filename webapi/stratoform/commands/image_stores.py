"""Image stores: secondary storage."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy import ColumnElement

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Order
from stratoform.model.storage import ImageStore, Template
from stratoform.model.topology import Zone
from stratoform.sagas import store_add, store_remove

from .frame.base import ROOT_ONLY, ListCommand, WaitingCommand
from .frame.params import Choice, Details, Ref, Text, refuse, shown
from .rules.places import demand_free_name
from .rules.storage_urls import place_of
from .views.storage import IMAGE_STORE, SECONDARY_STORAGE

PROVIDERS: Final = ("NFS", "Directory", "Simulator")

_SERVES: Final = {"nfs": ("NFS",), "file": ("Directory", "NFS"), "sim": ("Simulator", "NFS")}
"""URL scheme to the providers it may be declared with, the usual one first.

NFS goes with all: a directory may be an export someone mounted, and a simulated store stands for one.
"""

_SCHEMES: Final = {"nfs": "nfs://host/export", "file": "file:///directory", "sim": "sim://host/path"}


class _AddStore(WaitingCommand):
    """What both commands that add a store do."""

    def recorded(self, url: str, zone: Zone | None, provider: str | None, name: str | None) -> ImageStore:
        """The checked record of a new store.

        Raises:
            ApiError: url, zone, provider and name do not go together, or the store is known already.
        """
        place = place_of("url", url, _SCHEMES)
        if place.scheme == "file" and place.host not in {"", "localhost"}:
            raise refuse("url", f"{shown(url)} names a host; a directory is one of the management machine's own")
        if place.scheme != "file" and not place.host:
            raise refuse("url", f"{shown(url)} names no server")
        if place.scheme == "file":
            place = replace(place, host="")
        allowed = _SERVES[place.scheme]
        kind = provider or allowed[0]
        if kind not in allowed:
            raise refuse("provider", f"{kind} does not serve {place.scheme}:// URLs; {' or '.join(allowed)} does")
        if zone is None:
            raise refuse("zoneid", f"a store of provider {kind} serves one zone; name it")
        twin = self.context.live(ImageStore, ImageStore.url == place.url)
        if twin is not None:
            raise ApiError(Fault.BAD_PARAMETER, f"Invalid parameter url: image store '{twin.name}' is there already",
                           [(twin.__tablename__, twin.uuid)])
        demand_free_name(self.session, "name", name or place.url, ImageStore)
        store = ImageStore(name=name or place.url, url=place.url, protocol=place.scheme, provider=kind, zone_id=zone.id)
        self.session.add(store)
        return store

    def order(self, subject: ImageStore) -> Order:
        """See AsyncCommand.order."""
        return store_add.order(subject)


class AddImageStore(_AddStore, roles=ROOT_ONLY, view=IMAGE_STORE, since="4.2.0"):
    """Adds an image store, where templates are kept before they reach primary storage."""

    name_ = Text("Name of the store; unique in the cloud (default: its URL).")
    url = Text("Where it is: nfs://host/export, file:///directory of the management machine, or sim://host/path.")
    zoneid = Ref(Zone, "The zone it serves.")
    provider = Choice("What kind of store it is.", PROVIDERS).required
    details = Details("Settings of providers that need credentials; none of those here does.")

    def check(self) -> None:
        """See Command.check."""
        if self.url is None:
            raise refuse("url", f"provider {self.provider} needs it")
        if self.details:
            raise refuse("details", f"provider {self.provider} has no such settings: {', '.join(sorted(self.details))}")

    def prepare(self) -> ImageStore:
        """See AsyncCommand.prepare."""
        return self.recorded(self.url or "", self.zoneid, self.provider, self.name_)


class AddSecondaryStorage(_AddStore, roles=ROOT_ONLY, view=SECONDARY_STORAGE):
    """Adds an image store; the older form of addImageStore."""

    url = Text(
        "Where it is: nfs://host/export, file:///directory of the management machine, or sim://host/path.").required
    zoneid = Ref(Zone, "The zone it serves.")

    def prepare(self) -> ImageStore:
        """See AsyncCommand.prepare."""
        return self.recorded(self.url, self.zoneid, None, None)


class ListImageStores(ListCommand, roles=ROOT_ONLY, view=IMAGE_STORE, since="4.2.0"):
    """Lists image stores."""

    keyword_columns = (ImageStore.name, ImageStore.provider)

    name_ = Text("Only the store of this name.")
    protocol = Text("Only stores reached this way, e.g. nfs.")
    provider = Text("Only stores of this provider.")
    zoneid = Ref(Zone, "Only stores of this zone.")
    id = Ref(ImageStore, "Only this store.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [ImageStore.removed.is_(None), *self.matching({
            "name": ImageStore.name, "protocol": ImageStore.protocol, "provider": ImageStore.provider,
            "zoneid": ImageStore.zone_id, "id": ImageStore.id,
        })]


class DeleteImageStore(WaitingCommand, roles=ROOT_ONLY, since="4.2.0"):
    """Removes an image store that holds no template; its files stay where they are."""

    id = Ref(ImageStore, "The store.").required

    def check(self) -> None:
        """See Command.check."""
        self.refuse_while_used(self.id, (Template, Template.image_store_id))

    def prepare(self) -> ImageStore:
        """See AsyncCommand.prepare."""
        return self.id

    def order(self, subject: ImageStore) -> Order:
        """See AsyncCommand.order."""
        return store_remove.order(subject)
