"""Rules about the providers of a physical network."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.commands.frame.params import refuse
from stratoform.model.base import now
from stratoform.model.network import NetworkOffering, PhysicalNetwork
from stratoform.model.network_services import NetworkElement, NetworkProvider


def providers_of(session: Session, wire: PhysicalNetwork) -> list[NetworkProvider]:
    """The live providers of a physical network."""
    return list(session.scalars(select(NetworkProvider).where(
        NetworkProvider.physical_network_id == wire.id, NetworkProvider.removed.is_(None))))


def element_of(session: Session, provider: NetworkProvider) -> NetworkElement | None:
    """What the provider works by, if it was made."""
    return session.scalars(select(NetworkElement).where(
        NetworkElement.provider_id == provider.id, NetworkElement.removed.is_(None))).first()


def demand_provided(session: Session, wire: PhysicalNetwork, offering: NetworkOffering) -> None:
    """Refuses an offering some service of which nobody gives on the physical network now.

    Raises:
        ApiError: naming the service, the provider and what is wrong with it.
    """
    there = {provider.name: provider for provider in providers_of(session, wire)}
    for service, declared in offering.services.items():
        for name in declared["providers"]:
            for why in _lacks(there.get(name), name, service):
                raise refuse("networkofferingid", f"offering '{offering.name}' has the service {service}, but on "
                                                  f"physical network '{wire.name}' {why}")


def _lacks(provider: NetworkProvider | None, name: str, service: str) -> Iterable[str]:
    if provider is None:
        yield f"there is no provider {name}; add it with addNetworkServiceProvider"
    elif provider.state != "Enabled":
        yield f"provider {name} is {provider.state}; enable it with updateNetworkServiceProvider"
    elif service not in provider.services:
        yield f"provider {name} gives {', '.join(provider.services)} only; change it with updateNetworkServiceProvider"


def remove_provider(session: Session, provider: NetworkProvider) -> None:
    """Removes a provider with its element."""
    element = element_of(session, provider)
    if element is not None:
        element.removed = now()
    provider.removed = now()


def remove_providers(session: Session, wire: PhysicalNetwork) -> None:
    """Removes all providers of a physical network that goes."""
    for provider in providers_of(session, wire):
        remove_provider(session, provider)
