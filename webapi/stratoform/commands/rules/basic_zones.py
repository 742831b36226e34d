"""Rules of basic zones: one guest network, whose addresses belong to a pod and share its wire with the hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stratoform.commands.frame.context import Context
from stratoform.commands.frame.params import refuse
from stratoform.model.network import IpRange, Network
from stratoform.model.topology import Pod, Zone

from .addressing import UNTAGGED
from .places import demand_in_zone, not_yet

GIVEN_LATER = ("gateway", "netmask", "startip", "endip")
"""What an advanced zone's shared network is made with, and a basic zone's gets from the ranges of its pod."""


def demand_first_network(context: Context, zone: Zone, values: Mapping[str, Any]) -> None:
    """Refuses a second guest network of a basic zone, and parameters that only advanced zones' networks have.

    Raises:
        ApiError: naming the parameter.
    """
    for name in GIVEN_LATER:
        if name in values:
            raise refuse(name, f"zone '{zone.name}' is Basic: the addresses of its guests are given for a pod, with "
                               "createVlanIpRange podid=...")
    if values.get("vlan", UNTAGGED) != UNTAGGED:
        raise refuse("vlan", f"zone '{zone.name}' is Basic: its guests are untagged, as their hosts are")
    if values.get("acltype") == "Account":
        raise refuse("acltype", f"zone '{zone.name}' is Basic: its one network serves all accounts")
    twin = context.live(Network, Network.zone_id == zone.id)
    if twin is not None:
        raise refuse("zoneid", f"basic zone '{zone.name}' has its one guest network already: '{twin.name}'")


def network_of(context: Context, zone: Zone) -> Network:
    """The guest network of a basic zone.

    Raises:
        ApiError: it has none yet.
    """
    network = context.live(Network, Network.zone_id == zone.id)
    if network is None:
        raise refuse("zoneid", f"basic zone '{zone.name}' has no guest network yet; make it with createNetwork")
    return network


def subnet_of(
    context: Context, network: Network, pod: Pod | None, given: tuple[str | None, str | None],
) -> tuple[str | None, str | None]:
    """Gateway and netmask of a basic zone's guests: those of the network's first range, which are ``given``.

    Args:
        context: the command's.
        network: the zone's guest network.
        pod: whose guests get the addresses; all ranges are of one.
        given: gateway and netmask.

    Raises:
        ApiError: naming the parameter that is missing or does not fit.
    """
    zone = context.session.get_one(Zone, network.zone_id)
    if pod is None:
        raise refuse("podid", f"zone '{zone.name}' is Basic: say the guests of which pod get the addresses")
    demand_in_zone("podid", pod, zone)
    gateway, netmask = given
    others = context.all(IpRange, IpRange.network_id == network.id)
    if not others:
        for name, value in (("gateway", gateway), ("netmask", netmask)):
            if value is None:
                raise refuse(name, "the first range of a basic zone's guests needs gateway and netmask")
        return gateway, netmask
    if others[0].pod_id != pod.id:
        raise refuse("podid", not_yet("guests in a second pod of a basic zone"))
    return network.gateway, network.netmask
