#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare secondary storage."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secondary_storage
short_description: Declare secondary storage
version_added: 0.1.0
description:
  - Adds image stores, where templates, ISOs and snapshots live, and removes them.
  - The API of release 4.3 cannot change an image store.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the store.
    type: str
    required: true
  zone:
    description: Zone it serves. Not for stores that serve all zones.
    type: str
  url:
    description:
      - Where it lives, for instance V(nfs://storage/export/secondary), or V(file:///var/lib/stratoform/secondary)
        for a directory of the management machine.
    type: str
  provider:
    description: Kind of the store, for instance V(NFS), V(Directory), V(S3).
    type: str
    default: NFS
  details:
    description: Details for the provider, such as keys and buckets. Used on creation only.
    type: dict
  state:
    description: Whether there is such a store.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare an NFS export as the zone's image store
  stratoform.cloud.secondary_storage:
    name: images
    zone: paris
    url: nfs://10.0.1.5/export/secondary
"""

RETURN = r"""
secondary_storage:
  description: The store as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The store's id.
      type: str
      sample: 7c2f0f77-30fa-4f03-a4e2-0b64d2e7d5d3
    name:
      description: Its name.
      type: str
      sample: images
    url:
      description: Where it lives.
      type: str
      sample: nfs://10.0.1.5/export/secondary
    providername:
      description: Its kind.
      type: str
      sample: NFS
    zonename:
      description: The zone it serves.
      type: str
      sample: paris
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.field import Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Resource, run


class SecondaryStorage(Resource):
    """An image store."""

    noun = "secondary_storage"
    lists, creates, deletes = "listImageStores", "addImageStore", "deleteImageStore"
    fields = (
        Field("name", key=True, narrows="name", required=True),
        Field("zone", reference="zone", narrows="zoneid"),
        Field("url", clean=lambda url: url.rstrip("/")),
        Field("provider", shown="providername", default="NFS"),
        Field("details", shown=None, type="dict", pairs=True),
    )


def main() -> None:
    """Entry point."""
    run(SecondaryStorage)


if __name__ == "__main__":
    main()
