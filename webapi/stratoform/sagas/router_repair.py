"""Bring a network's router in line with the database, wherever it should be and wherever it was."""

from __future__ import annotations

from stratoform.jobs.queue import Lock, Order
from stratoform.jobs.saga import Output, Saga, act
from stratoform.model.network import Network

from .services import Ctx, Services
from .steps_network import clear_previous_host, converge_router


def _leave(ctx: Ctx) -> Output:
    clear_previous_host(ctx, ctx.args["network_id"])
    return None


def _converge(ctx: Ctx) -> Output:
    converge_router(ctx, ctx.args["network_id"])
    return None


SAGA: Saga[Services] = Saga("router_repair", (
    act("leave", "Removing the router from the host it was on", _leave),
    act("converge", "Telling the router what it should be", _converge),
))


def order(network: Network) -> Order:
    """The job that repairs the network's router."""
    return Order(SAGA.name, {"network_id": network.id}, (Lock(f"network:{network.id}"),))
