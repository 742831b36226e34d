"""What runs: offerings, guest operating systems, key pairs, virtual machines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Entity, LongText
from .states import State, StateTable


class ServiceOffering(Entity):
    """How much machine: vCPUs, their speed (MHz), memory (MB), and where it may be placed."""

    __tablename__ = "service_offering"

    name: Mapped[str]
    display_text: Mapped[str] = mapped_column(String(4096))
    cpus: Mapped[int | None]
    speed: Mapped[int | None]
    memory: Mapped[int | None]
    offer_ha: Mapped[bool] = mapped_column(default=False)
    limit_cpu: Mapped[bool] = mapped_column(default=False)
    volatile: Mapped[bool] = mapped_column(default=False)
    storage_type: Mapped[str] = mapped_column(String(16), default="shared")
    tags: Mapped[list[str]] = mapped_column(default=list)  # storage tags
    host_tags: Mapped[list[str]] = mapped_column(default=list)
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id"))
    is_system: Mapped[bool] = mapped_column(default=False)
    default_use: Mapped[bool] = mapped_column(default=False)
    system_vm_type: Mapped[str | None]
    network_rate: Mapped[int | None]
    planner: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    bytes_read_rate: Mapped[int | None] = mapped_column(BigInteger)
    bytes_write_rate: Mapped[int | None] = mapped_column(BigInteger)
    iops_read_rate: Mapped[int | None] = mapped_column(BigInteger)
    iops_write_rate: Mapped[int | None] = mapped_column(BigInteger)
    sort_key: Mapped[int] = mapped_column(default=0)


class GuestOsCategory(Entity):
    """A family of guest operating systems."""

    __tablename__ = "guest_os_category"

    name: Mapped[str]


class GuestOs(Entity):
    """A guest operating system the hypervisors know how to please."""

    __tablename__ = "guest_os"

    category_id: Mapped[int] = mapped_column(ForeignKey("guest_os_category.id"))
    name: Mapped[str]


class SshKeyPair(Entity):
    """A public key of an account. A private key made here is shown once and never stored."""

    __tablename__ = "ssh_keypair"

    name: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"))
    public_key: Mapped[str] = mapped_column(LongText)
    fingerprint: Mapped[str] = mapped_column(String(128))

    __table_args__ = (UniqueConstraint("account_id", "name"),)


class InstanceGroup(Entity):
    """A label its account gives to virtual machines that belong together."""

    __tablename__ = "instance_group"

    name: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    __table_args__ = (UniqueConstraint("account_id", "name"),)


VM_STATES = StateTable(
    {
        "Stopped": State("It uses no CPU or memory of a host; its disks and addresses are kept."),
        "Starting": State("A job is placing it and powering it on.", transitional=True),
        "Running": State("It runs on its host, as the host said last."),
        "Stopping": State("A job is powering it off.", transitional=True),
        "Migrating": State("A job is moving it to another host.", transitional=True),
        "Destroyed": State("It is off and will be expunged; until then it can be recovered."),
        "Expunging": State("A job is deleting its disks and giving back its addresses.", transitional=True),
        "Expunged": State("Nothing of it is left but its record."),
        "Error": State("Its deployment failed; only destroying it is possible."),
    },
    {
        "start": (("Stopped",), "Starting"),
        "run": (("Starting", "Stopping", "Stopped", "Migrating"), "Running"),
        "fail to start": (("Starting",), "Stopped"),
        "fail to deploy": (("Starting", "Stopped"), "Error"),
        "stop": (("Running",), "Stopping"),
        "fail to stop": (("Stopping",), "Running"),
        "halt": (("Stopping", "Starting", "Running"), "Stopped"),
        "destroy": (("Stopped", "Error"), "Destroyed"),
        "recover": (("Destroyed",), "Stopped"),
        "expunge": (("Destroyed", "Error", "Stopped"), "Expunging"),
        "fail to expunge": (("Expunging",), "Destroyed"),
        "vanish": (("Expunging",), "Expunged"),
    },
)
"""The states of a virtual machine (CloudStack administration guide, VM lifecycle)."""

HOLDS_CAPACITY = ("Starting", "Running", "Stopping", "Migrating")
"""States in which a virtual machine's CPU and memory count on its host."""


class Vm(Entity):
    """A user's machine. ``name`` is for DNS, ``display_name`` for people, ``instance_name`` for its host."""

    __tablename__ = "vm"

    name: Mapped[str] = mapped_column(index=True)
    display_name: Mapped[str]
    instance_name: Mapped[str | None] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"), index=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    host_id: Mapped[int | None] = mapped_column(ForeignKey("host.id"))
    last_host_id: Mapped[int | None] = mapped_column(ForeignKey("host.id"))
    template_id: Mapped[int] = mapped_column(ForeignKey("template.id"), index=True)
    service_offering_id: Mapped[int] = mapped_column(ForeignKey("service_offering.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("instance_group.id"))
    guest_os_id: Mapped[int | None] = mapped_column(ForeignKey("guest_os.id"))
    hypervisor: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16), default="Stopped", index=True)
    cpus: Mapped[int]
    speed: Mapped[int]  # MHz
    memory: Mapped[int]  # MB
    user_data: Mapped[str | None] = mapped_column(LongText)  # base64, as given
    keypair: Mapped[str | None]
    public_key: Mapped[str | None] = mapped_column(LongText)
    keyboard: Mapped[str | None] = mapped_column(String(8))
    display_vm: Mapped[bool] = mapped_column(default=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    destroyed: Mapped[datetime | None]  # when; counts for expunge.delay
    password: Mapped[str | None] = mapped_column(LongText)  # encrypted; of password-enabled templates
    vnc_password: Mapped[str | None] = mapped_column(LongText)  # encrypted
    power_seen: Mapped[datetime | None]  # when a watcher last corrected the state

    __table_args__ = (
        Index("ix_vm_host_state", "host_id", "state"),
        Index("ix_vm_owner_removed", "account_id", "removed", "id"),
        Index("ix_vm_list", "removed", "id", "account_id", "domain_id", "display_vm"),
    )


