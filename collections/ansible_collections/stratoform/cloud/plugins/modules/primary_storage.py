#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare primary storage."""

from __future__ import annotations

DOCUMENTATION = r"""
module: primary_storage
short_description: Declare primary storage
version_added: 0.1.0
description:
  - Adds storage pools, where the volumes of instances live, changes their tags and capacity, and removes them.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the pool.
    type: str
    required: true
  zone:
    description: Zone it is in.
    type: str
    required: true
  pod:
    description: Pod it is in, for a pool of one cluster. Cannot be changed.
    type: str
  cluster:
    description: Cluster whose hosts share it. Cannot be changed.
    type: str
  url:
    description:
      - Where the data lives, for instance V(nfs://storage/export/primary),
        V(SharedMountPoint://localhost/var/lib/stratoform/primary) or V(filesystem://localhost/srv/volumes).
      - Needed to create the pool; cannot be changed. Compared for these three kinds.
    type: str
  scope:
    description: Whether one cluster or the whole zone may use it. Cannot be changed.
    type: str
    choices: [cluster, zone, host]
  provider:
    description: Storage provider. Used on creation only.
    type: str
  hypervisor:
    description: Hypervisor of a zone-wide pool. Cannot be changed.
    type: str
  managed:
    description: Whether a storage system makes one unit of storage for each volume. Used on creation only.
    type: bool
  capacity_bytes:
    description: Bytes the cloud may give out of it, for managed storage. Used on creation only.
    type: int
  capacity_iops:
    description: Operations a second that the pool can serve.
    type: int
  tags:
    description: Tags that offerings ask for.
    type: list
    elements: str
  details:
    description: Details for the storage provider. Used on creation only.
    type: dict
  forced:
    description: With O(state=absent), remove the pool although volumes are left on it.
    type: bool
    default: false
  state:
    description: Whether there is such a pool.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare an NFS export as the cluster's storage
  stratoform.cloud.primary_storage:
    name: fast
    zone: paris
    pod: rack1
    cluster: kvm1
    url: nfs://10.0.1.5/export/primary
    tags: [ssd]
"""

RETURN = r"""
primary_storage:
  description: The pool as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The pool's id.
      type: str
      sample: d2b6ad13-4dbf-4b28-9d06-4b9b03f7b3d9
    name:
      description: Its name.
      type: str
      sample: fast
    type:
      description: Its kind.
      type: str
      sample: NetworkFilesystem
    ipaddress:
      description: The server.
      type: str
      sample: 10.0.1.5
    path:
      description: The path on the server or the host.
      type: str
      sample: /export/primary
    state:
      description: Up when it can be used.
      type: str
      sample: Up
    disksizetotal:
      description: Its size in bytes.
      type: int
      sample: 1099511627776
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Item, Resource, run

SCHEMES = {"nfs": "NetworkFilesystem", "sharedmountpoint": "SharedMountPoint", "filesystem": "Filesystem"}
LOCAL = ("SharedMountPoint", "Filesystem")


def place(type_: str, server: str, path: str) -> str:
    """Where a pool is, in one spelling; the server of a path on the hosts themselves says nothing."""
    server = "" if type_ in LOCAL else server.lower()
    return f"{type_}://{server}{path.rstrip('/') or '/'}"


def place_of(pool: Mapping[str, Any]) -> str | None:
    """The place of a pool the API shows, if its kind is one whose URL says it all."""
    if pool.get("type") not in SCHEMES.values():
        return None
    return place(pool["type"], pool.get("ipaddress") or "", pool.get("path") or "")


def tidy_url(url: str) -> str:
    """The place a URL means; a place is left as it is."""
    parts = urlsplit(url)
    kinds = {**SCHEMES, **{kind.lower(): kind for kind in SCHEMES.values()}}
    kind = kinds.get(parts.scheme)
    return place(kind, parts.netloc, parts.path) if kind else url


class PrimaryStorage(Resource):
    """A storage pool."""

    noun = "primary_storage"
    lists, creates = "listStoragePools", "createStoragePool"
    updates, deletes = "updateStoragePool", "deleteStoragePool"
    fields = (
        Field("name", key=True, narrows="name", on=CREATE, required=True),
        Field("zone", reference="zone", narrows="zoneid", immutable=True, on=CREATE, required=True),
        Field("pod", reference="pod", immutable=True, on=CREATE),
        Field("cluster", reference="cluster", immutable=True, on=CREATE),
        Field("url", shown=place_of, clean=tidy_url, immutable=True, on=CREATE),
        Field("scope", choices=("cluster", "zone", "host"), clean=str.lower, immutable=True, on=CREATE),
        Field("provider", shown=None, on=CREATE),
        Field("hypervisor", immutable=True, on=CREATE),
        Field("managed", shown=None, type="bool", on=CREATE),
        Field("capacity_bytes", shown=None, type="int", on=CREATE),
        Field("capacity_iops", type="int"),
        Field("tags", type="list", elements="str"),
        Field("details", shown=None, type="dict", on=CREATE),
        Field("forced", api=None, shown=None, type="bool", default=False),
    )

    def current(self, item: Item | None) -> dict[str, Any] | None:
        """A place the API's answer does not tell cannot be compared."""
        shown = super().current(item)
        if shown is not None and shown["url"] is None:
            del shown["url"]
        return shown

    def remove(self, item: Item) -> None:
        """Remove the pool, with its volumes when forced."""
        self.send(self.deletes, id=item["id"], forced=self.options["forced"])


def main() -> None:
    """Entry point."""
    run(PrimaryStorage)


if __name__ == "__main__":
    main()
