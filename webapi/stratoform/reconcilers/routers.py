"""Routers: each is where and what the database says; hosts that came back are told again."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from stratoform.db.database import Database
from stratoform.model.network import Network, Router
from stratoform.model.topology import Host
from stratoform.sagas import router_repair

from .orders import order_once

BATCH = 100


class Routers:
    """Orders the repair of routers whose hosts were told less than the network's generation, or that moved."""

    def __init__(self, db: Database, wake: Callable[[], None]) -> None:
        self.db = db
        self.wake = wake

    def repair(self) -> str:
        """The reconciler's work. A network some job is working on is left to that job."""
        ordered = self.db.write(self._order)
        self.wake()
        return f"{ordered} routers to repair" if ordered else ""

    def _order(self, session: Session) -> int:
        here, before = aliased(Host), aliased(Host)
        behind = session.scalars(
            select(Network).join(Router, Router.network_id == Network.id).join(here, here.id == Router.host_id)
            .outerjoin(before, before.id == Router.previous_host_id)
            .where(
                Network.removed.is_(None), Router.removed.is_(None),
                or_((Router.applied < Network.generation) & (here.state == "Up"),
                    Router.previous_host_id.is_not(None) & or_(before.state == "Up", before.removed.is_not(None))),
            ).limit(BATCH)
        ).all()
        return sum(order_once(session, router_repair.order(n), n, "router repair") for n in behind)
