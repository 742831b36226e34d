"""Where things are: zones, pods, clusters, hosts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Entity, LongText
from .states import State, StateTable


class Zone(Entity):
    """A data centre: what is inside shares secondary storage and public addresses."""

    __tablename__ = "zone"

    name: Mapped[str] = mapped_column(index=True)
    description: Mapped[str | None]
    dns1: Mapped[str]
    dns2: Mapped[str | None]
    ip6dns1: Mapped[str | None]
    ip6dns2: Mapped[str | None]
    internal_dns1: Mapped[str]
    internal_dns2: Mapped[str | None]
    guest_cidr: Mapped[str | None]
    domain: Mapped[str | None]  # DNS suffix of the zone's guest networks
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id"))  # set: a private zone
    network_type: Mapped[str] = mapped_column(String(16))
    security_groups: Mapped[bool] = mapped_column(default=False)
    local_storage: Mapped[bool] = mapped_column(default=False)
    allocation_state: Mapped[str] = mapped_column(String(16), default="Enabled")
    token: Mapped[str | None]
    dhcp_provider: Mapped[str] = mapped_column(default="VirtualRouter")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Pod(Entity):
    """A rack: hosts of one management subnet."""

    __tablename__ = "pod"

    name: Mapped[str]
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(40))
    netmask: Mapped[str] = mapped_column(String(40))
    start_ip: Mapped[str] = mapped_column(String(40))
    end_ip: Mapped[str] = mapped_column(String(40))
    allocation_state: Mapped[str] = mapped_column(String(16), default="Enabled")


class Cluster(Entity):
    """Hosts alike enough to move guests between."""

    __tablename__ = "cluster"

    name: Mapped[str]
    pod_id: Mapped[int] = mapped_column(ForeignKey("pod.id"), index=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    hypervisor: Mapped[str] = mapped_column(String(32))
    type: Mapped[str] = mapped_column(String(32), default="CloudManaged")
    allocation_state: Mapped[str] = mapped_column(String(16), default="Enabled")
    managed_state: Mapped[str] = mapped_column(String(32), default="Managed")


HOST_STATES = StateTable(
    {
        "Creating": State("The host is being asked who it is; nothing runs on it yet.", transitional=True),
        "Connecting": State("The watcher is opening its connection.", transitional=True),
        "Up": State("The watcher's connection answers; guests may be placed here."),
        "Disconnected": State("The hypervisor's daemon does not answer; guests may still run."),
        "Alert": State("The host was refused or misbehaves; an operator must look."),
        "Error": State("Adding the host failed and its clean-up too."),
        "Removed": State("The host left the cloud."),
    },
    {
        "connect": (("Creating", "Connecting", "Disconnected", "Alert"), "Up"),
        "disconnect": (("Up", "Connecting", "Alert"), "Disconnected"),
        "remove": (("Creating", "Connecting", "Up", "Disconnected", "Alert", "Error"), "Removed"),
    },
)


class Host(Entity):
    """A hypervisor machine. ``generation`` guards every capacity claim on it."""

    __tablename__ = "host"

    name: Mapped[str]
    url: Mapped[str] = mapped_column(String(512))
    address: Mapped[str] = mapped_column(index=True)
    username: Mapped[str] = mapped_column(default="root")
    password: Mapped[str | None] = mapped_column(LongText)  # encrypted
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    pod_id: Mapped[int] = mapped_column(ForeignKey("pod.id"))
    cluster_id: Mapped[int] = mapped_column(ForeignKey("cluster.id"), index=True)
    hypervisor: Mapped[str] = mapped_column(String(32))
    hypervisor_version: Mapped[str | None]
    version: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(16), default="Creating", index=True)
    resource_state: Mapped[str] = mapped_column(String(32), default="Enabled")
    cpus: Mapped[int] = mapped_column(default=0)
    cpu_sockets: Mapped[int | None]
    cpu_mhz: Mapped[int] = mapped_column(default=0)
    memory: Mapped[int] = mapped_column(BigInteger, default=0)  # bytes
    capabilities: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(default=list)
    os_category_id: Mapped[int | None] = mapped_column(ForeignKey("guest_os_category.id"))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_pinged: Mapped[datetime | None]
    disconnected: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index("ix_host_place", "zone_id", "hypervisor", "state"),)
