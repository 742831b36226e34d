"""Service and disk offerings, guest operating systems, key pairs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Select

from stratoform.commands.frame.view import View, col, csv, jobs_of, unset
from stratoform.model.compute import GuestOs, GuestOsCategory, ServiceOffering, SshKeyPair
from stratoform.model.storage import DiskOffering
from stratoform.model.tenancy import Domain

GIB = 2**30


def _offering_domain(query: Select[Any]) -> Select[Any]:
    return query.outerjoin(Domain, Domain.id == ServiceOffering.domain_id)


SERVICE_OFFERING = View("serviceoffering", ServiceOffering, (
    col("id", "string", "The offering's id.", ServiceOffering.uuid),
    col("name", "string", "The offering's name.", ServiceOffering.name),
    col("displaytext", "string", "Text for people.", ServiceOffering.display_text),
    col("cpunumber", "integer", "Number of CPUs; none when the deployer chooses.", ServiceOffering.cpus),
    col("cpuspeed", "integer", "Speed of each CPU in MHz; none when the deployer chooses.", ServiceOffering.speed),
    col("memory", "integer", "Memory in MB; none when the deployer chooses.", ServiceOffering.memory),
    col("created", "date", "When it was made.", ServiceOffering.created),
    col("storagetype", "string", "shared or local: where the root disk is placed.", ServiceOffering.storage_type),
    col("offerha", "boolean", "True when machines are restarted elsewhere if their host dies.",
        ServiceOffering.offer_ha),
    col("limitcpuuse", "boolean", "True when spare CPU is withheld too.", ServiceOffering.limit_cpu),
    col("isvolatile", "boolean", "True when every reboot starts from a fresh root disk.", ServiceOffering.volatile),
    col("tags", "string", "Storage tags the root disk needs, joined by commas.", ServiceOffering.tags, make=csv),
    col("domainid", "string", "The domain it is for; none: for all.", Domain.uuid),
    col("domain", "string", "Name of that domain.", Domain.name),
    col("hosttags", "string", "Tags a host needs, joined by commas.", ServiceOffering.host_tags, make=csv),
    col("issystem", "boolean", "True when it is for the cloud's own machines.", ServiceOffering.is_system),
    col("defaultuse", "boolean", "True when the cloud's own machines use it unless told otherwise.",
        ServiceOffering.default_use),
    col("systemvmtype", "string", "The kind of system machine it is for.", ServiceOffering.system_vm_type),
    col("networkrate", "integer", "Megabits per second a machine may send.", ServiceOffering.network_rate),
    col("diskBytesReadRate", "long", "Bytes per second the root disk may read.", ServiceOffering.bytes_read_rate),
    col("diskBytesWriteRate", "long", "Bytes per second the root disk may write.", ServiceOffering.bytes_write_rate),
    col("diskIopsReadRate", "long", "Reads per second the root disk may do.", ServiceOffering.iops_read_rate),
    col("diskIopsWriteRate", "long", "Writes per second the root disk may do.", ServiceOffering.iops_write_rate),
    col("deploymentplanner", "string", "How its machines are placed.", ServiceOffering.planner),
    col("serviceofferingdetails", "map", "Free key-value pairs.",
        ServiceOffering.details, make=lambda details: details or None, since="4.2.0"),
    col("iscustomized", "boolean", "True when the deployer chooses some of CPUs, speed and memory.",
        ServiceOffering.cpus,
        ServiceOffering.speed, ServiceOffering.memory, make=lambda *sizes: None in sizes, since="4.3.0"),
    *jobs_of(ServiceOffering),
), _offering_domain)


def _disk_offering_domain(query: Select[Any]) -> Select[Any]:
    return query.outerjoin(Domain, Domain.id == DiskOffering.domain_id)


DISK_OFFERING = View("diskoffering", DiskOffering, (
    col("id", "string", "The offering's id.", DiskOffering.uuid),
    col("domainid", "string", "The domain it is for; none: for all.", Domain.uuid),
    col("domain", "string", "Name of that domain.", Domain.name),
    col("name", "string", "The offering's name.", DiskOffering.name),
    col("displaytext", "string", "Text for people.", DiskOffering.display_text),
    col("disksize", "long", "Size in GB; 0 when who makes the disk chooses.", DiskOffering.size,
        make=lambda size: size // GIB),
    col("created", "date", "When it was made.", DiskOffering.created),
    col("iscustomized", "boolean", "True when who makes the disk chooses its size.", DiskOffering.customized),
    col("iscustomizediops", "boolean", "True when who makes the disk chooses its I/O operations per second.",
        DiskOffering.id, make=lambda _id: False),
    unset("miniops", "long", "I/O operations per second its disks are promised."),
    unset("maxiops", "long", "I/O operations per second its disks may have."),
    col("tags", "string", "Storage tags its disks need, joined by commas.", DiskOffering.tags, make=csv),
    col("storagetype", "string", "shared or local: where its disks are placed.", DiskOffering.storage_type),
    col("provisioningtype", "string", "thin: room is taken when it is written to.", DiskOffering.id,
        make=lambda _id: "thin", since="4.4"),
    col("diskBytesReadRate", "long", "Bytes per second its disks may read.", DiskOffering.bytes_read_rate),
    col("diskBytesWriteRate", "long", "Bytes per second its disks may write.", DiskOffering.bytes_write_rate),
    col("diskIopsReadRate", "long", "Reads per second its disks may do.", DiskOffering.iops_read_rate),
    col("diskIopsWriteRate", "long", "Writes per second its disks may do.", DiskOffering.iops_write_rate),
    col("displayoffering", "boolean", "False when only root administrators see it.", DiskOffering.display_offering),
    *jobs_of(DiskOffering),
), _disk_offering_domain)

GUEST_OS_CATEGORY = View("oscategory", GuestOsCategory, (
    col("id", "string", "The category's id.", GuestOsCategory.uuid),
    col("name", "string", "The category's name.", GuestOsCategory.name),
    *jobs_of(GuestOsCategory),
))


def _os_category(query: Select[Any]) -> Select[Any]:
    return query.join(GuestOsCategory, GuestOsCategory.id == GuestOs.category_id)


GUEST_OS = View("ostype", GuestOs, (
    col("id", "string", "The operating system's id.", GuestOs.uuid),
    col("oscategoryid", "string", "The category it belongs to.", GuestOsCategory.uuid),
    col("description", "string", "Its name and version.", GuestOs.name),
    *jobs_of(GuestOs),
), _os_category)

SSH_KEY_PAIR = View("keypair", SshKeyPair, (
    col("name", "string", "The pair's name.", SshKeyPair.name),
    col("fingerprint", "string", "MD5 of the public key, in hexadecimal pairs joined by colons.",
        SshKeyPair.fingerprint),
    *jobs_of(SshKeyPair),
))

SSH_KEY_PAIRS = replace(SSH_KEY_PAIR, key="sshkeypair")
"""The same in lists, where the reference uses another key."""

NEW_SSH_KEY_PAIR = replace(SSH_KEY_PAIR, fields=(
    unset("privatekey", "string", "The private key, shown this once and kept nowhere."), *SSH_KEY_PAIR.fields,
))
