# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names instead of ids: how each kind of object is found by what people call it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.stratoform.cloud.plugins.module_utils.api import Api
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError, NotFoundError
from ansible_collections.stratoform.cloud.plugins.module_utils.planner import Named

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Reference:
    """How to find one kind of object.

    Attributes:
        command: lists them.
        parameter: what commands and answers call its id.
        label: what answers call its name.
        match: the fields of the listed object that may carry the name.
        search: the list parameter that narrows by name.
        within: option to list parameter: where the name has to be unique.
        extra: fixed parameters of the list command.
    """

    command: str
    parameter: str
    label: str
    match: Sequence[str] = ("name",)
    search: str | None = "name"
    within: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


_ZONE = {"zone": "zoneid"}
_OWNER = {"domain": "domainid", "account": "account", "project": "projectid"}

REFERENCES: Mapping[str, Reference] = {
    "zone": Reference("listZones", "zoneid", "zonename"),
    "pod": Reference("listPods", "podid", "podname", within=_ZONE),
    "cluster": Reference("listClusters", "clusterid", "clustername", within={**_ZONE, "pod": "podid"}),
    "host": Reference("listHosts", "hostid", "hostname", within=_ZONE, extra={"type": "Routing"}),
    "physical_network": Reference("listPhysicalNetworks", "physicalnetworkid", "physicalnetworkname", within=_ZONE),
    "domain": Reference(
        "listDomains", "domainid", "domain", match=("name", "path"), search=None, extra={"listall": True}
    ),
    "parent_domain": Reference(
        "listDomains",
        "parentdomainid",
        "parentdomainname",
        match=("name", "path"),
        search=None,
        extra={"listall": True},
    ),
    "role": Reference("listRoles", "roleid", "rolename"),
    "project": Reference("listProjects", "projectid", "project", extra={"listall": True}),
    "network": Reference("listNetworks", "networkid", "networkname", search="keyword", within={**_ZONE, **_OWNER}),
    "vpc": Reference("listVPCs", "vpcid", "vpcname", within={**_ZONE, **_OWNER}),
    "network_acl": Reference("listNetworkACLLists", "aclid", "aclname", within={"vpc": "vpcid"}),
    "network_offering": Reference("listNetworkOfferings", "networkofferingid", "networkofferingname"),
    "service_offering": Reference("listServiceOfferings", "serviceofferingid", "serviceofferingname"),
    "disk_offering": Reference("listDiskOfferings", "diskofferingid", "diskofferingname"),
    "template": Reference(
        "listTemplates", "templateid", "templatename", within=_ZONE, extra={"templatefilter": "executable"}
    ),
    "os_type": Reference("listOsTypes", "ostypeid", "ostypename", match=("description",), search="description"),
    "os_category": Reference("listOsCategories", "oscategoryid", "oscategoryname"),
}


class Directory:
    """Looks names up, each at most once.

    Args:
        api: the cloud.
        options: the module's options; those a reference names in ``within`` narrow the search.
    """

    def __init__(self, api: Api, options: Mapping[str, Any]) -> None:
        self._api = api
        self._options = options
        self._found: dict[tuple[str, str], Named] = {}

    def find(self, kind: str, name: str) -> Named:
        """The object of that kind with that name; an id is taken at its word, the cloud checks it.

        Raises:
            NotFoundError: there is none, or none where the other options say.
            CloudError: there are several.
        """
        if UUID.fullmatch(name):
            return Named(name, name)
        if (kind, name) not in self._found:
            self._found[kind, name] = self._look_up(kind, name)
        return self._found[kind, name]

    def scope(self, within: Mapping[str, str]) -> dict[str, Any]:
        """The list parameters that narrow a search to where the module's options point."""
        given = {option: parameter for option, parameter in within.items() if self._options.get(option)}
        return {
            parameter: self.find(option, self._options[option]).id if option in REFERENCES else self._options[option]
            for option, parameter in given.items()
        }

    def _look_up(self, kind: str, name: str) -> Named:
        row = REFERENCES[kind]
        narrowed: dict[str, Any] = {**row.extra, **self.scope(row.within)}
        if row.search:
            narrowed[row.search] = name
        items = self._api.list(row.command, **narrowed)
        ids = {item["id"]: item for item in items if name in [item.get(key) for key in row.match]}
        word = kind.replace("_", " ")
        if not ids:
            raise NotFoundError(f"there is no {word} {name!r}{self._where(row)}")
        if len(ids) > 1:
            raise CloudError(f"{len(ids)} {word}s are called {name!r}: give the id of one ({', '.join(ids)})")
        return Named(name, next(iter(ids)))

    def _where(self, row: Reference) -> str:
        places = [f"{option} {self._options[option]!r}" for option in row.within if self._options.get(option)]
        return " in " + ", ".join(places) if places else ""
