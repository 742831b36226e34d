"""Bring a network's router up anew."""

from __future__ import annotations

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act
from stratoform.model.network import Network
from stratoform.model.topology import Host

from .services import Ctx, Services, act_on, target_of
from .steps_network import absent, clear_previous_host, converge_router, router_of


def _take_down(ctx: Ctx) -> Output:
    """With ``cleanup``: nothing of the router stays on its host, so that the next step makes all of it again."""
    clear_previous_host(ctx, ctx.args["network_id"])
    if not ctx.args["cleanup"]:
        return None
    with ctx.services.db.read() as session:
        router = router_of(session, ctx.args["network_id"])
        host = session.get(Host, router.host_id) if router is not None else None
    if router is not None and host is not None and host.state == "Up":
        act_on(ctx, target_of(host, ctx.services.vault), "router", absent(router))
        # Should the next step fail, the routers' reconciler sees that its host knows nothing of it.
        ctx.services.db.write(lambda session: setattr(session.get_one(type(router), router.id), "applied", -1))
    return None


def _converge(ctx: Ctx) -> Output:
    converge_router(ctx, ctx.args["network_id"])
    return None


SAGA: Saga[Services] = Saga("network_restart", (
    act("clean up", "Taking the network's router down", _take_down),
    act("converge", "Making the router what it should be", _converge),
))


def order(network: Network, *, cleanup: bool) -> Order:
    """The job that restarts the network."""
    return Order(SAGA.name, {"network_id": network.id, "cleanup": cleanup}, (Lock(f"network:{network.id}"),))
