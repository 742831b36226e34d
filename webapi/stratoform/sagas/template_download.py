"""Fetch a registered template into secondary storage and check it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.alerts import AlertType, raise_alert
from stratoform.model.limits import Resource
from stratoform.model.quota import demand
from stratoform.model.records import note
from stratoform.model.storage import TEMPLATE_STATES, ImageStore, Template
from stratoform.model.tenancy import Account
from stratoform.nodes.catalogue import TRANSFER

from .services import Ctx, Services, act_on, management

GIB = 2**30


def _choose_store(ctx: Ctx, session: Session) -> Output:
    """The store of the template's zone with most room."""
    template = session.get_one(Template, ctx.args["template_id"])
    if template.image_store_id is None:
        in_zone = ImageStore.zone_id.is_not(None) if template.zone_id is None else or_(
            ImageStore.zone_id == template.zone_id, ImageStore.zone_id.is_(None))
        store = session.scalar(
            select(ImageStore).where(ImageStore.removed.is_(None), ImageStore.state == "Up", in_zone)
            .order_by((ImageStore.capacity - ImageStore.used).desc(), ImageStore.id).limit(1)
        )
        if store is None:
            raise ApiError(Fault.RESOURCE_UNAVAILABLE,
                           "The zone has no secondary storage: add one with addImageStore, then register again")
        template.image_store_id = store.id
        template.path = f"template/{template.account_id}/{template.uuid}.{template.format.lower()}"
        note(session, "TEMPLATE.DOWNLOAD.START", f"Fetching template {template.name}", subject=template)
    template.status = "0% Downloaded"
    return None


def _undo_choose(ctx: Ctx, session: Session) -> None:
    template = session.get_one(Template, ctx.args["template_id"])
    template.image_store_id, template.path = None, None


def image_args(ctx: Ctx, state: str) -> tuple[Template, ImageStore | None, dict[str, Any]]:
    """Arguments of the operation ``image`` for the saga's template."""
    with ctx.services.db.read() as session:
        template = session.get_one(Template, ctx.args["template_id"])
        store = session.get(ImageStore, template.image_store_id or 0)
        most = ctx.services.settings.whole(session, "max.template.iso.size") * GIB
    return template, store, {
        "store_url": store.url if store is not None else "", "path": template.path or "", "url": template.url,
        "checksum": template.checksum, "format": template.format, "max_bytes": most, "timeout_s": TRANSFER - 60,
        "state": state,
    }


def _fetch(ctx: Ctx) -> Output:
    _, store, args = image_args(ctx, "present")
    assert store is not None  # noqa: S101 - chosen in the step before
    return dict(act_on(ctx, management(ctx.services, store.url), "image", args))


def _discard(ctx: Ctx) -> None:
    _, store, args = image_args(ctx, "absent")
    if store is not None:
        act_on(ctx, management(ctx.services, store.url), "image", args)


def _ready(ctx: Ctx, session: Session) -> Output:
    template, facts = session.get_one(Template, ctx.args["template_id"]), ctx.out["fetch"]
    owner = session.get_one(Account, template.account_id)
    demand(session, owner, {Resource.SECONDARY_STORAGE: int(facts["physical_size_bytes"])})
    TEMPLATE_STATES.move(
        session, template, "arrive", size=int(facts["virtual_size_bytes"]), status="Download Complete",
        physical_size=int(facts["physical_size_bytes"]), stored_checksum=facts.get("checksum"),
    )
    note(session, "TEMPLATE.DOWNLOAD.SUCCESS", f"Fetched template {template.name}", subject=template)
    return None


def _failed(session: Session, args: Mapping[str, Any], why: str) -> None:
    """The template's own status says what went wrong, and so do an event and an alert."""
    template = session.get_one(Template, args["template_id"])
    TEMPLATE_STATES.move(session, template, "fail", status=why[:1000])
    text = f"Template {template.name} could not be fetched: {why}"
    note(session, "TEMPLATE.DOWNLOAD.FAILED", text, level="ERROR", subject=template)
    raise_alert(session, AlertType.STORAGE_MISC, text, name="Template download failed", zone_id=template.zone_id)


SAGA: Saga[Services] = Saga("template_download", (
    db("store", "Choosing secondary storage", _choose_store, _undo_choose),
    act("fetch", "Downloading and checking the image", _fetch, _discard),
    db("ready", "Recording that it is ready", _ready),
), _failed)


def order(template: Template) -> Order:
    """The job that fetches a registered template (state Downloading)."""
    return Order(SAGA.name, {"template_id": template.id}, (Lock(f"template:{template.id}"),))
