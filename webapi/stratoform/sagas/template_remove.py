"""Delete a template: its image now, its copies on pools when no disk starts from them any more."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act, db
from stratoform.model.base import now
from stratoform.model.storage import TEMPLATE_STATES, StoragePool, Template, TemplateCopy, Volume

from .pool_hosts import one_host
from .services import Ctx, Services, act_on, management, target_of
from .steps_vm import copy_name
from .template_download import image_args


def _delete_image(ctx: Ctx) -> Output:
    template, store, args = image_args(ctx, "absent")
    if store is not None and template.path:
        act_on(ctx, management(ctx.services, store.url), "image", args)
    return None


def _delete_copies(ctx: Ctx) -> Output:
    """Deletes the copies no disk uses; a reconciler sees to the others later."""
    with ctx.services.db.read() as session:
        template = session.get_one(Template, ctx.args["template_id"])
        unused = list(session.scalars(select(TemplateCopy).where(
            TemplateCopy.template_id == template.id, ~in_use())))
    for copy in unused:
        with ctx.services.db.read() as session:
            pool = session.get_one(StoragePool, copy.pool_id)
            target = target_of(one_host(session, pool), ctx.services.vault)
        act_on(ctx, target, "template", {
            "pool_uuid": pool.uuid, "name": copy_name(template), "checksum": None, "source": {}, "state": "absent"})

        def gone(session: Session, copy_id: int = copy.id) -> None:
            row = session.get(TemplateCopy, copy_id)
            if row is not None:
                session.delete(row)

        ctx.services.db.write(gone)
    return None


def in_use() -> ColumnElement[bool]:
    """The condition that some disk on the copy's pool starts from it."""
    return (
        select(Volume.id)
        .where(Volume.template_id == TemplateCopy.template_id, Volume.pool_id == TemplateCopy.pool_id,
               Volume.removed.is_(None))
        .exists()
    )


def _forget(ctx: Ctx, session: Session) -> Output:
    template = session.get_one(Template, ctx.args["template_id"])
    TEMPLATE_STATES.move(session, template, "delete", removed=template.removed or now())
    return None


SAGA: Saga[Services] = Saga("template_remove", (
    act("image", "Deleting the image from secondary storage", _delete_image),
    act("copies", "Deleting unused copies from primary storage", _delete_copies),
    db("forget", "Forgetting the template", _forget),
))
COPIES: Saga[Services] = Saga("template_copies", (act("copies", "Deleting unused copies", _delete_copies),))


def order(template: Template) -> Order:
    """The job that deletes a template."""
    return Order(SAGA.name, {"template_id": template.id}, (Lock(f"template:{template.id}"),))


def copies_order(template: Template) -> Order:
    """The job that deletes a deleted template's copies that are no longer used."""
    return Order(COPIES.name, {"template_id": template.id}, (Lock(f"template:{template.id}"),))
