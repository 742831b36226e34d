"""How to call each command so that an administrator succeeds in the world of ``world.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOrMU/nS1A9xXDCUpNAIj4zX+mAZv999TabWU07m3UWO somebody"
_PLACE = {"zoneid": "@zone", "podid": "@pod", "clusterid": "@cluster"}
_SUBNET = {"gateway": "10.9.1.1", "netmask": "255.255.255.0", "startip": "10.9.1.10", "endip": "10.9.1.20"}
_TAG = {"tags[0].key": "fresh", "tags[0].value": "x"}

RECIPES: Mapping[str, Mapping[str, str]] = {
    "addCluster": {"zoneid": "@zone", "podid": "@pod", "clustername": "fresh", "hypervisor": "Simulator",
                   "clustertype": "CloudManaged"},
    "addHost": {**_PLACE, "hypervisor": "Simulator", "username": "root", "password": "none",
                "url": "http://sim/c0/fresh"},
    "addImageStore": {"zoneid": "@zone", "provider": "NFS", "name": "fresh", "url": "nfs://192.0.2.10/export/fresh"},
    "addNetworkServiceProvider": {"physicalnetworkid": "@bare_wire", "name": "VirtualRouter"},
    "addSecondaryStorage": {"zoneid": "@zone", "url": "nfs://192.0.2.10/export/fresh"},
    "addTrafficType": {"physicalnetworkid": "@spare_wire", "traffictype": "Storage"},
    "configureVirtualRouterElement": {"id": "@element", "enabled": "false"},
    "createNetwork": {"name": "fresh", "displaytext": "fresh", "networkofferingid": "@network_offering",
                      "zoneid": "@zone", "vlan": "900", **_SUBNET},
    "createNetworkOffering": {"name": "fresh", "displaytext": "fresh", "traffictype": "Guest", "guestiptype": "Shared",
                              "supportedservices": "Dhcp", "specifyvlan": "true", "specifyipranges": "true"},
    "createPhysicalNetwork": {"name": "fresh", "zoneid": "@zone"},
    "createPod": {"name": "fresh", "zoneid": "@zone", **_SUBNET},
    "createSSHKeyPair": {"name": "fresh"},
    "createServiceOffering": {"name": "fresh", "displaytext": "fresh", "cpunumber": "1", "cpuspeed": "100",
                              "memory": "64"},
    "createStoragePool": {**_PLACE, "name": "fresh", "url": "nfs://192.0.2.10/export/fresh-pool"},
    "createVirtualRouterElement": {"nspid": "@plain_provider"},
    "archiveEvents": {"ids": "@event"}, "deleteEvents": {"ids": "@event"}, "listEventTypes": {},
    "createTags": {"resourcetype": "UserVm", "resourceids": "@vm", **_TAG},
    "deleteTags": {"resourcetype": "UserVm", "resourceids": "@vm", "tags[0].key": "kept"},
    "listTags": {},
    "addResourceDetail": {"resourcetype": "UserVm", "resourceid": "@vm", "details[0].key": "a",
                          "details[0].value": "b"},
    "removeResourceDetail": {"resourcetype": "UserVm", "resourceid": "@vm"},
    "listResourceDetails": {"resourcetype": "UserVm", "resourceid": "@vm"},
    "createVlanIpRange": {"networkid": "@network", "startip": "10.1.1.220", "endip": "10.1.1.230"},
    "createZone": {"name": "fresh", "networktype": "Advanced", "dns1": "192.0.2.53", "internaldns1": "192.0.2.53"},
    "deleteCluster": {"id": "@spare_cluster"},
    "deleteHost": {"id": "@spare_host"},
    "deleteImageStore": {"id": "@spare_store"},
    "deleteNetwork": {"id": "@own_network"},
    "deleteNetworkOffering": {"id": "@spare_network_offering"},
    "deleteNetworkServiceProvider": {"id": "@provider"},
    "deletePhysicalNetwork": {"id": "@spare_wire"},
    "deletePod": {"id": "@spare_pod"},
    "deleteSSHKeyPair": {"name": "@key"},
    "deleteServiceOffering": {"id": "@spare_offering"},
    "deleteStoragePool": {"id": "@spare_pool"},
    "deleteTemplate": {"id": "@own_template"},
    "deleteTrafficType": {"id": "@spare_traffic"},
    "deleteVlanIpRange": {"id": "@spare_range"},
    "deleteZone": {"id": "@spare_zone"},
    "deployVirtualMachine": {"zoneid": "@zone", "serviceofferingid": "@offering", "templateid": "@template",
                             "networkids": "@network", "name": "fresh"},
    "destroyVirtualMachine": {"id": "@vm"},
    "expungeVirtualMachine": {"id": "@destroyed_vm"},
    "getApiLimit": {},
    "listApis": {}, "listAsyncJobs": {}, "listCapabilities": {}, "listClusters": {}, "listConfigurations": {},
    "listEvents": {}, "listHosts": {}, "listHypervisors": {}, "listImageStores": {}, "listNetworkOfferings": {},
    "listNetworkServiceProviders": {},
    "listNetworks": {}, "listOsCategories": {}, "listOsTypes": {}, "listPhysicalNetworks": {}, "listPods": {},
    "listNics": {"virtualmachineid": "@vm"},
    "listSSHKeyPairs": {}, "listServiceOfferings": {}, "listStoragePools": {},
    "listStorageProviders": {"type": "primary"},
    "listSupportedNetworkServices": {},
    "listTemplates": {"templatefilter": "executable"},
    "listTrafficTypeImplementors": {},
    "listTrafficTypes": {"physicalnetworkid": "@wire"},
    "listVirtualMachines": {}, "listVlanIpRanges": {}, "listVolumes": {}, "listZones": {},
    "listVirtualRouterElements": {},
    "queryAsyncJobResult": {"jobid": "@job"},
    "rebootVirtualMachine": {"id": "@vm"},
    "recoverVirtualMachine": {"id": "@destroyed_vm"},
    "registerSSHKeyPair": {"name": "fresh", "publickey": KEY},
    "registerTemplate": {"name": "fresh", "displaytext": "fresh", "format": "QCOW2", "hypervisor": "Simulator",
                         "ostypeid": "@os_type", "zoneid": "@zone", "url": "http://images.example.org/fresh.qcow2"},
    "resetApiLimit": {},
    "startVirtualMachine": {"id": "@stopped_vm"},
    "stopVirtualMachine": {"id": "@vm"},
    "updateCluster": {"id": "@cluster"},
    "updateConfiguration": {"name": "expunge.delay", "value": "100"},
    "updateHost": {"id": "@host"},
    "updateNetwork": {"id": "@own_network"},
    "updateNetworkOffering": {"id": "@spare_network_offering"},
    "updateNetworkServiceProvider": {"id": "@provider", "state": "Disabled"},
    "updatePhysicalNetwork": {"id": "@spare_wire"},
    "updatePod": {"id": "@pod"},
    "updateServiceOffering": {"id": "@spare_offering"},
    "updateStoragePool": {"id": "@pool"},
    "updateTemplate": {"id": "@own_template"},
    "updateTemplatePermissions": {"id": "@own_template"},
    "updateTrafficType": {"id": "@traffic"},
    "updateZone": {"id": "@zone"},
    "createDiskOffering": {"name": "fresh", "displaytext": "fresh", "disksize": "3"},
    "deleteDiskOffering": {"id": "@spare_disk_offering"},
    "listDiskOfferings": {},
    "updateDiskOffering": {"id": "@spare_disk_offering"},
    "attachVolume": {"id": "@spare_disk", "virtualmachineid": "@vm"},
    "createVolume": {"name": "fresh", "zoneid": "@zone", "diskofferingid": "@spare_disk_offering"},
    "deleteVolume": {"id": "@spare_disk"},
    "detachVolume": {"id": "@disk"},
    "resizeVolume": {"id": "@disk", "size": "3"},
    "updateVolume": {"id": "@disk"},
}
"""Command to parameters; ``@thing`` stands for the id of a thing there is."""


def recipe(command: str, things: Mapping[str, Any]) -> dict[str, str]:
    """The parameters with which the command succeeds, its objects taken from ``things``."""
    assert command in RECIPES, (
        f"nobody knows how to call {command}: add a line to RECIPES in tests/functional/permissions/recipes.py with "
        "parameters an administrator succeeds with")
    return {name: things[value[1:]] if value.startswith("@") else value for name, value in RECIPES[command].items()}
