#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep an image in secondary storage."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_image
short_description: Keep an image in secondary storage
version_added: 0.1.0
description:
  - Fetches an image, with limits on size, time and redirects, and verifies its checksum and format.
  - Images that refer to other files (backing file, data file, extents) are refused.
  - A failure leaves nothing, so it can be repeated after the cause is gone.
author: Stratoform contributors (@stratoform)
requirements: [qemu-img]
options:
  store_url:
    description: The store, C(file:///directory) or C(nfs://host/export).
    type: str
    required: true
  path:
    description: Path of the image below the store.
    type: str
    required: true
  url:
    description: Where the image comes from, C(http://), C(https://) or C(file:///). Needed to have it present.
    type: str
  checksum:
    description:
      - Digest the image must have, C(algorithm:hex), C({ALGORITHM}hex) or hex alone, told by its length.
      - Algorithms are md5, sha1, sha224, sha256, sha384 and sha512.
    type: str
  format:
    description: Format the image must really have.
    type: str
    choices: [QCOW2, RAW, VHD, VMDK, ISO]
    default: QCOW2
  max_bytes:
    description: Largest image that is taken.
    type: int
    default: 53687091200
  timeout_s:
    description: Seconds the transfer may take.
    type: int
    default: 14400
  state:
    description: Whether the image is there.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: [ansible.builtin.action_common_attributes]
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: linux
"""

EXAMPLES = r"""
- name: Fetch a template
  stratoform.cloud.node_image:
    store_url: nfs://nfs.example.org/export/secondary
    path: template/tmpl/1/201/debian.qcow2
    url: https://images.example.org/debian-12.qcow2
    checksum: sha256:7a5e1a8d1f9c6c2f4a6b0f3a5f0f2d3c7a5e1a8d1f9c6c2f4a6b0f3a5f0f2d3c
"""

RETURN = r"""
image:
  description: The image; empty when it is absent.
  returned: success
  type: dict
  contains:
    path:
      description: Its file.
      type: str
    virtual_size_bytes:
      description: Size a guest sees.
      type: int
      sample: 67108864
    physical_size_bytes:
      description: Size of its file.
      type: int
      sample: 17233408
    checksum:
      description: Its digest; null in check mode before it is fetched.
      type: str
      sample: "sha256:54a9..."
"""

from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import serve
from ansible_collections.stratoform.cloud.plugins.module_utils.node.store_images import StoreImage


def main() -> None:
    """Run as an Ansible module."""
    serve(
        StoreImage,
        {
            "store_url": {"type": "str", "required": True},
            "path": {"type": "str", "required": True},
            "url": {"type": "str"},
            "checksum": {"type": "str"},
            "format": {"type": "str", "choices": ["QCOW2", "RAW", "VHD", "VMDK", "ISO"], "default": "QCOW2"},
            "max_bytes": {"type": "int", "default": 53687091200},
            "timeout_s": {"type": "int", "default": 14400},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("url",))],
    )


if __name__ == "__main__":
    main()
