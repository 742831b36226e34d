"""Primary pools, image stores, templates, volumes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, func, or_

from stratoform.commands.frame.view import View, col, csv, jobs_of, unset
from stratoform.model.capacity import PROMISED
from stratoform.model.compute import GuestOs, ServiceOffering, Vm
from stratoform.model.storage import DiskOffering, ImageStore, StoragePool, Template, Volume
from stratoform.model.tenancy import Account
from stratoform.model.topology import Cluster, Pod, Zone

from .common import OWNER, tags_of, with_owner


def _pool_places(query: Select[Any]) -> Select[Any]:
    return (
        query.join(Zone, Zone.id == StoragePool.zone_id)
        .outerjoin(Pod, Pod.id == StoragePool.pod_id).outerjoin(Cluster, Cluster.id == StoragePool.cluster_id)
    )


STORAGE_POOL = View("storagepool", StoragePool, (
    col("id", "string", "The pool's id.", StoragePool.uuid),
    col("zoneid", "string", "The pool's zone.", Zone.uuid),
    col("zonename", "string", "Name of that zone.", Zone.name),
    col("podid", "string", "The pool's pod; none for a pool of the whole zone.", Pod.uuid),
    col("podname", "string", "Name of that pod.", Pod.name),
    col("name", "string", "The pool's name.", StoragePool.name),
    col("ipaddress", "string", "The server, or the host a local directory is on.", StoragePool.address),
    col("path", "string", "The path on the server or on the hosts.", StoragePool.path),
    col("created", "date", "When the pool was added.", StoragePool.created),
    col("type", "string", "NetworkFilesystem, SharedMountPoint or Filesystem.", StoragePool.type),
    col("clusterid", "string", "The pool's cluster; none for a pool of the whole zone.", Cluster.uuid),
    col("clustername", "string", "Name of that cluster.", Cluster.name),
    col("disksizetotal", "long", "Size in bytes.", StoragePool.capacity),
    col("disksizeallocated", "long", "Bytes promised to disks and template copies.", PROMISED, make=int),
    col("disksizeused", "long", "Bytes in use, as the file system said last.", StoragePool.used),
    col("capacityiops", "long", "I/O operations per second the pool can promise.", StoragePool.capacity_iops),
    col("tags", "string", "Storage tags, joined by commas.", StoragePool.tags, make=csv),
    col("state", "storagepoolstatus", "Up when disks may be placed on it.", StoragePool.state),
    col("scope", "string", "CLUSTER, ZONE or HOST: who reaches it.", StoragePool.scope),
    col("hypervisor", "string", "Hypervisor of the hosts that reach it.", StoragePool.hypervisor),
    unset("suitableformigration", "boolean", "True when a given disk may move here; only in answers about moves."),
    unset("storagecapabilities", "map", "What the pool's driver can do beyond the usual."),
    *jobs_of(StoragePool),
), _pool_places)


def _store_zone(query: Select[Any]) -> Select[Any]:
    return query.outerjoin(Zone, Zone.id == ImageStore.zone_id)


IMAGE_STORE = View("imagestore", ImageStore, (
    col("id", "string", "The store's id.", ImageStore.uuid),
    col("zoneid", "string", "The zone it serves.", Zone.uuid),
    col("zonename", "string", "Name of that zone.", Zone.name),
    col("name", "string", "The store's name.", ImageStore.name),
    col("url", "string", "Where it is.", ImageStore.url),
    col("protocol", "string", "How it is reached, e.g. nfs.", ImageStore.protocol),
    col("providername", "string", "What kind of store it is.", ImageStore.provider),
    col("scope", "scopetype", "ZONE: it serves its zone.", ImageStore.scope),
    col("details", "set", "Further settings of the store.", ImageStore.details,
        make=lambda details: [{"name": name, "value": value} for name, value in details.items()] or None),
    *jobs_of(ImageStore),
), _store_zone)

SECONDARY_STORAGE = replace(IMAGE_STORE, key="secondarystorage")
"""The older command's answer: the same store under another key."""


def _template_places(query: Select[Any]) -> Select[Any]:
    """One row for each zone a template serves: one of all zones appears in each, as the reference has it."""
    serves = or_(Zone.id == Template.zone_id, Template.zone_id.is_(None) & Zone.removed.is_(None))
    return (
        with_owner(query, Template)
        .join(GuestOs, GuestOs.id == Template.guest_os_id).outerjoin(Zone, serves)
        .outerjoin(ImageStore, ImageStore.id == Template.image_store_id)
    )


_SENTENCES = {"Ready": "Download Complete", "Downloading": "Waiting for the download to begin"}
"""What clients expect to read when the download said nothing itself."""

TEMPLATE = View("template", Template, (
    col("id", "string", "The template's id.", Template.uuid),
    col("name", "string", "The template's name.", Template.name),
    col("displaytext", "string", "Text for people.", Template.display_text),
    col("ispublic", "boolean", "True when every account may use it.", Template.is_public),
    col("created", "date", "When it was registered.", Template.created),
    col("removed", "date", "When it was deleted.", Template.removed),
    col("isready", "boolean", "True when machines can be made from it.", Template.state,
        make=lambda state: state == "Ready"),
    col("passwordenabled", "boolean", "True when its guests take a password from the cloud.",
        Template.password_enabled),
    col("format", "imageformat", "The image's format, e.g. QCOW2.", Template.format),
    col("bootable", "boolean", "True when a machine can boot from it.", Template.bootable),
    col("isfeatured", "boolean", "True when it is shown among the recommended ones.", Template.is_featured),
    col("crossZones", "boolean", "True when it serves all zones.", Template.zone_id, make=lambda zone: zone is None),
    col("ostypeid", "string", "The guest operating system's id.", GuestOs.uuid),
    col("ostypename", "string", "Name of that operating system.", GuestOs.name),
    col("accountid", "string", "Id of the owner account.", Account.uuid),
    *OWNER,
    col("zoneid", "string", "The zone it serves.", Zone.uuid),
    col("zonename", "string", "Name of that zone.", Zone.name),
    col("status", "string", "How the download goes, went, or why it failed.", Template.status, Template.state,
        make=lambda status, state: status or _SENTENCES.get(state, state)),
    col("size", "long", "Size in bytes as a guest sees it, once it is ready.",
        Template.size, make=lambda size: size or None),
    col("templatetype", "string", "USER, BUILTIN, SYSTEM or ROUTING.", Template.type),
    col("hypervisor", "string", "The hypervisor it runs on.", Template.hypervisor),
    col("isextractable", "boolean", "True when it may be downloaded from the cloud.", Template.is_extractable),
    col("checksum", "string", "Checksum of the image as registered, else as stored.", Template.checksum,
        Template.stored_checksum, make=lambda declared, stored: declared or stored),
    unset("sourcetemplateid", "string", "The template this one was made from."),
    col("hostid", "string", "The image store that holds it.", ImageStore.uuid, admin=True),
    col("hostname", "string", "Name of that store.", ImageStore.name, admin=True),
    col("templatetag", "string", "Tag of the hosts its guests are placed on.", Template.tag, admin=True),
    col("details", "map", "Free key-value pairs that its machines inherit.",
        Template.details, make=lambda details: details or None),
    tags_of(Template),
    col("sshkeyenabled", "boolean", "True when its guests take an ssh key from the cloud.", Template.sshkey_enabled),
    col("isdynamicallyscalable", "boolean", "True when its guests can grow while they run.",
        Template.dynamically_scalable),
    *jobs_of(Template),
), _template_places)

TEMPLATE_PERMISSION = View("templatepermission", None, (
    unset("id", "string", "The template's id."),
    unset("ispublic", "boolean", "True when every account may use it."),
    unset("domainid", "string", "The domain of its owner."),
    unset("account", "list", "The accounts that were granted its use."),
    unset("projectids", "list", "The projects that were granted its use."),
    unset("jobid", "string", "The unfinished job that is changing this object."),
    unset("jobstatus", "integer", "The state of that job."),
))


def _volume_places(query: Select[Any]) -> Select[Any]:
    return (
        with_owner(query, Volume).join(Zone, Zone.id == Volume.zone_id).outerjoin(Vm, Vm.id == Volume.vm_id)
        .outerjoin(StoragePool, StoragePool.id == Volume.pool_id).outerjoin(Template, Template.id == Volume.template_id)
        .outerjoin(ServiceOffering, ServiceOffering.id == Volume.service_offering_id)
        .outerjoin(DiskOffering, DiskOffering.id == Volume.disk_offering_id)
    )


def _storage_type(pool: int | None, host: int | None, offered: str | None) -> str:
    """Where it is, or, not being anywhere yet, where its offering wants it."""
    if pool is not None:
        return "local" if host is not None else "shared"
    return offered or "shared"


def _rate(name: str) -> Any:
    """A limit of its disk offering, or, of a root disk, of its service offering."""
    return func.coalesce(getattr(DiskOffering, name), getattr(ServiceOffering, name))


VOLUME = View("volume", Volume, (
    col("id", "string", "The disk's id.", Volume.uuid),
    col("name", "string", "The disk's name.", Volume.name),
    col("zoneid", "string", "The zone it is in.", Zone.uuid),
    col("zonename", "string", "Name of that zone.", Zone.name),
    col("type", "string", "ROOT or DATADISK.", Volume.type),
    col("deviceid", "long", "Its position on the machine; none when detached.", Volume.device_id, Volume.vm_id,
        make=lambda device, vm: device if vm is not None else None),
    col("virtualmachineid", "string", "The machine it is attached to.", Vm.uuid),
    col("vmname", "string", "Name of that machine.", Vm.name),
    col("vmdisplayname", "string", "Display name of that machine.", Vm.display_name),
    col("vmstate", "string", "State of that machine.", Vm.state),
    col("size", "long", "Size in bytes.", Volume.size),
    unset("miniops", "long", "I/O operations per second it is promised."),
    unset("maxiops", "long", "I/O operations per second it may have."),
    col("created", "date", "When it was made.", Volume.created),
    col("state", "string", "Ready when it is on its pool.", Volume.state),
    *OWNER,
    col("storagetype", "string", "shared or local.", Volume.pool_id, StoragePool.host_id,
        func.coalesce(DiskOffering.storage_type, ServiceOffering.storage_type), make=_storage_type),
    col("diskBytesReadRate", "long", "Bytes per second it may read.", _rate("bytes_read_rate")),
    col("diskBytesWriteRate", "long", "Bytes per second it may write.", _rate("bytes_write_rate")),
    col("diskIopsReadRate", "long", "Reads per second it may do.", _rate("iops_read_rate")),
    col("diskIopsWriteRate", "long", "Writes per second it may do.", _rate("iops_write_rate")),
    col("hypervisor", "string", "The hypervisor it belongs to.", StoragePool.hypervisor, Vm.hypervisor,
        make=lambda pool, vm: pool or vm, admin=True),
    col("diskofferingid", "string", "The disk offering it was made from.", DiskOffering.uuid),
    col("diskofferingname", "string", "Name of that offering.", DiskOffering.name),
    col("diskofferingdisplaytext", "string", "Text of that offering.", DiskOffering.display_text),
    col("storage", "string", "Name of the pool it is on.", StoragePool.name, admin=True),
    unset("snapshotid", "string", "The snapshot it was made from."),
    col("attached", "date", "When it was attached to its machine.", Volume.attached),
    col("destroyed", "boolean", "True when its data waits to be deleted.", Volume.state,
        make=lambda state: state in {"Destroy", "Expunging", "Expunged"}),
    col("serviceofferingid", "string", "The service offering of a root disk.", ServiceOffering.uuid),
    col("serviceofferingname", "string", "Name of that offering.", ServiceOffering.name),
    col("serviceofferingdisplaytext", "string", "Text of that offering.", ServiceOffering.display_text),
    col("isextractable", "boolean", "True when it may be downloaded; a root disk when its template may.",
        Volume.type, Template.is_extractable, make=lambda kind, allowed: kind != "ROOT" or bool(allowed)),
    unset("status", "string", "How an upload into the disk goes."),
    tags_of(Volume),
    col("displayvolume", "boolean", "False when it is hidden from its owner.", Volume.display_volume, admin=True),
    col("path", "string", "Its file on the pool.", Volume.path, admin=True),
    col("storageid", "string", "The pool it is on.", StoragePool.uuid, admin=True, since="4.3"),
    unset("quiescevm", "boolean", "True when its machine must rest while a snapshot is taken.", since="4.3"),
    *jobs_of(Volume),
), _volume_places)
