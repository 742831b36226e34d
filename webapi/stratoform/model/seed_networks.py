"""The network offerings every cloud starts with, by the names clients expect.

Services and rules are those of the described system's own defaults (CloudStack installation guide, "Network
offerings"; administration guide, "VPC tiers"). What an offering promises beyond what this installation gives is
refused when a network is made from it, see ``commands/networks.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .network import NetworkOffering

ROUTER, VPC_ROUTER, FILTER, NETSCALER = "VirtualRouter", "VpcVirtualRouter", "SecurityGroupProvider", "Netscaler"
_SHARED = ("Dhcp", "Dns", "UserData")
_ISOLATED = (*_SHARED, "Firewall", "Gateway", "Lb", "SourceNat", "StaticNat", "PortForwarding", "Vpn")
_TIER = (*_SHARED, "NetworkACL", "Gateway", "Lb", "SourceNat", "StaticNat", "PortForwarding", "Vpn")


def network_offerings() -> list[NetworkOffering]:
    """The default offerings, new rows each time."""
    elastic = {
        **_by(ROUTER, _SHARED), **_by(FILTER, ("SecurityGroup",)),
        "StaticNat": {"providers": [NETSCALER], "capabilities": {"ElasticIp": "true"}},
        "Lb": {"providers": [NETSCALER], "capabilities": {"ElasticLb": "true"}},
    }
    return [
        _shared("DefaultSharedNetworkOfferingWithSGService", "Shared networks with security groups",
                {**_by(ROUTER, _SHARED), **_by(FILTER, ("SecurityGroup",))}),
        _shared("DefaultSharedNetworkOffering", "Shared networks", _by(ROUTER, _SHARED)),
        _isolated("DefaultIsolatedNetworkOfferingWithSourceNatService", "Isolated networks behind source NAT",
                  _by(ROUTER, _ISOLATED), availability="Required"),
        _isolated("DefaultIsolatedNetworkOfferingForVpcNetworks", "Tiers of a VPC, with load balancing",
                  _by(VPC_ROUTER, _TIER), conserve_mode=False, for_vpc=True),
        _isolated("DefaultIsolatedNetworkOfferingForVpcNetworksNoLB", "Tiers of a VPC, without load balancing",
                  _by(VPC_ROUTER, (s for s in _TIER if s != "Lb")), conserve_mode=False, for_vpc=True),
        _isolated("DefaultIsolatedNetworkOffering", "Isolated networks without source NAT", _by(ROUTER, _SHARED),
                  specify_vlan=True, specify_ip_ranges=True),
        _shared("DefaultSharedNetscalerEIPandELBNetworkOffering", "Shared networks with elastic IP and elastic LB",
                elastic),
    ]


def _by(provider: str, services: Iterable[str]) -> dict[str, Any]:
    return {service: {"providers": [provider], "capabilities": {}} for service in services}


def _shared(name: str, display_text: str, services: Mapping[str, Any]) -> NetworkOffering:
    return _offering(name, display_text, services, guest_type="Shared", specify_vlan=True, specify_ip_ranges=True)


def _isolated(name: str, display_text: str, services: Mapping[str, Any], **rules: Any) -> NetworkOffering:
    return _offering(name, display_text, services, guest_type="Isolated", **rules)


def _offering(name: str, display_text: str, services: Mapping[str, Any], **rules: Any) -> NetworkOffering:
    return NetworkOffering(
        name=name, unique_name=name, display_text=display_text, traffic_type="Guest", is_default=True,
        state="Enabled", services=dict(services), **rules,
    )
