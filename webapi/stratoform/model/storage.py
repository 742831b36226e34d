"""Where data lives: primary pools, secondary stores, templates, volumes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Entity, Key, LongText
from .states import State, StateTable

POOL_STATES = StateTable(
    {
        "Creating": State("A job is attaching it to its hosts.", transitional=True),
        "Up": State("Disks may be placed on it."),
        "Disabled": State("No disks are placed on it; machines with disks there run and start as ever."),
        "Maintenance": State("No machine that has disks on it runs, and none starts."),
        "Removed": State("It left the cloud; its data was not touched."),
    },
    {
        "open": (("Creating",), "Up"),
        "disable": (("Up",), "Disabled"),
        "enable": (("Disabled",), "Up"),
        "maintain": (("Up", "Disabled"), "Maintenance"),
        "serve again": (("Maintenance",), "Up"),
        "remove": (("Creating", "Up", "Disabled", "Maintenance"), "Removed"),
    },
)
ATTACHED = ("Up", "Disabled", "Maintenance")
"""States in which hosts have the pool."""


class StoragePool(Entity):
    """Primary storage. Bytes; ``used`` is what the file system said last, allocation is derived from volumes."""

    __tablename__ = "storage_pool"

    name: Mapped[str]
    type: Mapped[str] = mapped_column(String(32))
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    pod_id: Mapped[int | None] = mapped_column(ForeignKey("pod.id"))
    cluster_id: Mapped[int | None] = mapped_column(ForeignKey("cluster.id"), index=True)
    host_id: Mapped[int | None] = mapped_column(ForeignKey("host.id"), index=True)  # set: local to one host
    scope: Mapped[str] = mapped_column(String(16))
    hypervisor: Mapped[str] = mapped_column(String(32))
    address: Mapped[str]
    path: Mapped[str] = mapped_column(String(1024))
    state: Mapped[str] = mapped_column(String(16), default="Creating")
    capacity: Mapped[int] = mapped_column(BigInteger, default=0)
    used: Mapped[int] = mapped_column(BigInteger, default=0)
    capacity_iops: Mapped[int | None] = mapped_column(BigInteger)
    provider: Mapped[str] = mapped_column(default="DefaultPrimary")
    tags: Mapped[list[str]] = mapped_column(default=list)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    generation: Mapped[int] = mapped_column(default=0)


class ImageStore(Entity):
    """Secondary storage: where templates are kept before they reach a pool."""

    __tablename__ = "image_store"

    name: Mapped[str]
    url: Mapped[str] = mapped_column(String(1024))
    protocol: Mapped[str] = mapped_column(String(16))
    provider: Mapped[str] = mapped_column(String(32))
    scope: Mapped[str] = mapped_column(String(16), default="ZONE")
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zone.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default="Creating")
    capacity: Mapped[int] = mapped_column(BigInteger, default=0)
    used: Mapped[int] = mapped_column(BigInteger, default=0)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


TEMPLATE_STATES = StateTable(
    {
        "Downloading": State("A job is fetching it into secondary storage.", transitional=True),
        "Ready": State("Its checked image is in secondary storage."),
        "Failed": State("It could not be fetched; ``status`` says why. Register it again."),
        "Deleted": State("Its image was removed from secondary storage."),
    },
    {
        "arrive": (("Downloading",), "Ready"),
        "fail": (("Downloading",), "Failed"),
        "delete": (("Downloading", "Ready", "Failed"), "Deleted"),
    },
)


class Template(Entity):
    """An image machines are made from. Sizes in bytes; ``checksum`` as the registrant declared it."""

    __tablename__ = "template"

    name: Mapped[str] = mapped_column(index=True)
    display_text: Mapped[str] = mapped_column(String(4096))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"))
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zone.id"), index=True)
    url: Mapped[str] = mapped_column(String(2048))
    format: Mapped[str] = mapped_column(String(16))
    hypervisor: Mapped[str] = mapped_column(String(32))
    guest_os_id: Mapped[int] = mapped_column(ForeignKey("guest_os.id"))
    bits: Mapped[int] = mapped_column(default=64)
    type: Mapped[str] = mapped_column(String(16), default="USER")
    is_public: Mapped[bool] = mapped_column(default=False)
    is_featured: Mapped[bool] = mapped_column(default=False)
    is_extractable: Mapped[bool] = mapped_column(default=False)
    password_enabled: Mapped[bool] = mapped_column(default=False)
    sshkey_enabled: Mapped[bool] = mapped_column(default=False)
    requires_hvm: Mapped[bool] = mapped_column(default=True)
    dynamically_scalable: Mapped[bool] = mapped_column(default=False)
    is_routing: Mapped[bool] = mapped_column(default=False)
    bootable: Mapped[bool] = mapped_column(default=True)
    checksum: Mapped[str | None] = mapped_column(String(160))
    stored_checksum: Mapped[str | None] = mapped_column(String(160))
    tag: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(16), default="Downloading")
    status: Mapped[str] = mapped_column(String(1024), default="")  # the sentence listTemplates shows
    image_store_id: Mapped[int | None] = mapped_column(ForeignKey("image_store.id"))
    path: Mapped[str | None] = mapped_column(String(512))  # inside the store
    size: Mapped[int] = mapped_column(BigInteger, default=0)  # virtual
    physical_size: Mapped[int] = mapped_column(BigInteger, default=0)
    sort_key: Mapped[int] = mapped_column(default=0)


class TemplateGrant(Base):
    """An account, or a project's account, that may use a template of another. The row is deleted with the grant."""

    __tablename__ = "template_grant"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("template.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)

    __table_args__ = (UniqueConstraint("template_id", "account_id"),)


class TemplateCopy(Base):
    """A template's copy on a pool: the backing file all its guests there share."""

    __tablename__ = "template_copy"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("template.id"))
    pool_id: Mapped[int] = mapped_column(ForeignKey("storage_pool.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default="Copying")
    size: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (UniqueConstraint("template_id", "pool_id"),)


class DiskOffering(Entity):
    """How much disk, and what kind. ``size`` in bytes, 0 when who makes the disk chooses (``customized``).

    The rates are limits (bytes or operations per second) its disks really have; None: no limit.
    """

    __tablename__ = "disk_offering"

    name: Mapped[str]
    display_text: Mapped[str] = mapped_column(String(4096))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    customized: Mapped[bool] = mapped_column(default=False)
    storage_type: Mapped[str] = mapped_column(String(16), default="shared")
    tags: Mapped[list[str]] = mapped_column(default=list)
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domain.id"))
    display_offering: Mapped[bool] = mapped_column(default=True)
    bytes_read_rate: Mapped[int | None] = mapped_column(BigInteger)
    bytes_write_rate: Mapped[int | None] = mapped_column(BigInteger)
    iops_read_rate: Mapped[int | None] = mapped_column(BigInteger)
    iops_write_rate: Mapped[int | None] = mapped_column(BigInteger)
    sort_key: Mapped[int] = mapped_column(default=0)


VOLUME_STATES = StateTable(
    {
        "Allocated": State("Declared; nothing of it is on any pool."),
        "Creating": State("A job is making it on its pool.", transitional=True),
        "Ready": State("It is on its pool."),
        "Destroy": State("It waits for its data to be deleted."),
        "Expunging": State("A job is deleting its data.", transitional=True),
        "Expunged": State("Its data is gone."),
    },
    {
        "place": (("Allocated",), "Creating"),
        "become ready": (("Creating",), "Ready"),
        "unplace": (("Creating", "Ready"), "Allocated"),
        "destroy": (("Allocated", "Creating", "Ready"), "Destroy"),
        "expunge": (("Allocated", "Creating", "Ready", "Destroy"), "Expunging"),
        "fail to expunge": (("Expunging",), "Destroy"),
        "vanish": (("Expunging",), "Expunged"),
    },
)


class Volume(Entity):
    """A disk. ``size`` in bytes; a root disk belongs to its machine for life, a data disk while it is attached."""

    __tablename__ = "volume"

    name: Mapped[str]
    type: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domain.id"))
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    vm_id: Mapped[int | None] = mapped_column(ForeignKey("vm.id"), index=True)
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("storage_pool.id"), index=True)
    template_id: Mapped[int | None] = mapped_column(ForeignKey("template.id"))
    service_offering_id: Mapped[int | None] = mapped_column(ForeignKey("service_offering.id"))
    disk_offering_id: Mapped[int | None] = mapped_column(ForeignKey("disk_offering.id"), index=True)
    device_id: Mapped[int | None]
    size: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str] = mapped_column(String(16), default="qcow2")
    state: Mapped[str] = mapped_column(String(16), default="Allocated")
    attached: Mapped[datetime | None]
    path: Mapped[str | None] = mapped_column(LongText)
    display_volume: Mapped[bool] = mapped_column(default=True)
    details: Mapped[dict[str, Any] | None]

    __table_args__ = (
        Index("ix_volume_pool_state", "pool_id", "state"),
        Index("ix_volume_owner_removed", "account_id", "removed", "id"),
        Index("ix_volume_list", "removed", "id", "account_id", "domain_id", "display_volume"),
    )
