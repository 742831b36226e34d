"""Providers of network services on physical networks, and the elements they work by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Lock
from stratoform.model.network import Network, NetworkOffering, PhysicalNetwork
from stratoform.model.network_services import DELIVERED, ELEMENTS, NetworkElement, NetworkProvider

from .frame.answer import Body
from .frame.base import ADMINS, ROOT_ONLY, AsyncCommand, ListCommand, lock
from .frame.params import Bool, Choice, ListOf, Ref, Text, refuse
from .frame.plain import PlainList
from .network_offerings import CAPABILITIES, PROVIDERS, SERVICES
from .rules.places import asked, not_yet, take_turn
from .rules.providers import element_of, remove_provider
from .traffic_types import TYPES
from .views.network_services import NETWORK_PROVIDER, NETWORK_SERVICE, TRAFFIC_IMPLEMENTOR, VIRTUAL_ROUTER_ELEMENT

STATES = ("Enabled", "Disabled")
NOUN = "network service provider"
CARRIERS = {"Guest": "bridge"}
"""Kind of traffic to the operation that carries it; hosts see to the other kinds themselves."""


def services_asked(provider: str, wanted: list[str] | None) -> list[str]:
    """The services a provider shall give: those asked for, or all it can give, in the order of the API.

    Raises:
        ApiError: the provider does not give one of them.
    """
    given = DELIVERED[provider]
    for service in wanted or ():
        if service not in given:
            raise refuse("servicelist", f"{provider} gives {', '.join(given)} in this installation, not {service}")
    return [service for service in given if not wanted or service in wanted]


class AddNetworkServiceProvider(
    AsyncCommand, roles=ROOT_ONLY, event="SERVICE.PROVIDER.CREATE", view=NETWORK_PROVIDER, since="3.0.0",
):
    """Adds a provider of network services to a physical network. It begins Disabled."""

    creates = True

    physicalnetworkid = Ref(PhysicalNetwork, "The physical network; the only one there is, unless given.")
    name_ = Choice("Name of the provider.", PROVIDERS).required
    servicelist = ListOf(Choice("Services it shall give (default: all it can).", SERVICES))
    destinationphysicalnetworkid = Ref(PhysicalNetwork, "Physical network it bridges to.")

    def check(self) -> None:
        """See Command.check."""
        wire = self._wire()
        take_turn(self.session, wire.zone_id)
        if self.name_ not in DELIVERED:
            raise refuse("name", not_yet(f"provider {self.name_}") + f"; there is {', '.join(DELIVERED)}")
        if self.destinationphysicalnetworkid is not None:
            raise refuse("destinationphysicalnetworkid", not_yet("a provider that bridges physical networks"))
        twin = self.context.live(NetworkProvider, NetworkProvider.physical_network_id == wire.id,
                                 NetworkProvider.name == self.name_)
        if twin is not None:
            raise refuse("name", f"physical network '{wire.name}' has provider {self.name_} already")
        services_asked(self.name_, self.servicelist)

    def prepare(self) -> NetworkProvider:
        """See AsyncCommand.prepare."""
        provider = NetworkProvider(physical_network_id=self._wire().id, name=self.name_, state="Disabled",
                                   services=services_asked(self.name_, self.servicelist))
        self.session.add(provider)
        return provider

    def run(self) -> None:
        """See Command.run. All is done when the record is made."""

    def _wire(self) -> PhysicalNetwork:
        if self.physicalnetworkid is not None:
            return self.physicalnetworkid
        wires = self.context.all(PhysicalNetwork)
        if len(wires) != 1:
            raise refuse("physicalnetworkid", f"say which; there are {len(wires)}")
        return wires[0]


class ListNetworkServiceProviders(ListCommand, roles=ROOT_ONLY, view=NETWORK_PROVIDER, since="3.0.0"):
    """Lists the providers of network services of physical networks."""

    keyword_columns = (NetworkProvider.name,)

    physicalnetworkid = Ref(PhysicalNetwork, "Only providers of this physical network.")
    name_ = Text("Only providers of this name.")
    state = Choice("Only providers in this state.", STATES)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [NetworkProvider.removed.is_(None), *asked(
            (self.physicalnetworkid, NetworkProvider.physical_network_id), (self.name_, NetworkProvider.name),
            (self.state, NetworkProvider.state),
        )]


class UpdateNetworkServiceProvider(
    AsyncCommand, roles=ROOT_ONLY, event="SERVICE.PROVIDER.UPDATE", view=NETWORK_PROVIDER, since="3.0.0",
):
    """Changes what new networks of a physical network get of a provider; existing ones keep what they have."""

    id = Ref(NetworkProvider, "The provider.", noun=NOUN).required
    state = Choice("Enabled, or Disabled: new networks get nothing of it.", STATES)
    servicelist = ListOf(Choice("Services it shall give; they replace those it gives.", SERVICES))

    def check(self) -> None:
        """See Command.check."""
        if self.servicelist is not None:
            services_asked(self.id.name, self.servicelist)
        if self.state == "Enabled" and self.id.name in ELEMENTS:
            element = element_of(self.session, self.id)
            if element is None or not element.enabled:
                way = "enable it with configureVirtualRouterElement" if element else (
                    "make it with createVirtualRouterElement")
                raise refuse("state", f"provider {self.id.name} has no enabled element; {way} first")

    def prepare(self) -> NetworkProvider:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self.assign(self.id, {"state": "state"})
        if self.servicelist is not None:
            self.id.services = services_asked(self.id.name, self.servicelist)


class DeleteNetworkServiceProvider(
    AsyncCommand, roles=ROOT_ONLY, event="SERVICE.PROVIDER.DELETE", since="3.0.0",
):
    """Deletes a provider no network of its physical network gets a service of."""

    id = Ref(NetworkProvider, "The provider.", noun=NOUN).required

    def check(self) -> None:
        """See Command.check."""
        wire = self.id.physical_network_id
        for network in self.context.all(Network, Network.physical_network_id == wire):
            services = self.session.get_one(NetworkOffering, network.offering_id).services
            used = [name for name, declared in services.items() if self.id.name in declared["providers"]]
            if used:
                raise ApiError(Fault.IN_USE, f"Unable to execute {self.name}: network '{network.name}' gets "
                                             f"{', '.join(used)} of provider {self.id.name}",
                               [("network", network.uuid)])

    def prepare(self) -> NetworkProvider:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self.check()  # again, under the lock
        remove_provider(self.session, self.id)


class CreateVirtualRouterElement(
    AsyncCommand, roles=ADMINS, event="SERVICE.PROVIDER.CREATE", view=VIRTUAL_ROUTER_ELEMENT,
):
    """Makes the element a provider of virtual routers works by. It begins disabled."""

    creates = True

    nspid = Ref(NetworkProvider, "The provider.", noun=NOUN).required
    providertype = Choice("Kind of the element (default: its provider's).", ELEMENTS)

    def check(self) -> None:
        """See Command.check."""
        if self.providertype not in {None, self.nspid.name}:
            raise refuse("providertype", f"the provider is {self.nspid.name}")
        if element_of(self.session, self.nspid) is not None:
            raise refuse("nspid", f"provider {self.nspid.name} has its element already")

    def prepare(self) -> NetworkElement:
        """See AsyncCommand.prepare."""
        element = NetworkElement(provider_id=self.nspid.id, type=self.nspid.name)
        self.session.add(element)
        return element

    def run(self) -> None:
        """See Command.run. All is done when the record is made."""


class ListVirtualRouterElements(ListCommand, roles=ADMINS, view=VIRTUAL_ROUTER_ELEMENT):
    """Lists the elements that providers of virtual routers work by."""

    keyword_columns = (NetworkElement.type,)

    id = Ref(NetworkElement, "Only this element.", noun="virtual router element")
    nspid = Ref(NetworkProvider, "Only elements of this provider.", noun=NOUN)
    enabled = Bool("True: only enabled ones; false: only others.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [NetworkElement.removed.is_(None), *asked(
            (self.id, NetworkElement.id), (self.nspid, NetworkElement.provider_id),
            (self.enabled, NetworkElement.enabled),
        )]


class ConfigureVirtualRouterElement(
    AsyncCommand, roles=ADMINS, event="NETWORK.ELEMENT.CONFIGURE", view=VIRTUAL_ROUTER_ELEMENT,
):
    """Enables or disables an element. Without it its provider is Disabled."""

    id = Ref(NetworkElement, "The element.", noun="virtual router element").required
    enabled = Bool("True: its provider can be enabled; false: its provider becomes Disabled.").required

    def prepare(self) -> NetworkElement:
        """See AsyncCommand.prepare."""
        return self.id

    def locks(self, subject: Any) -> tuple[Lock, ...]:
        """See AsyncCommand.locks. The provider changes with it."""
        return lock(subject), Lock(f"{NetworkProvider.__tablename__}:{subject.provider_id}")

    def run(self) -> None:
        """See Command.run."""
        self.id.enabled = self.enabled
        if not self.enabled:
            self.session.get_one(NetworkProvider, self.id.provider_id).state = "Disabled"


class ListSupportedNetworkServices(PlainList, roles=ROOT_ONLY, view=NETWORK_SERVICE, since="3.0.0"):
    """Lists the services network offerings can have, with who gives them and what can be chosen of them."""

    provider = Choice("Only services of this provider.", PROVIDERS)
    service = Choice("Only this service.", SERVICES)

    def items(self) -> list[Body]:
        """See PlainList.items."""
        return [{
            "name": service,
            "provider": [{
                "name": name, "servicelist": [s for s in SERVICES if s in PROVIDERS[name]],
                "canenableindividualservice": True,
            } for name in PROVIDERS if service in PROVIDERS[name] and self.provider in {None, name}],
            "capability": [{"name": name, "value": ",".join(values), "canchooseservicecapability": True}
                           for name, values in CAPABILITIES.get(service, {}).items()] or None,
        } for service in SERVICES if self.service in {None, service}
            and (self.provider is None or service in PROVIDERS[self.provider])]


class ListTrafficTypeImplementors(PlainList, roles=ROOT_ONLY, view=TRAFFIC_IMPLEMENTOR, since="3.0.0"):
    """Lists the operations on hosts that carry each kind of traffic."""

    traffictype = Choice("Only this kind of traffic.", TYPES)

    def items(self) -> list[Body]:
        """See PlainList.items."""
        return [{"traffictype": kind, "traffictypeimplementor": operation} for kind, operation in CARRIERS.items()
                if self.traffictype in {None, kind}]
