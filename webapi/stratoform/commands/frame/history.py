"""When commands and fields of responses came, as the reference tells (CloudStack 4.3 API, column "since").

Commands and fields that declare ``since`` themselves need no line here; parameters always declare it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_COMMANDS: Final = """
3.0.0: activateProject addAccountToProject addNetworkServiceProvider addSwift addTrafficType
    assignVirtualMachine authorizeSecurityGroupEgress createLBStickinessPolicy createNetworkOffering
    createPhysicalNetwork createProject createStorageNetworkIpRange deleteAccountFromProject
    deleteLBStickinessPolicy deleteNetworkOffering deleteNetworkServiceProvider deletePhysicalNetwork
    deleteProject deleteProjectInvitation deleteStorageNetworkIpRange deleteTrafficType
    listHypervisorCapabilities listLBStickinessPolicies listNetworkServiceProviders listPhysicalNetworks
    listProjectAccounts listProjectInvitations listProjects listStorageNetworkIpRange
    listSupportedNetworkServices listSwifts listTrafficTypeImplementors listTrafficTypes migrateVolume
    restoreVirtualMachine revokeSecurityGroupEgress suspendProject updateHypervisorCapabilities
    updateNetworkServiceProvider updatePhysicalNetwork updateProject updateProjectInvitation
    updateStorageNetworkIpRange updateStoragePool updateTrafficType
4.0: markDefaultZoneForAccount
4.0.0: addS3 createTags deleteTags listS3s listTags
4.1.0: listApis
4.2: listResourceDetails
4.2.0: addImageStore addLdapConfiguration configureInternalLoadBalancerElement
    createInternalLoadBalancerElement createLBHealthCheckPolicy createLoadBalancer createPortableIpRange
    createVMSnapshot deleteImageStore deleteLBHealthCheckPolicy deleteLdapConfiguration deleteLoadBalancer
    deleteSecondaryStagingStore deleteVMSnapshot ldapCreateAccount listImageStores
    listInternalLoadBalancerElements listLBHealthCheckPolicies listLdapConfigurations listLdapUsers
    listLoadBalancers listNetworkIsolationMethods listSecondaryStagingStores listVMSnapshot revertToVMSnapshot
4.3: generateAlert
4.3.0: importLdapUsers updateCloudToUseObjectStore
4.4: getVirtualMachineUserData
"""

_FIELDS: Final = """
account 3.0.1: projectlimit projecttotal projectavailable networklimit networktotal networkavailable
account 4.0.0: vpclimit vpctotal vpcavailable
account 4.2.0: cpulimit cputotal cpuavailable memorylimit memorytotal memoryavailable primarystoragelimit
    primarystoragetotal primarystorageavailable secondarystoragelimit secondarystoragetotal
    secondarystorageavailable isdefault
alert 4.3: name
internalloadbalancervm 4.0: nic
networkoffering 4.2.0: details
project 4.2.0: networklimit networktotal networkavailable vpclimit vpctotal vpcavailable cpulimit cputotal
    cpuavailable memorylimit memorytotal memoryavailable primarystoragelimit primarystoragetotal
    primarystorageavailable secondarystoragelimit secondarystoragetotal secondarystorageavailable vmlimit
    vmtotal vmavailable iplimit iptotal ipavailable volumelimit volumetotal volumeavailable snapshotlimit
    snapshottotal snapshotavailable templatelimit templatetotal templateavailable vmstopped vmrunning
serviceoffering 4.2.0: serviceofferingdetails
serviceoffering 4.3.0: iscustomized
user 4.2.0: isdefault
virtualmachine 3.0.1: instancename
virtualmachine 4.2.1: details
volume 4.3: storageid quiescevm
zone 4.3: tags
zone 4.3.0: resourcedetails
"""


def _read(text: str) -> dict[str, str]:
    """What stands before the colon of a line, by each word behind it and on the lines below."""
    found: dict[str, str] = {}
    head = ""
    for line in text.strip().splitlines():
        if not line.startswith(" "):
            head, _, line = line.partition(":")  # noqa: PLW2901 - the rest of the line
        *view, release = head.split()
        found.update((".".join((*view, name)), release) for name in line.split())
    return found


COMMANDS: Final[Mapping[str, str]] = _read(_COMMANDS)
"""Name of a command to the release that brought it."""

FIELDS: Final[Mapping[str, str]] = _read(_FIELDS)
"""``<key of the view>.<field>`` to the release that brought it."""
