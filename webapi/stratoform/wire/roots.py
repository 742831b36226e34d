"""Under which key an answer stands: ``listzonesresponse`` for ``listZones``, with the exceptions of history.

Source: the reference table of commands, column root_4.3 (root_4.22 for commands born later).
"""

from __future__ import annotations

import re

ERROR_ROOT = "errorresponse"
"""The root of a refusal when there is no command to name it after."""

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{0,99}")


def root_of(command: str | None) -> str:
    """Return the root of a command's answers and errors, letter by letter as clients expect it.

    A name no command can have (absent, too long, not a word) gives ``errorresponse``, so what a
    stranger sent never becomes an element name.
    """
    if command is None or not _WORD.fullmatch(command):
        return ERROR_ROOT
    name = command.lower()
    return _EXCEPTIONS.get(name, f"{name}response")


_EXCEPTIONS = {
    "acquirepodipaddress": "acquirepodipaddress",
    "activateproject": "activaterojectresponse",
    "addciscoasa1000vresource": "addCiscoAsa1000vResource",
    "addciscovnmcresource": "addCiscoVnmcResource",
    "addf5loadbalancer": "addf5bigiploadbalancerresponse",
    "addimagestores3": "addImageStoreS3Response",
    "addiptonic": "addiptovmnicresponse",
    "addldapconfiguration": "ldapconfigurationresponse",
    "addopendaylightcontroller": "addOpenDaylightController",
    "addresourcedetail": "addResourceDetailresponse",
    "addstratospheressp": "addStratosphereSsp",
    "adducsmanager": "addUcsManagerResponse",
    "archivesnapshot": "createsnapshotresponse",
    "cancelstoragemaintenance": "cancelprimarystoragemaintenanceresponse",
    "checkvolume": "checkandrepairvolumeresponse",
    "cleanvmreservations": "cleanvmreservationresponse",
    "configuref5loadbalancer": "configuref5Rloadbalancerresponse",
    "createautoscalepolicy": "autoscalepolicyresponse",
    "createautoscalevmgroup": "autoscalevmgroupresponse",
    "createautoscalevmprofile": "autoscalevmprofileresponse",
    "createcondition": "conditionresponse",
    "createcounter": "counterresponse",
    "createlbstickinesspolicy": "createLBStickinessPolicy",
    "deleteciscoasa1000vresource": "deleteCiscoAsa1000vResource",
    "deleteciscovnmcresource": "deleteCiscoVnmcResource",
    "deleteiso": "deleteisosresponse",
    "deletelbstickinesspolicy": "deleteLBstickinessrruleresponse",
    "deleteldapconfiguration": "ldapconfigurationresponse",
    "deletenetscalercontrolcenter": "deleteNetscalerControlCenter",
    "deleteopendaylightcontroller": "deleteOpenDaylightController",
    "deleteportableiprange": "deleteportablepublicipresponse",
    "deleteservicepackageoffering": "deleteServicePackage",
    "deletestratospheressp": "deleteStratosphereSsp",
    "deleteucsmanager": "deleteUcsManagerResponse",
    "deploynetscalervpx": "deployNetscalerVpx",
    "disableautoscalevmgroup": "disableautoscalevmGroupresponse",
    "enableautoscalevmgroup": "enableautoscalevmGroupresponse",
    "enablestoragemaintenance": "prepareprimarystorageformaintenanceresponse",
    "getspmetadata": "spmetadataresponse",
    "getuploadparamsforiso": "postuploadisoresponse",
    "getuploadparamsfortemplate": "postuploadtemplateresponse",
    "getuploadparamsforvolume": "postuploadvolumeresponse",
    "importldapusers": "ldapuserresponse",
    "instantiateucstemplateandassocaciatetoblade": "instantiateucstemplateandassociatetobladeresponse",
    "ldapcreateaccount": "createaccountresponse",
    "listbigswitchbcfdevices": "listbigswitchbcfdeviceresponse",
    "listbigswitchvnsdevices": "listbigswitchvnsdeviceresponse",
    "listbrocadevcsdevicenetworks": "listbrocadevcsdevicenetworks",
    "listbrocadevcsdevices": "listbrocadevcsdeviceresponse",
    "listciscoasa1000vresources": "listCiscoAsa1000vResources",
    "listcisconexusvsms": "listcisconexusvsmscmdresponse",
    "listciscovnmcresources": "listCiscoVnmcResources",
    "listcounters": "counterresponse",
    "listelastistorinterface": "listElastistorInterfaceResponse",
    "listelastistorpool": "listElastistorPoolResponse",
    "listelastistorvolume": "listElastistorVolumeResponse",
    "listf5loadbalancers": "listf5loadbalancerresponse",
    "listinternalloadbalancervms": "listinternallbvmssresponse",
    "listldapconfigurations": "ldapconfigurationresponse",
    "listldapusers": "ldapuserresponse",
    "listloadbalancers": "listloadbalancerssresponse",
    "listnetscalercontrolcenter": "listNetscalerControlCenter",
    "listnetscalerloadbalancers": "listnetscalerloadbalancerresponse",
    "listnetworkdevice": "listnetworkdevice",
    "listniciranvpdevicenetworks": "listniciranvpdevicenetworks",
    "listniciranvpdevices": "listniciranvpdeviceresponse",
    "listopendaylightcontrollers": "listOpenDaylightControllers",
    "listpaloaltofirewalls": "listpaloaltofirewallresponse",
    "listportableipranges": "listportableipresponse",
    "listregisteredservicepackages": "listregisteredservicepackage",
    "listsamlauthorization": "listsamlauthorizationsresponse",
    "listsecondarystagingstores": "listsecondarystagingstoreresponse",
    "listsrxfirewalls": "listsrxfirewallresponse",
    "listucsblades": "listucsbladeresponse",
    "listucsmanagers": "listucsmanagerreponse",
    "listucsprofiles": "listucsprofileresponse",
    "movenetworkaclitem": "moveNetworkAclItemResponse",
    "notifybaremetalprovisiondone": "baremetalprovisiondone",
    "registernetscalerservicepackage": "registerNetscalerServicePackage",
    "releasepodipaddress": "releasepodipresponse",
    "removefromgloballoadbalancerrule": "removefromloadbalancerruleresponse",
    "resetsshkeyforvirtualmachine": "resetSSHKeyforvirtualmachineresponse",
    "restorevirtualmachine": "restorevmresponse",
    "samlslo": "logoutresponse",
    "samlsso": "loginresponse",
    "scalesystemvm": "changeserviceforsystemvmresponse",
    "searchldap": "ldapuserresponse",
    "startinternalloadbalancervm": "startinternallbvmresponse",
    "stopinternalloadbalancervm": "stopinternallbvmresponse",
    "stopnetscalervpx": "stopNetScalerVmresponse",
    "updateimagestore": "updateImageStore",
    "updatenetworkaclitem": "createnetworkaclresponse",
    "updateobjectstoragepool": "updateObjectStoragePool",
    "updatevmaffinitygroup": "updatevirtualmachineresponse",
}
