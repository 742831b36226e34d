"""How things reach each other: physical networks, offerings, guest networks, routers, NICs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Entity, Key
from .states import State, StateTable


class PhysicalNetwork(Entity):
    """A wire of a zone: what carries traffic types."""

    __tablename__ = "physical_network"

    name: Mapped[str]
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default="Disabled")
    vlan: Mapped[str | None] = mapped_column(String(4096))  # ranges "100-200,300-310"
    speed: Mapped[str | None]
    broadcast_domain_range: Mapped[str] = mapped_column(String(16), default="ZONE")
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id"))
    tags: Mapped[list[str]] = mapped_column(default=list)
    isolation_methods: Mapped[list[str]] = mapped_column(default=list)


class TrafficType(Entity):
    """One kind of traffic on a physical network and the bridge (label) that carries it on each hypervisor."""

    __tablename__ = "traffic_type"

    physical_network_id: Mapped[int] = mapped_column(ForeignKey("physical_network.id"))
    type: Mapped[str] = mapped_column(String(16))
    kvm_label: Mapped[str | None]
    xen_label: Mapped[str | None]
    vmware_label: Mapped[str | None]
    hyperv_label: Mapped[str | None]
    vlan: Mapped[str | None]
    isolation_method: Mapped[str | None]

    __table_args__ = (UniqueConstraint("physical_network_id", "type"),)


class NetworkOffering(Entity):
    """What a guest network offers: services, by whom, under which rules."""

    __tablename__ = "network_offering"

    name: Mapped[str] = mapped_column(index=True)
    unique_name: Mapped[str | None] = mapped_column(unique=True)
    display_text: Mapped[str] = mapped_column(String(4096))
    tags: Mapped[str | None]
    traffic_type: Mapped[str] = mapped_column(String(16))
    guest_type: Mapped[str] = mapped_column(String(16))
    is_default: Mapped[bool] = mapped_column(default=False)
    is_system: Mapped[bool] = mapped_column(default=False)
    specify_vlan: Mapped[bool] = mapped_column(default=False)
    specify_ip_ranges: Mapped[bool] = mapped_column(default=False)
    conserve_mode: Mapped[bool] = mapped_column(default=True)
    persistent: Mapped[bool] = mapped_column(default=False)
    availability: Mapped[str] = mapped_column(String(16), default="Optional")
    network_rate: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(16), default="Disabled")
    service_offering_id: Mapped[int | None] = mapped_column(ForeignKey("service_offering.id"))
    for_vpc: Mapped[bool] = mapped_column(default=False)
    egress_default: Mapped[bool] = mapped_column(default=True)
    keepalive: Mapped[bool] = mapped_column(default=False)
    max_connections: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    services: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {service: {"providers": [..], "capabilities": {}}}
    sort_key: Mapped[int] = mapped_column(default=0)


NETWORK_STATES = StateTable(
    {
        "Allocated": State("Declared; nothing of it is on any host."),
        "Setup": State("Usable at once: its addresses and bridge are fixed by the administrator."),
        "Implementing": State("A job is bringing up what its offering promises.", transitional=True),
        "Implemented": State("Its router and bridges are up."),
        "Shutdown": State("A job is taking it down; it can be implemented again.", transitional=True),
        "Destroy": State("It is being deleted or gone."),
    },
    {"delete": (("Allocated", "Setup", "Implemented", "Shutdown"), "Destroy")},
)


class Network(Entity):
    """A guest network. ``acl_type`` says whom it serves: one account, or a domain (or everyone, at ROOT)."""

    __tablename__ = "network"

    name: Mapped[str]
    display_text: Mapped[str]
    offering_id: Mapped[int] = mapped_column(ForeignKey("network_offering.id"))
    physical_network_id: Mapped[int | None] = mapped_column(ForeignKey("physical_network.id"))
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"))
    acl_type: Mapped[str] = mapped_column(String(16))
    subdomain_access: Mapped[bool] = mapped_column(default=True)
    traffic_type: Mapped[str] = mapped_column(String(16), default="Guest")
    guest_type: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default="Setup")
    gateway: Mapped[str | None] = mapped_column(String(40))
    netmask: Mapped[str | None] = mapped_column(String(40))
    cidr: Mapped[str | None] = mapped_column(String(64))
    vlan: Mapped[str | None] = mapped_column(String(64))  # "untagged" or a number
    network_domain: Mapped[str | None]
    display_network: Mapped[bool] = mapped_column(default=True)
    restart_required: Mapped[bool] = mapped_column(default=False)
    generation: Mapped[int] = mapped_column(default=0)  # counts every change its router must learn
    details: Mapped[dict[str, Any] | None]

    __table_args__ = (
        Index("ix_network_owner_removed", "account_id", "removed", "id"),
        Index("ix_network_list", "removed", "id", "account_id", "domain_id", "acl_type", "subdomain_access",
              "display_network"),
    )


class IpRange(Entity):
    """Consecutive IPv4 addresses the cloud may hand out on a network; bounds as integers."""

    __tablename__ = "ip_range"

    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    network_id: Mapped[int | None] = mapped_column(ForeignKey("network.id"), index=True)
    physical_network_id: Mapped[int | None] = mapped_column(ForeignKey("physical_network.id"))
    pod_id: Mapped[int | None] = mapped_column(ForeignKey("pod.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id"))
    for_virtual_network: Mapped[bool] = mapped_column(default=True)
    vlan: Mapped[str] = mapped_column(String(64), default="untagged")
    gateway: Mapped[str] = mapped_column(String(40))
    netmask: Mapped[str] = mapped_column(String(40))
    start: Mapped[int] = mapped_column(BigInteger)
    end: Mapped[int] = mapped_column(BigInteger)


class Router(Entity):
    """The virtual router of a network: where its namespace lives and on which address it answers."""

    __tablename__ = "router"

    network_id: Mapped[int] = mapped_column(ForeignKey("network.id"), index=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("host.id"), index=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"))
    name: Mapped[str | None] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(16), default="Stopped")
    applied: Mapped[int] = mapped_column(default=-1)  # the network's generation its host was told last
    previous_host_id: Mapped[int | None] = mapped_column(ForeignKey("host.id"))  # where it must still be removed


class Nic(Base):
    """One interface. The unique pair (network, ip) is the address lock: who inserts it owns the address."""

    __tablename__ = "nic"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(40), unique=True)
    network_id: Mapped[int] = mapped_column(ForeignKey("network.id"))
    vm_id: Mapped[int | None] = mapped_column(ForeignKey("vm.id"), index=True)
    router_id: Mapped[int | None] = mapped_column(ForeignKey("router.id"), index=True)
    mac: Mapped[str] = mapped_column(String(17), unique=True)
    ip: Mapped[int] = mapped_column(BigInteger)  # IPv4 as integer
    gateway: Mapped[str | None] = mapped_column(String(40))
    netmask: Mapped[str | None] = mapped_column(String(40))
    device: Mapped[int] = mapped_column(default=0)
    is_default: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (UniqueConstraint("network_id", "ip"),)
