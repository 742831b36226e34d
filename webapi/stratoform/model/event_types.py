"""Types of events: every event has one of them (CloudStack 4.3 documentation, "Event types").

Those of network devices, console proxies and other things this cloud does not have yet are listed too: programs that
filter by them know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_OF_THE_REFERENCE: Final = """
VM.CREATE                                Making a virtual machine
VM.DESTROY                               Destroying a virtual machine
VM.START                                 Starting a virtual machine
VM.STOP                                  Stopping a virtual machine
VM.REBOOT                                Rebooting a virtual machine
VM.UPDATE                                Changing a virtual machine
VM.UPGRADE                               Changing the service offering of a virtual machine
VM.DYNAMIC.SCALE                         Scaling a running virtual machine
VM.RESETPASSWORD                         Resetting the password of a virtual machine
VM.RESETSSHKEY                           Resetting the ssh key of a virtual machine
VM.MIGRATE                               Moving a virtual machine to another host
VM.MOVE                                  Giving a virtual machine to another account
VM.RESTORE                               Making the root disk of a virtual machine anew
ROUTER.CREATE                            Making a virtual router
ROUTER.DESTROY                           Destroying a virtual router
ROUTER.START                             Starting a virtual router
ROUTER.STOP                              Stopping a virtual router
ROUTER.REBOOT                            Rebooting a virtual router
ROUTER.HA                                Restarting a virtual router elsewhere after a failure
ROUTER.UPGRADE                           Upgrading a virtual router
PROXY.CREATE                             Making a console proxy
PROXY.DESTROY                            Destroying a console proxy
PROXY.START                              Starting a console proxy
PROXY.STOP                               Stopping a console proxy
PROXY.REBOOT                             Rebooting a console proxy
PROXY.HA                                 Restarting a console proxy elsewhere after a failure
VNC.CONNECT                              Opening a console session
VNC.DISCONNECT                           Closing a console session
NET.IPASSIGN                             Acquiring a public address
NET.IPRELEASE                            Releasing a public address
PORTABLE.IPASSIGN                        Acquiring a portable address
PORTABLE.IPRELEASE                       Releasing a portable address
NET.RULEADD                              Adding a port forwarding rule
NET.RULEDELETE                           Deleting a port forwarding rule
NET.RULEMODIFY                           Changing a port forwarding rule
NETWORK.CREATE                           Making a network
NETWORK.DELETE                           Deleting a network
NETWORK.UPDATE                           Changing a network
FIREWALL.OPEN                            Opening a firewall port
FIREWALL.CLOSE                           Closing a firewall port
NIC.CREATE                               Making a network interface
NIC.DELETE                               Deleting a network interface
NIC.UPDATE                               Changing a network interface
NIC.DETAIL.ADD                           Adding a detail to a network interface
NIC.DETAIL.UPDATE                        Changing a detail of a network interface
NIC.DETAIL.REMOVE                        Removing a detail of a network interface
LB.ASSIGN.TO.RULE                        Assigning machines to a load balancer rule
LB.REMOVE.FROM.RULE                      Removing machines from a load balancer rule
LB.CREATE                                Making a load balancer rule
LB.DELETE                                Deleting a load balancer rule
LB.STICKINESSPOLICY.CREATE               Making a stickiness policy
LB.STICKINESSPOLICY.DELETE               Deleting a stickiness policy
LB.HEALTHCHECKPOLICY.CREATE              Making a health check policy
LB.HEALTHCHECKPOLICY.DELETE              Deleting a health check policy
LB.UPDATE                                Changing a load balancer rule
GLOBAL.LB.ASSIGN                         Assigning rules to a global load balancer rule
GLOBAL.LB.REMOVE                         Removing rules from a global load balancer rule
GLOBAL.LB.CREATE                         Making a global load balancer rule
GLOBAL.LB.DELETE                         Deleting a global load balancer rule
GLOBAL.LB.UPDATE                         Changing a global load balancer rule
ACCOUNT.ENABLE                           Enabling an account
ACCOUNT.DISABLE                          Disabling an account
ACCOUNT.CREATE                           Making an account
ACCOUNT.DELETE                           Deleting an account
ACCOUNT.UPDATE                           Changing an account
ACCOUNT.MARK.DEFAULT.ZONE                Setting the default zone of an account
USER.LOGIN                               Logging a user in
USER.LOGOUT                              Logging a user out
USER.CREATE                              Making a user
USER.DELETE                              Deleting a user
USER.DISABLE                             Disabling a user
USER.UPDATE                              Changing a user
USER.ENABLE                              Enabling a user
USER.LOCK                                Locking a user
REGISTER.SSH.KEYPAIR                     Registering an ssh key pair
REGISTER.USER.KEY                        Generating the API keys of a user
TEMPLATE.CREATE                          Making a template
TEMPLATE.DELETE                          Deleting a template
TEMPLATE.UPDATE                          Changing a template
TEMPLATE.DOWNLOAD.START                  Fetching a template begins
TEMPLATE.DOWNLOAD.SUCCESS                A template was fetched
TEMPLATE.DOWNLOAD.FAILED                 A template could not be fetched
TEMPLATE.COPY                            Copying a template
TEMPLATE.EXTRACT                         Offering a template for download
TEMPLATE.UPLOAD                          Uploading a template
TEMPLATE.CLEANUP                         Cleaning up templates
VOLUME.CREATE                            Making a disk
VOLUME.DELETE                            Deleting a disk
VOLUME.ATTACH                            Attaching a disk
VOLUME.DETACH                            Detaching a disk
VOLUME.EXTRACT                           Offering a disk for download
VOLUME.UPLOAD                            Uploading a disk
VOLUME.MIGRATE                           Moving a disk to another place
VOLUME.RESIZE                            Changing the size of a disk
VOLUME.DETAIL.UPDATE                     Changing a detail of a disk
VOLUME.DETAIL.ADD                        Adding a detail to a disk
VOLUME.DETAIL.REMOVE                     Removing a detail of a disk
DOMAIN.CREATE                            Making a domain
DOMAIN.DELETE                            Deleting a domain
DOMAIN.UPDATE                            Changing a domain
SNAPSHOT.CREATE                          Making a snapshot
SNAPSHOT.DELETE                          Deleting a snapshot
SNAPSHOTPOLICY.CREATE                    Making a snapshot policy
SNAPSHOTPOLICY.UPDATE                    Changing a snapshot policy
SNAPSHOTPOLICY.DELETE                    Deleting a snapshot policy
ISO.CREATE                               Making an ISO
ISO.DELETE                               Deleting an ISO
ISO.COPY                                 Copying an ISO
ISO.ATTACH                               Attaching an ISO
ISO.DETACH                               Detaching an ISO
ISO.EXTRACT                              Offering an ISO for download
ISO.UPLOAD                               Uploading an ISO
SSVM.CREATE                              Making a secondary storage machine
SSVM.DESTROY                             Destroying a secondary storage machine
SSVM.START                               Starting a secondary storage machine
SSVM.STOP                                Stopping a secondary storage machine
SSVM.REBOOT                              Rebooting a secondary storage machine
SSVM.HA                                  Restarting a secondary storage machine elsewhere after a failure
SERVICE.OFFERING.CREATE                  Making a service offering
SERVICE.OFFERING.EDIT                    Changing a service offering
SERVICE.OFFERING.DELETE                  Deleting a service offering
DISK.OFFERING.CREATE                     Making a disk offering
DISK.OFFERING.EDIT                       Changing a disk offering
DISK.OFFERING.DELETE                     Deleting a disk offering
NETWORK.OFFERING.CREATE                  Making a network offering
NETWORK.OFFERING.ASSIGN                  Assigning a network offering to a network
NETWORK.OFFERING.EDIT                    Changing a network offering
NETWORK.OFFERING.REMOVE                  Removing a network offering from a network
NETWORK.OFFERING.DELETE                  Deleting a network offering
POD.CREATE                               Making a pod
POD.EDIT                                 Changing a pod
POD.DELETE                               Deleting a pod
ZONE.CREATE                              Making a zone
ZONE.EDIT                                Changing a zone
ZONE.DELETE                              Deleting a zone
VLAN.IP.RANGE.CREATE                     Making an IP range
VLAN.IP.RANGE.DELETE                     Deleting an IP range
VLAN.IP.RANGE.DEDICATE                   Dedicating an IP range to an account
VLAN.IP.RANGE.RELEASE                    Releasing an IP range
STORAGE.IP.RANGE.CREATE                  Making a storage IP range
STORAGE.IP.RANGE.DELETE                  Deleting a storage IP range
STORAGE.IP.RANGE.UPDATE                  Changing a storage IP range
CONFIGURATION.VALUE.EDIT                 Changing a setting
SG.AUTH.INGRESS                          Allowing incoming traffic in a security group
SG.REVOKE.INGRESS                        Revoking incoming traffic in a security group
SG.AUTH.EGRESS                           Allowing outgoing traffic in a security group
SG.REVOKE.EGRESS                         Revoking outgoing traffic in a security group
SG.CREATE                                Making a security group
SG.DELETE                                Deleting a security group
SG.ASSIGN                                Assigning a security group to a machine
SG.REMOVE                                Removing a security group from a machine
HOST.RECONNECT                           Connecting to a host again
MAINT.CANCEL                             Ending the maintenance of a host
MAINT.CANCEL.PS                          Ending the maintenance of a storage pool
MAINT.PREPARE                            Preparing a host for maintenance
MAINT.PREPARE.PS                         Preparing a storage pool for maintenance
VPN.REMOTE.ACCESS.CREATE                 Making a remote access VPN
VPN.REMOTE.ACCESS.DESTROY                Destroying a remote access VPN
VPN.USER.ADD                             Adding a VPN user
VPN.USER.REMOVE                          Removing a VPN user
VPN.S2S.VPN.GATEWAY.CREATE               Making a site-to-site VPN gateway
VPN.S2S.VPN.GATEWAY.DELETE               Deleting a site-to-site VPN gateway
VPN.S2S.CUSTOMER.GATEWAY.CREATE          Making a VPN customer gateway
VPN.S2S.CUSTOMER.GATEWAY.DELETE          Deleting a VPN customer gateway
VPN.S2S.CUSTOMER.GATEWAY.UPDATE          Changing a VPN customer gateway
VPN.S2S.CONNECTION.CREATE                Making a site-to-site VPN connection
VPN.S2S.CONNECTION.DELETE                Deleting a site-to-site VPN connection
VPN.S2S.CONNECTION.RESET                 Resetting a site-to-site VPN connection
NETWORK.RESTART                          Restarting a network
UPLOAD.CUSTOM.CERTIFICATE                Uploading a certificate
STATICNAT.ENABLE                         Enabling static NAT
STATICNAT.DISABLE                        Disabling static NAT
ZONE.VLAN.ASSIGN                         Assigning a VLAN of a zone
ZONE.VLAN.RELEASE                        Releasing a VLAN of a zone
PROJECT.CREATE                           Making a project
PROJECT.UPDATE                           Changing a project
PROJECT.DELETE                           Deleting a project
PROJECT.ACTIVATE                         Activating a project
PROJECT.SUSPEND                          Suspending a project
PROJECT.ACCOUNT.ADD                      Adding an account to a project
PROJECT.INVITATION.UPDATE                Answering an invitation to a project
PROJECT.INVITATION.REMOVE                Removing an invitation to a project
PROJECT.ACCOUNT.REMOVE                   Removing an account from a project
NETWORK.ELEMENT.CONFIGURE                Configuring a provider of network services
PHYSICAL.NETWORK.CREATE                  Making a physical network
PHYSICAL.NETWORK.DELETE                  Deleting a physical network
PHYSICAL.NETWORK.UPDATE                  Changing a physical network
SERVICE.PROVIDER.CREATE                  Making a network service provider
SERVICE.PROVIDER.DELETE                  Deleting a network service provider
SERVICE.PROVIDER.UPDATE                  Changing a network service provider
TRAFFIC.TYPE.CREATE                      Making a traffic type
TRAFFIC.TYPE.DELETE                      Deleting a traffic type
TRAFFIC.TYPE.UPDATE                      Changing a traffic type
PHYSICAL.LOADBALANCER.ADD                Adding an external load balancer
PHYSICAL.LOADBALANCER.DELETE             Deleting an external load balancer
PHYSICAL.LOADBALANCER.CONFIGURE          Configuring an external load balancer
SWITCH.MGMT.ADD                          Adding a managed switch
SWITCH.MGMT.DELETE                       Deleting a managed switch
SWITCH.MGMT.CONFIGURE                    Configuring a managed switch
SWITCH.MGMT.ENABLE                       Enabling a managed switch
SWITCH.MGMT.DISABLE                      Disabling a managed switch
PHYSICAL.FIREWALL.ADD                    Adding an external firewall
PHYSICAL.FIREWALL.DELETE                 Deleting an external firewall
PHYSICAL.FIREWALL.CONFIGURE              Configuring an external firewall
VPC.CREATE                               Making a VPC
VPC.UPDATE                               Changing a VPC
VPC.DELETE                               Deleting a VPC
VPC.RESTART                              Restarting a VPC
NETWORK.ACL.CREATE                       Making a network ACL list
NETWORK.ACL.DELETE                       Deleting a network ACL list
NETWORK.ACL.REPLACE                      Replacing a network ACL list
NETWORK.ACL.ITEM.CREATE                  Making an item of a network ACL list
NETWORK.ACL.ITEM.UPDATE                  Changing an item of a network ACL list
NETWORK.ACL.ITEM.DELETE                  Deleting an item of a network ACL list
VPC.OFFERING.CREATE                      Making a VPC offering
VPC.OFFERING.UPDATE                      Changing a VPC offering
VPC.OFFERING.DELETE                      Deleting a VPC offering
PRIVATE.GATEWAY.CREATE                   Making a private gateway
PRIVATE.GATEWAY.DELETE                   Deleting a private gateway
STATIC.ROUTE.CREATE                      Making a static route
STATIC.ROUTE.DELETE                      Deleting a static route
CREATE_TAGS                              Hanging tags on objects
DELETE_TAGS                              Taking tags off objects
CREATE_RESOURCE_DETAILS                  Putting details on an object
DELETE_RESOURCE_DETAILS                  Taking details off an object
VMSNAPSHOT.CREATE                        Making a snapshot of a virtual machine
VMSNAPSHOT.DELETE                        Deleting a snapshot of a virtual machine
VMSNAPSHOT.REVERTTO                      Going back to a snapshot of a virtual machine
PHYSICAL.NVPCONTROLLER.ADD               Adding a network virtualisation controller
PHYSICAL.NVPCONTROLLER.DELETE            Deleting a network virtualisation controller
PHYSICAL.NVPCONTROLLER.CONFIGURE         Configuring a network virtualisation controller
COUNTER.CREATE                           Making an auto-scale counter
COUNTER.DELETE                           Deleting an auto-scale counter
CONDITION.CREATE                         Making an auto-scale condition
CONDITION.DELETE                         Deleting an auto-scale condition
AUTOSCALEPOLICY.CREATE                   Making an auto-scale policy
AUTOSCALEPOLICY.UPDATE                   Changing an auto-scale policy
AUTOSCALEPOLICY.DELETE                   Deleting an auto-scale policy
AUTOSCALEVMPROFILE.CREATE                Making an auto-scale profile
AUTOSCALEVMPROFILE.DELETE                Deleting an auto-scale profile
AUTOSCALEVMPROFILE.UPDATE                Changing an auto-scale profile
AUTOSCALEVMGROUP.CREATE                  Making an auto-scale group
AUTOSCALEVMGROUP.DELETE                  Deleting an auto-scale group
AUTOSCALEVMGROUP.UPDATE                  Changing an auto-scale group
AUTOSCALEVMGROUP.ENABLE                  Enabling an auto-scale group
AUTOSCALEVMGROUP.DISABLE                 Disabling an auto-scale group
PHYSICAL.DHCP.ADD                        Adding an external DHCP server
PHYSICAL.DHCP.DELETE                     Deleting an external DHCP server
PHYSICAL.PXE.ADD                         Adding an external PXE server
PHYSICAL.PXE.DELETE                      Deleting an external PXE server
AG.CREATE                                Making an affinity group
AG.DELETE                                Deleting an affinity group
AG.ASSIGN                                Assigning a machine to an affinity group
AG.REMOVE                                Removing a machine from an affinity group
VM.AG.UPDATE                             Changing the affinity groups of a virtual machine
INTERNALLBVM.START                       Starting an internal load balancer machine
INTERNALLBVM.STOP                        Stopping an internal load balancer machine
HOST.RESERVATION.RELEASE                 Releasing the reservation of a host
GUESTVLANRANGE.DEDICATE                  Dedicating a range of guest VLANs
GUESTVLANRANGE.RELEASE                   Releasing a range of guest VLANs
PORTABLE.IP.RANGE.CREATE                 Making a portable IP range
PORTABLE.IP.RANGE.DELETE                 Deleting a portable IP range
PORTABLE.IP.TRANSFER                     Moving a portable address to another network
DEDICATE.RESOURCE                        Dedicating infrastructure to a domain or account
DEDICATE.RESOURCE.RELEASE                Releasing dedicated infrastructure
VM.RESERVATION.CLEANUP                   Forgetting outdated reservations of machines
UCS.ASSOCIATEPROFILE                     Assigning a UCS profile to a blade
UCS.DISASSOCIATEPROFILE                  Taking a UCS profile off a blade
"""

_FURTHER: Final = """
VM.EXPUNGE                               Deleting a virtual machine for good
VOLUME.UPDATE                            Changing a disk
VOLUME.DESTROY                           Destroying a disk
VOLUME.RECOVER                           Taking back the destruction of a disk
ISO.UPDATE                               Changing an ISO
ACCOUNT.LOCK                             Locking an account
HOST.DISCONNECT                          A host is not connected any more
ALERT.GENERATE                           Raising an alert
PROJECT.ACCOUNT.UPDATE                   Changing a project's administrator
LDAP.CONFIGURATION.ADD                   Telling of a directory server
LDAP.CONFIGURATION.DELETE                Forgetting a directory server
LDAP.USERS.IMPORT                        Making accounts of people in a directory
ROLE.CREATE                              Making a role
ROLE.UPDATE                              Changing a role
ROLE.ENABLE                              Enabling a role
ROLE.DISABLE                             Disabling a role
ROLE.DELETE                              Deleting a role
ROLE.IMPORT                              Making a role from a list of rules
ROLE.PERMISSION.CREATE                   Adding a rule to a role
ROLE.PERMISSION.UPDATE                   Changing the rules of a role
ROLE.PERMISSION.DELETE                   Deleting a rule of a role
HYPERVISOR.CAPABILITIES.UPDATE           Changing what a hypervisor can do
REGION.CREATE                            Adding a region
REGION.UPDATE                            Changing a region
REGION.DELETE                            Removing a region
"""
"""What newer releases of the reference added, and a few of this cloud's own."""


def _read(text: str) -> dict[str, str]:
    pairs = [line.split(maxsplit=1) for line in text.strip().splitlines()]
    return {name: f"{words}." for name, words in pairs}


REFERENCE: Final[Mapping[str, str]] = _read(_OF_THE_REFERENCE)
"""The 268 types of the reference, with what each says."""

EVENT_TYPES: Final[Mapping[str, str]] = {**REFERENCE, **_read(_FURTHER)}
"""Every type, with what it says."""
