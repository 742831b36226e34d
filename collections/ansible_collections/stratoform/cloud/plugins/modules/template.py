#!/usr/bin/python
# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declare a template."""

from __future__ import annotations

DOCUMENTATION = r"""
module: template
short_description: Declare a template
version_added: 0.1.0
description:
  - Registers templates, the images that instances start from, changes what is said of them, and deletes them.
  - Waits until the image has been fetched and checked. The result tells the steps that were seen.
  - A template whose image could not be fetched is registered anew, so that repeating after the repair works.
author: Stratoform contributors (@stratoform)
options:
  name:
    description: Name of the template.
    type: str
    required: true
  zone:
    description: Zone it is in.
    type: str
    required: true
  display_text:
    description: Text that people see. The name when a template is registered without.
    type: str
  url:
    description:
      - Where the image is fetched from, for instance V(https://images/debian.qcow2) or V(file:///srv/images/tiny.qcow2).
      - Needed to register the template. The API does not show it, so it is not compared; O(checksum) is.
    type: str
  checksum:
    description:
      - Checksum of the image, for instance V(sha256:9f86...) or V(md5:d8e8...), verified when the image is fetched.
      - The image of a template in use cannot be replaced. When the template has another one than declared, the module
        warns; register the new image under another name.
    type: str
  format:
    description: Format of the image, for instance V(QCOW2). Needed to register the template; cannot be changed.
    type: str
  hypervisor:
    description: Hypervisor it is for, for instance V(KVM). Needed to register the template; cannot be changed.
    type: str
  os_type:
    description: Operating system in it, for instance V(Debian GNU/Linux 12 (64-bit)). Needed to register the template.
    type: str
  bits:
    description: Word size of the operating system. Used when the template is registered.
    type: int
    choices: [32, 64]
  requires_hvm:
    description: Whether it needs hardware virtualisation. Used when the template is registered.
    type: bool
  is_public:
    description: Whether every account may use it.
    type: bool
  is_featured:
    description: Whether it is shown first.
    type: bool
  is_extractable:
    description: Whether people may download it.
    type: bool
  is_dynamically_scalable:
    description: Whether running instances may be given more memory and processors.
    type: bool
  is_routing:
    description: Whether routers are made from it. Used when the template is registered.
    type: bool
  password_enabled:
    description: Whether the operating system in it takes passwords from the cloud.
    type: bool
  ssh_key_enabled:
    description: Whether the operating system in it takes SSH keys from the cloud. Cannot be changed.
    type: bool
  template_tag:
    description: Tag of the hosts on which its instances run. Cannot be changed.
    type: str
  details:
    description: Free details. Only the given ones are compared.
    type: dict
  sort_key:
    description: Place in lists. Set when the template is registered; the API does not show it.
    type: int
  domain:
    description: Domain (name, path or id) of O(account). Cannot be changed.
    type: str
  account:
    description: Account that owns the template. The caller's own when not given. Cannot be changed.
    type: str
  project:
    description: Project that owns the template. Cannot be changed.
    type: str
  template_filter:
    description: Among which templates the name is looked for.
    type: str
    choices: [all, community, executable, featured, self, selfexecutable, sharedexecutable]
    default: self
  state:
    description: Whether there is such a template in the zone.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description: Whether to wait until the template can be used.
    type: bool
    default: true
extends_documentation_fragment: stratoform.cloud.api
"""

EXAMPLES = r"""
- name: Declare a template
  stratoform.cloud.template:
    name: debian12
    zone: paris
    url: https://images/debian-12-genericcloud-amd64.qcow2
    checksum: sha256:7f1f0d3f2a6f9fdb1c1e7a4bb1d1d0e0f3a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7
    format: QCOW2
    hypervisor: KVM
    os_type: Debian GNU/Linux 12 (64-bit)
    is_public: true
"""

RETURN = r"""
template:
  description: The template as the API shows it; empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The template's id.
      type: str
      sample: 8c7a4d6d-41a4-45d3-8d4b-cc4b4e9e4c1d
    name:
      description: Its name.
      type: str
      sample: debian12
    isready:
      description: Whether instances can start from it.
      type: bool
      sample: true
    status:
      description: How far its download is.
      type: str
      sample: Download Complete
    size:
      description: Size of its disk in bytes.
      type: int
      sample: 2147483648
    checksum:
      description: Checksum of the image.
      type: str
      sample: d8e8fca2dc0f896fd7cb4cb0031ba249
    progress:
      description: The different states of the download that were seen while waiting.
      type: list
      elements: str
      sample: [30% Downloaded, Download Complete]
"""

import re
from collections.abc import Sequence

from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError
from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import Item, Resource, run

PERMISSIONS = ("is_public", "is_featured", "is_extractable")
FILTERS = ("all", "community", "executable", "featured", "self", "selfexecutable", "sharedexecutable")
UNDERWAY = re.compile(
    r"\d+% Downloaded|Not Downloaded|Download Complete|(Waiting|Queued|Downloading|Installing|Processing|Creating)\b.*|"
)
"""What the status says while nothing is wrong; everything else is the reason of a failure."""


def digest(checksum: str) -> str:
    """A checksum without the name of its algorithm; its length tells that."""
    return re.split(r"[:}]", checksum.strip())[-1].lower()


def broken(template: Item) -> bool:
    """Whether the image could not be fetched and nobody is fetching it."""
    return not template.get("isready") and not UNDERWAY.fullmatch(str(template.get("status") or ""))


class Template(Resource):
    """A template in one zone."""

    noun = "template"
    lists, creates, updates, deletes = "listTemplates", "registerTemplate", "updateTemplate", "deleteTemplate"
    waits = True
    states = {"present": {"usable": True}, "absent": None}
    fields = (
        Field("name", key=True, narrows="name", on=CREATE, required=True),
        Field("zone", reference="zone", narrows="zoneid", immutable=True, on=CREATE, required=True),
        Field("display_text"),
        Field("url", shown=None, on=CREATE),
        Field("checksum", shown=None, on=CREATE),
        Field("format", clean=str.upper, immutable=True, on=CREATE),
        Field("hypervisor", immutable=True, on=CREATE),
        Field("os_type", reference="os_type"),
        Field("bits", shown=None, type="int", choices=(32, 64), on=CREATE),
        Field("requires_hvm", shown=None, type="bool", on=CREATE),
        Field("is_public", type="bool"),
        Field("is_featured", type="bool"),
        Field("is_extractable", type="bool"),
        Field("is_dynamically_scalable", type="bool"),
        Field("is_routing", shown=None, type="bool", on=CREATE),
        Field("password_enabled", type="bool", no_log=False),
        Field("ssh_key_enabled", type="bool", immutable=True, on=CREATE, no_log=False),
        Field("template_tag", immutable=True, on=CREATE),
        Field("details", type="dict"),
        Field("sort_key", shown=None, type="int", on=UPDATE, no_log=False),
        Field("domain", reference="domain", narrows="domainid", immutable=True, on=CREATE),
        Field("account", narrows="account", immutable=True, on=CREATE),
        Field("project", reference="project", narrows="projectid", immutable=True, on=CREATE),
        Field("template_filter", api=None, shown=None, narrows="templatefilter", choices=FILTERS, default="self"),
        Field("usable", api=None, shown=lambda item: not broken(item), type="bool", option=False),
    )
    rules = {"required_by": {"account": ("domain",)}}

    def find(self) -> Item | None:
        """The template; warns when its image is another one than declared."""
        item = super().find()
        there, declared = digest((item or {}).get("checksum") or ""), digest(self.options["checksum"] or "")
        if len(there) == len(declared) and there != declared:
            self.warnings.append(f"The image of {self.title} has checksum {there}, declared is {declared}.")
        return item

    def choose(self, found: Sequence[Item]) -> Item | None:
        """A name is free again once its download failed: a good template before a broken one."""
        return super().choose([item for item in found if not broken(item)] or found[-1:])

    def create(self) -> Item:
        """The API wants a text for people; the name is one."""
        arguments = self.arguments(field for field in self.fields if field.on != UPDATE)
        return self.send(self.creates, **{**arguments, "displaytext": arguments["displaytext"] or self.options["name"]})

    def change(self, item: Item, names: object) -> Item:
        """Fetch a broken image again; permissions have a command of their own."""
        if "usable" in names:
            self.remove(item)
            return self.complete(self.create())
        allowed = [field for field in self.fields if field.name in names and field.name in PERMISSIONS]
        if allowed:
            self.send("updateTemplatePermissions", id=item["id"], **self.arguments(allowed))
        rest = [name for name in names if name not in PERMISSIONS]
        return super().change(item, rest) if rest else self.find() or item

    def remove(self, item: Item) -> None:
        """Delete the template from its zone; it may live on in others."""
        self.send(self.deletes, id=item["id"], zoneid=item.get("zoneid"))

    def settle(self, item: Item) -> Item:
        """Wait until the image is there, keeping what was seen."""
        self.doing = "download"
        seen: list[str] = []

        def ready(template: Item) -> bool:
            status = str(template.get("status") or "")
            if status and status not in seen:
                seen.append(status)
            if broken(template):
                raise CloudError(status)
            return bool(template.get("isready"))

        return {**self.watch(item, ready, "status"), "progress": seen}


def main() -> None:
    """Entry point."""
    run(Template)


if __name__ == "__main__":
    main()
