# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The instances of a cloud as an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: instances
short_description: The instances of a cloud as an inventory
version_added: 0.1.0
author: Stratoform contributors (@stratoform)
description:
  - Lists the instances of a cloud that speaks the CloudStack API, with their addresses and what else is known of them.
  - The file that configures it is called C(stratoform.yml), C(stratoform.yaml) or ends in C(.stratoform.yml).
  - Credentials are found as the collection's modules find them. These are the environment variables and the
    configuration file of the C(cs) client, unless options say otherwise.
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [stratoform.cloud.instances]
  api_url:
    description: URL of the cloud's API.
    type: str
  api_key:
    description: API key.
    type: str
  api_secret:
    description: Secret that belongs to O(api_key).
    type: str
  api_timeout:
    description: Seconds that one request may take.
    type: float
  api_http_method:
    description: How requests are sent.
    type: str
    choices: [get, post]
  api_config:
    description: Path of the configuration file.
    type: path
  api_region:
    description: Section of the configuration file.
    type: str
  validate_certs:
    description: Whether the API's TLS certificate is checked.
    type: bool
  zone:
    description: Only the instances of this zone (name or id).
    type: str
  domain:
    description: Only the instances of this domain (name, path or id).
    type: str
  account:
    description: Only the instances of this account of O(domain).
    type: str
  project:
    description: Only the instances of this project.
    type: str
  list_all:
    description: Whether to list the instances of other accounts that the caller may see.
    type: bool
    default: false
  states:
    description: Only instances in these states; with an empty list those in any state.
    type: list
    elements: str
    default: [Running]
  hostname:
    description:
      - What an instance is called in the inventory.
      - Where two would share a name, the later ones get their id added.
    type: str
    choices: [name, displayname, instancename, id, ip]
    default: name
  network:
    description:
      - Network (name or id) whose address becomes C(ansible_host).
      - The default network's when not given; an instance that is not in the network gets none.
    type: str
  add_groups:
    description:
      - Whether to make groups of the zone, the instance group, the tags, the state, the template and the service
        offering.
      - Their names are, for instance, C(zone_paris), C(group_web), C(tag_role_web), C(state_running).
    type: bool
    default: true
  vars_prefix:
    description: Prefix of the host variables, which carry what the API shows of an instance.
    type: str
    default: stratoform_
"""

EXAMPLES = r"""
# stratoform.yml: all running instances
plugin: stratoform.cloud.instances

# Those of one zone; log in as root; groups by size
# plugin: stratoform.cloud.instances
# zone: paris
# compose:
#   ansible_user: "'root'"
# keyed_groups:
#   - key: stratoform_memory | string
#     prefix: mb
"""

from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.stratoform.cloud.plugins.module_utils.api import Api
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError
from ansible_collections.stratoform.cloud.plugins.module_utils.reference import Directory
from ansible_collections.stratoform.cloud.plugins.module_utils.settings import read_settings

ENDINGS = ("stratoform.yml", "stratoform.yaml")
API_OPTIONS = (
    "api_url",
    "api_key",
    "api_secret",
    "api_timeout",
    "api_http_method",
    "api_config",
    "api_region",
    "validate_certs",
)
SCOPE = {"zone": "zoneid", "domain": "domainid", "account": "account", "project": "projectid"}
Instance = dict[str, Any]


def address(instance: Instance, network: str | None) -> str | None:
    """The instance's address in a network (name or id), or in its default network."""
    nics = instance.get("nic") or []
    if network:
        nics = [nic for nic in nics if network in (nic.get("networkname"), nic.get("networkid"))]
    chosen = next((nic for nic in nics if nic.get("isdefault")), nics[0] if nics else {})
    return chosen.get("ipaddress") or chosen.get("ip6address")


def group_names(instance: Instance) -> list[str]:
    """The groups an instance is in, not yet made safe for Ansible."""
    facts = {
        "zone": instance.get("zonename"),
        "group": instance.get("group"),
        "state": str(instance.get("state", "")).lower(),
        "template": instance.get("templatename"),
        "offering": instance.get("serviceofferingname"),
    }
    tags = [f"tag_{tag['key']}_{tag['value']}" for tag in instance.get("tags") or []]
    return [f"{kind}_{name}" for kind, name in facts.items() if name] + tags


def host_names(instances: list[Instance], by: str) -> list[str]:
    """One name for each instance; of several with the same name the later ones get their id added.

    A name with a brace could be read as a template where it is used, so the id stands in for it.
    """
    taken: set[str] = set()
    names = []
    for instance in instances:
        name = str((address(instance, None) if by == "ip" else instance.get(by)) or instance["id"])
        name = str(instance["id"]) if "{" in name else name
        names.append(name if name not in taken else f"{name}-{instance['id']}")
        taken.add(names[-1])
    return names


def literal(value: Any) -> Any:
    """A value of the API as a variable: people wrote it, so what looks like a template never is one.

    From ansible-core 2.19 on no text of an API is; before, text is unless it is marked.
    """
    if isinstance(value, dict):
        return {key: literal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [literal(inner) for inner in value]
    return wrap_var(value) if isinstance(value, str) and "{" in value else value


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Ansible's entry point."""

    NAME = "stratoform.cloud.instances"

    def verify_file(self, path: str) -> bool:
        """Whether the file is one of ours, by its name."""
        return bool(super().verify_file(path)) and path.endswith(ENDINGS)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Read the file, list the instances, or take them from the cache."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        key = self.get_cache_key(path)
        instances = self._cached(key) if cache else None
        if instances is None:
            instances = self._listed()
            if self.get_option("cache"):
                self._cache[key] = instances
        states = self.get_option("states")
        wanted = [instance for instance in instances if not states or instance.get("state") in states]
        for name, instance in zip(host_names(wanted, self.get_option("hostname")), wanted):
            self._add(name, instance)

    def _cached(self, key: str) -> list[Instance] | None:
        return self._cache.get(key) if self.get_option("cache") else None

    def _listed(self) -> list[Instance]:
        options = {name: self.get_option(name) for name in (*API_OPTIONS, *SCOPE)}
        try:
            api = Api(read_settings(options))
            scope = Directory(api, options).scope(SCOPE)
            everyone = {"listall": True} if self.get_option("list_all") else {}
            return api.list("listVirtualMachines", **everyone, **scope)
        except CloudError as error:
            raise AnsibleParserError(f"Failed to list instances: {error}") from error

    def _add(self, name: str, instance: Instance) -> None:
        """One host: its variables, then the groups made of them."""
        self.inventory.add_host(name)
        prefix = self.get_option("vars_prefix")
        variables = {f"{prefix}{field}": value for field, value in instance.items()}
        host = address(instance, self.get_option("network"))
        if host:
            variables["ansible_host"] = host
        for variable, value in variables.items():
            self.inventory.set_variable(name, variable, literal(value))
        for group in group_names(instance) if self.get_option("add_groups") else []:
            self.inventory.add_child(self.inventory.add_group(self._sanitize_group_name(group)), name)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)
