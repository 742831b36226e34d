"""Pods."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from stratoform.model.addresses import number, text
from stratoform.model.base import now
from stratoform.model.network import IpRange
from stratoform.model.storage import StoragePool
from stratoform.model.topology import Cluster, Host, Pod, Zone

from .frame.base import OPERATORS, ROOT_ONLY, Command
from .frame.params import Choice, Ip4, Netmask, Ref, Text, refuse
from .rules.addressing import Span, span, subnet
from .rules.capacities import CapacityList
from .rules.places import ALLOCATION, asked, demand_free_name, demand_in_zone, take_turn
from .views.topology import POD


def _reserve(command: Command, zone_id: int, pod_id: int, addresses: tuple[str, str, str, str | None]) -> Span:
    """The addresses a pod reserves for system services, checked against its subnet and the zone's other pods.

    Args:
        command: on whose behalf.
        zone_id: the pod's zone.
        pod_id: the pod itself; 0 for one that is yet to be.
        addresses: gateway, netmask, first address, last address (None: the last of the subnet).

    Raises:
        ApiError: naming the parameter that does not fit.
    """
    gateway, netmask, start, end = addresses
    network = subnet(gateway, netmask)
    last = int(network.broadcast_address) - 1
    if end is None and number(gateway) == last:
        last -= 1
    found = span(network, gateway, start, end or text(last))
    for other in command.context.all(Pod, Pod.zone_id == zone_id, Pod.id != pod_id):
        taken = Span(number(other.start_ip), number(other.end_ip))
        if found.overlaps(taken):
            raise refuse("startip", f"the range {found} overlaps {taken} of pod '{other.name}'")
    for guests in command.context.all(IpRange, IpRange.zone_id == zone_id, IpRange.vlan == "untagged"):
        taken = Span(guests.start, guests.end)
        if found.overlaps(taken):
            raise refuse("startip", f"the range {found} overlaps the IP range {taken} of the zone")
    return found


class CreatePod(Command, roles=ROOT_ONLY, event="POD.CREATE", view=POD):
    """Creates a pod: a rack of a zone with its management subnet."""

    name_ = Text("Name of the pod; unique in its zone.").required
    zoneid = Ref(Zone, "Zone of the pod.").required
    gateway = Ip4("Gateway of the pod's management subnet.").required
    netmask = Netmask("Netmask of the pod's management subnet.").required
    startip = Ip4("First address reserved for system services.").required
    endip = Ip4("Last address reserved for system services (default: the last of the subnet).")
    allocationstate = Choice("Whether guests may be placed in the pod (default Enabled).", ALLOCATION)

    def check(self) -> None:
        """See Command.check."""
        take_turn(self.session, self.zoneid.id)
        demand_free_name(self.session, "name", self.name_, Pod, Pod.zone_id == self.zoneid.id)
        self._span()

    def run(self) -> Pod:
        """See Command.run."""
        pod = Pod(
            name=self.name_, zone_id=self.zoneid.id, gateway=self.gateway, netmask=self.netmask,
            start_ip=text(self._span().start), end_ip=text(self._span().end),
            allocation_state=self.allocationstate or "Enabled",
        )
        self.session.add(pod)
        return pod

    def _span(self) -> Span:
        return _reserve(self, self.zoneid.id, 0, (self.gateway, self.netmask, self.startip, self.endip))


class ListPods(CapacityList, roles=OPERATORS, view=POD):
    """Lists pods."""

    place = Pod
    keyword_columns = (Pod.name,)

    id = Ref(Pod, "Only this pod.")
    name_ = Text("Only pods of this name.")
    zoneid = Ref(Zone, "Only pods of this zone.")
    allocationstate = Choice("Only pods in this state.", ALLOCATION)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [Pod.removed.is_(None), *asked(
            (self.id, Pod.id), (self.name_, Pod.name), (self.zoneid, Pod.zone_id),
            (self.allocationstate, Pod.allocation_state),
        )]


class UpdatePod(Command, roles=ROOT_ONLY, event="POD.EDIT", view=POD):
    """Changes a pod."""

    id = Ref(Pod, "The pod.").required
    name_ = Text("New name; unique in its zone.")
    gateway = Ip4("Gateway of the pod's management subnet.")
    netmask = Netmask("Netmask of the pod's management subnet.")
    startip = Ip4("First address reserved for system services.")
    endip = Ip4("Last address reserved for system services.")
    allocationstate = Choice("Whether guests may be placed in the pod.", ALLOCATION)
    zoneid = Ref(Zone, "Zone of the pod; clients repeat it, it cannot be changed.")

    _COLUMNS = {  # noqa: RUF012 - parameter to column
        "name": "name", "gateway": "gateway", "netmask": "netmask", "startip": "start_ip", "endip": "end_ip",
        "allocationstate": "allocation_state",
    }

    def check(self) -> None:
        """See Command.check."""
        pod = self.id
        if self.zoneid is not None:
            demand_in_zone("zoneid", pod, self.zoneid)
        take_turn(self.session, pod.zone_id)
        if self.name_ is not None:
            demand_free_name(self.session, "name", self.name_, Pod, Pod.zone_id == pod.zone_id, Pod.id != pod.id)
        if {"gateway", "netmask", "startip", "endip"} & set(self.values):
            _reserve(self, pod.zone_id, pod.id, (
                self.gateway or pod.gateway, self.netmask or pod.netmask, self.startip or pod.start_ip,
                self.endip or pod.end_ip,
            ))

    def run(self) -> Pod:
        """See Command.run."""
        self.assign(self.id, self._COLUMNS)
        return self.id


class DeletePod(Command, roles=ROOT_ONLY, event="POD.DELETE"):
    """Deletes an empty pod."""

    id = Ref(Pod, "The pod.").required

    def check(self) -> None:
        """See Command.check."""
        self.refuse_while_used(self.id, (Cluster, Cluster.pod_id), (Host, Host.pod_id),
                               (StoragePool, StoragePool.pod_id), (IpRange, IpRange.pod_id))

    def run(self) -> None:
        """See Command.run."""
        self.id.removed = now()


def demand_unreserved(command: Command, zone: Zone, wanted: Span) -> None:
    """Refuses addresses that a pod of the zone reserves for system services.

    Raises:
        ApiError: naming the pod and its range.
    """
    for pod in command.context.all(Pod, Pod.zone_id == zone.id):
        taken = Span(number(pod.start_ip), number(pod.end_ip))
        if wanted.overlaps(taken):
            raise refuse("startip", f"the range {wanted} overlaps {taken}, which pod '{pod.name}' reserves for system "
                                    "services")
