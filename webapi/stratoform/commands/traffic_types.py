"""Traffic types of physical networks."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement

from stratoform.model.network import IpRange, Network, PhysicalNetwork, TrafficType
from stratoform.model.topology import Zone

from .frame.base import ROOT_ONLY, AsyncCommand, ListCommand
from .frame.params import Choice, Ref, Text, refuse, shown
from .rules.places import in_use, not_yet, take_turn
from .views.network import TRAFFIC_TYPE

TYPES = ("Guest", "Public", "Management", "Storage")
ONCE = frozenset({"Public", "Management", "Storage"})
"""Types that only one physical network of a zone carries (CloudStack installation guide, "Add zone")."""


class Label(Text):
    """The name of a bridge on Linux hosts (at most 15 characters, as the kernel has it), or of a VLAN-able device."""

    def read(self, text: str) -> str:
        """See Param.read."""
        text = super().read(text)
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}", text):
            raise refuse(self.name, f"{shown(text)} is no name of a bridge: at most 15 letters, digits, dots, hyphens "
                                    "and underscores")
        return text


class Labels(AsyncCommand):
    """The labels of a traffic type, one a hypervisor."""

    kvmnetworklabel = Label("Bridge of KVM hosts that carries it (default cloudbr0).")
    xennetworklabel = Text("Network of XenServer hosts that carries it.")
    vmwarenetworklabel = Text("Switch of VMware hosts that carries it.")
    hypervnetworklabel = Text("Switch of Hyper-V hosts that carries it.")

    LABELS = {  # noqa: RUF012 - parameter to column
        "kvmnetworklabel": "kvm_label", "xennetworklabel": "xen_label", "vmwarenetworklabel": "vmware_label",
        "hypervnetworklabel": "hyperv_label",
    }


class AddTrafficType(Labels, roles=ROOT_ONLY, event="TRAFFIC.TYPE.CREATE", view=TRAFFIC_TYPE):
    """Adds a traffic type to a physical network."""

    creates = True

    physicalnetworkid = Ref(PhysicalNetwork, "The physical network.").required
    traffictype = Choice("Kind of traffic.", TYPES).required
    vlan = Text("VLAN of management traffic on VMware hosts.")
    isolationmethod = Choice("How public traffic is kept apart (default VLAN).", ("VLAN", "VXLAN"))

    def check(self) -> None:
        """See Command.check."""
        wire = self.physicalnetworkid
        take_turn(self.session, wire.zone_id)
        if self.vlan is not None:
            raise refuse("vlan", "only VMware hosts take it, and " + not_yet("VMware"))
        if self.isolationmethod not in {None, "VLAN"}:
            raise refuse("isolationmethod", not_yet(str(self.isolationmethod)))
        twin = TrafficType.type == self.traffictype
        if self.context.live(TrafficType, TrafficType.physical_network_id == wire.id, twin) is not None:
            raise refuse("traffictype", f"physical network '{wire.name}' carries {self.traffictype} traffic already")
        if self.traffictype in ONCE:
            for other in self.context.all(PhysicalNetwork, PhysicalNetwork.zone_id == wire.zone_id):
                if self.context.live(TrafficType, TrafficType.physical_network_id == other.id, twin) is not None:
                    raise refuse("traffictype", f"physical network '{other.name}' carries {self.traffictype} traffic "
                                                "already; only one of a zone may")

    def prepare(self) -> TrafficType:
        """See AsyncCommand.prepare."""
        row = TrafficType(physical_network_id=self.physicalnetworkid.id, type=self.traffictype,
                          isolation_method=self.isolationmethod)
        self.assign(row, self.LABELS)
        self.session.add(row)
        return row

    def run(self) -> None:
        """See Command.run. All is done when the record is made."""


class ListTrafficTypes(ListCommand, roles=ROOT_ONLY, view=TRAFFIC_TYPE):
    """Lists the traffic types of a physical network."""

    keyword_columns = (TrafficType.type,)

    physicalnetworkid = Ref(PhysicalNetwork, "The physical network.").required

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [TrafficType.removed.is_(None), TrafficType.physical_network_id == self.physicalnetworkid.id]


class UpdateTrafficType(Labels, roles=ROOT_ONLY, event="TRAFFIC.TYPE.UPDATE", view=TRAFFIC_TYPE):
    """Changes the labels of a traffic type. Guests learn of it when they start next."""

    id = Ref(TrafficType, "The traffic type.").required

    def prepare(self) -> TrafficType:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self.assign(self.id, self.LABELS)


class DeleteTrafficType(AsyncCommand, roles=ROOT_ONLY, event="TRAFFIC.TYPE.DELETE"):
    """Deletes a traffic type no network needs."""

    id = Ref(TrafficType, "The traffic type.").required

    def check(self) -> None:
        """See Command.check."""
        wire = self.id.physical_network_id
        if self.id.type == "Guest":
            network = self.context.live(Network, Network.physical_network_id == wire)
            if network is not None:
                raise in_use(self.name, self.id, f"network '{network.name}'")
        if self.id.type == "Public" and self.context.live(
            IpRange, IpRange.physical_network_id == wire, IpRange.for_virtual_network) is not None:
            raise in_use(self.name, self.id, "the public IP ranges of zone "
                         f"'{self.session.get_one(Zone, self._zone_id(wire)).name}'")

    def _zone_id(self, wire: int) -> int:
        return self.session.get_one(PhysicalNetwork, wire).zone_id

    def prepare(self) -> TrafficType:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run. The record goes too, so that the type can be added again."""
        self.check()  # again, under the lock
        self.session.delete(self.id)
