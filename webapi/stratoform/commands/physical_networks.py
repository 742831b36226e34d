"""Physical networks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete

from stratoform.model.base import now
from stratoform.model.network import IpRange, Network, PhysicalNetwork, TrafficType
from stratoform.model.network_services import install
from stratoform.model.tenancy import Domain
from stratoform.model.topology import Zone

from .frame.base import ROOT_ONLY, AsyncCommand, ListCommand
from .frame.params import Choice, ListOf, Ref, Text, refuse
from .rules.addressing import VlanRanges, holding
from .rules.places import asked, demand_free_name, not_yet, take_turn
from .rules.providers import remove_providers
from .rules.tags import TagList
from .views.network import PHYSICAL_NETWORK

STATES = ("Enabled", "Disabled")
RANGES = ("ZONE", "POD")
METHODS = ("VLAN", "L3", "GRE", "STT", "VXLAN", "VCDNI", "MIDO", "VSP", "BCF_SEGMENT", "SSP")


class CreatePhysicalNetwork(
    AsyncCommand, roles=ROOT_ONLY, event="PHYSICAL.NETWORK.CREATE", view=PHYSICAL_NETWORK,
):
    """Creates a physical network: a wire of a zone that carries traffic types. It begins Disabled."""

    creates = True

    name_ = Text("Name of the physical network; unique in its zone.").required
    zoneid = Ref(Zone, "Zone of the physical network.").required
    vlan = VlanRanges("VLANs isolated guest networks take theirs from, e.g. 100-199,300.")
    networkspeed = Text("Its speed, for people to read, e.g. 10G.")
    domainid = Ref(Domain, "Domain it belongs to.")
    broadcastdomainrange = Choice("How far a broadcast reaches (default: ZONE, in a basic zone POD).", RANGES)
    tags = TagList("Its tags; network offerings ask for them.")
    isolationmethods = ListOf(Choice("How guest networks on it are kept apart (default VLAN).", METHODS))

    def check(self) -> None:
        """See Command.check."""
        zone = self.zoneid
        take_turn(self.session, zone.id)
        demand_free_name(self.session, "name", self.name_, PhysicalNetwork, PhysicalNetwork.zone_id == zone.id)
        if zone.network_type == "Basic":
            if self.context.live(PhysicalNetwork, PhysicalNetwork.zone_id == zone.id) is not None:
                raise refuse("zoneid", f"basic zone '{zone.name}' has its one physical network already")
            if self.vlan is not None:
                raise refuse("vlan", "a basic zone has no isolated guest networks that could use VLANs")
        elif self.broadcastdomainrange == "POD":
            raise refuse("broadcastdomainrange", "POD is for basic zones; an advanced zone's is ZONE")
        for method in self.isolationmethods or ():
            if method != "VLAN":
                raise refuse("isolationmethods", not_yet(method))

    def prepare(self) -> PhysicalNetwork:
        """See AsyncCommand.prepare."""
        basic = self.zoneid.network_type == "Basic"
        wire = PhysicalNetwork(
            name=self.name_, zone_id=self.zoneid.id, vlan=self.vlan, speed=self.networkspeed,
            domain_id=self.domainid.id if self.domainid else None, tags=list(dict.fromkeys(self.tags or [])),
            broadcast_domain_range=self.broadcastdomainrange or ("POD" if basic else "ZONE"),
            isolation_methods=list(dict.fromkeys(self.isolationmethods or [])),
        )
        self.session.add(wire)
        install(self.session, wire)
        return wire

    def run(self) -> None:
        """See Command.run. All is done when the record is made."""


class ListPhysicalNetworks(ListCommand, roles=ROOT_ONLY, view=PHYSICAL_NETWORK):
    """Lists physical networks."""

    keyword_columns = (PhysicalNetwork.name,)

    id = Ref(PhysicalNetwork, "Only this physical network.")
    zoneid = Ref(Zone, "Only physical networks of this zone.")
    name_ = Text("Only physical networks of this name.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [PhysicalNetwork.removed.is_(None), *asked(
            (self.id, PhysicalNetwork.id), (self.zoneid, PhysicalNetwork.zone_id), (self.name_, PhysicalNetwork.name),
        )]


class UpdatePhysicalNetwork(
    AsyncCommand, roles=ROOT_ONLY, event="PHYSICAL.NETWORK.UPDATE", view=PHYSICAL_NETWORK,
):
    """Changes a physical network."""

    id = Ref(PhysicalNetwork, "The physical network.").required
    state = Choice("Enabled, or Disabled: no new guest networks on it.", STATES)
    vlan = VlanRanges("VLANs isolated guest networks take theirs from; they replace the ones it has.")
    networkspeed = Text("Its speed, for people to read.")
    tags = TagList("Its tags; they replace the ones it has.")
    name_ = Text("New name; unique in its zone.")
    isolationmethods = ListOf(Choice("Its isolation methods; clients repeat them, they cannot be changed.", METHODS))
    broadcastdomainrange = Choice("How far a broadcast reaches; clients repeat it, it cannot be changed.", RANGES)

    _COLUMNS = {  # noqa: RUF012 - parameter to column
        "state": "state", "vlan": "vlan", "networkspeed": "speed", "tags": "tags", "name": "name",
    }

    def check(self) -> None:
        """See Command.check."""
        self._check_fixed()
        if self.vlan is None:
            return
        if self.session.get_one(Zone, self.id.zone_id).network_type == "Basic":
            raise refuse("vlan", "a basic zone has no isolated guest networks that could use VLANs")
        users: list[Any] = [
            *self.context.all(Network, Network.physical_network_id == self.id.id, Network.guest_type == "Shared"),
            *self.context.all(IpRange, IpRange.physical_network_id == self.id.id, IpRange.for_virtual_network),
        ]
        for user in users:
            clash = holding(self.vlan, user.vlan or "untagged")
            if clash is not None:
                noun = f"network '{user.name}'" if isinstance(user, Network) else "a public IP range"
                raise refuse("vlan", f"the range {clash[0]}-{clash[1]} holds VLAN {user.vlan}, which {noun} uses")

    def _check_fixed(self) -> None:
        """What cannot be changed may only be repeated; a new name must be free."""
        wire = self.id
        if self.name_ is not None:
            demand_free_name(self.session, "name", self.name_, PhysicalNetwork,
                             PhysicalNetwork.zone_id == wire.zone_id, PhysicalNetwork.id != wire.id)
        if self.isolationmethods is not None and set(self.isolationmethods) - set(wire.isolation_methods or ["VLAN"]):
            raise refuse("isolationmethods", f"those of '{wire.name}' cannot be changed")
        if self.broadcastdomainrange not in {None, wire.broadcast_domain_range}:
            raise refuse("broadcastdomainrange", f"it is {wire.broadcast_domain_range} and cannot be changed")

    def prepare(self) -> PhysicalNetwork:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self.assign(self.id, self._COLUMNS)


class DeletePhysicalNetwork(AsyncCommand, roles=ROOT_ONLY, event="PHYSICAL.NETWORK.DELETE"):
    """Deletes a physical network that carries no networks and no public addresses."""

    id = Ref(PhysicalNetwork, "The physical network.").required

    def check(self) -> None:
        """See Command.check."""
        self.refuse_while_used(self.id, (Network, Network.physical_network_id), (IpRange, IpRange.physical_network_id))

    def prepare(self) -> PhysicalNetwork:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self.check()  # again, under the lock
        self.session.execute(delete(TrafficType).where(TrafficType.physical_network_id == self.id.id))
        remove_providers(self.session, self.id)
        self.id.removed = now()
