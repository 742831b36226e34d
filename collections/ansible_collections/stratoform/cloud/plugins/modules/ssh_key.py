#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare an SSH key pair."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_key
short_description: Declare an SSH key pair
version_added: 0.1.0
description:
  - Registers public keys that instances let in, and deletes them.
  - Without O(public_key) the cloud makes a pair, and the private half is returned once, by the task that made it.
  - Keys are compared by the MD5 fingerprint the API shows. Another key under the same name replaces the one
    that is there. Instances keep the key they were deployed with.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the key pair.
    type: str
    required: true
  public_key:
    description: Public half, as in a C(.pub) file.
    type: str
  domain:
    description: Domain (name, path or id) of O(account).
    type: str
  account:
    description: Account that owns the key pair. The caller's own when not given.
    type: str
  project:
    description: Project that owns the key pair.
    type: str
  state:
    description: Whether there is such a key pair.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a key
  stratoform.cloud.ssh_key:
    name: alice
    public_key: "{{ lookup('ansible.builtin.file', '~/.ssh/id_ed25519.pub') }}"
"""

RETURN = r"""
ssh_key:
  description: The key pair as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: alice
    fingerprint:
      description: MD5 fingerprint of the public half.
      type: str
      sample: 4c:19:93:9b:4c:92:d4:2e:9a:7a:5b:0b:43:2f:10:6e
    privatekey:
      description: Private half, from the task that had the cloud make the pair.
      type: str
      sample: "-----BEGIN RSA PRIVATE KEY-----..."
"""

import base64
import binascii
import hashlib
import re

from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError
from ansible_collections.stratoform.cloud.plugins.module_utils.field import Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Item, Resource, run

FINGERPRINT = re.compile(r"([0-9a-f]{2}:){15}[0-9a-f]{2}")


def fingerprint(key: str) -> str:
    """The MD5 fingerprint (RFC 4716, section 4) of a public key; a fingerprint is left as it is."""
    if FINGERPRINT.fullmatch(key):
        return key
    try:
        blob = base64.b64decode(key.split()[1], validate=True)
    except (IndexError, binascii.Error):
        raise CloudError("public_key is not an OpenSSH public key (type, base64 text, comment)") from None
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[at : at + 2] for at in range(0, 32, 2))


class SshKey(Resource):
    """A key pair, known by its name within an account."""

    noun = "ssh_key"
    lists, creates, deletes = "listSSHKeyPairs", "registerSSHKeyPair", "deleteSSHKeyPair"
    replaceable = True
    fields = (
        Field("name", key=True, narrows="name", required=True),
        Field("public_key", shown="fingerprint", clean=fingerprint, no_log=False),
        Field("domain", reference="domain", shown=None, narrows="domainid"),
        Field("account", shown=None, narrows="account"),
        Field("project", reference="project", shown=None, narrows="projectid"),
    )
    rules = {"required_by": {"account": ("domain",)}}

    def create(self) -> Item:
        """Register the public half, or have the cloud make both."""
        arguments = self.arguments(self.fields)
        return self.send(self.creates if arguments["publickey"] else "createSSHKeyPair", **arguments)

    def remove(self, item: Item) -> None:
        """Key pairs have no id in release 4.3."""
        owner = [field for field in self.fields if field.name in ("domain", "account", "project")]
        self.send(self.deletes, name=item["name"], **self.arguments(owner))


def main() -> None:
    """Entry point."""
    run(SshKey)


if __name__ == "__main__":
    main()
