"""Virtual machines and their interfaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from stratoform.commands.frame.caller import Caller
from stratoform.commands.frame.view import Field, View, col, fetch, jobs_of, unset
from stratoform.model.addresses import text
from stratoform.model.compute import GuestOs, InstanceGroup, ServiceOffering, Vm
from stratoform.model.network import Network, Nic
from stratoform.model.projects import Project
from stratoform.model.storage import Template, Volume
from stratoform.model.tenancy import Account, Domain
from stratoform.model.topology import Host, Zone

from .common import OWNER, TAG, tags_of, with_owner
from .network import NIC

_Root = aliased(Volume)


def _joins(query: Select[Any]) -> Select[Any]:
    return (
        with_owner(query, Vm)
        .join(Zone, Zone.id == Vm.zone_id).outerjoin(Host, Host.id == Vm.host_id)
        .join(Template, Template.id == Vm.template_id)
        .join(ServiceOffering, ServiceOffering.id == Vm.service_offering_id)
        .outerjoin(InstanceGroup, InstanceGroup.id == Vm.group_id).outerjoin(GuestOs, GuestOs.id == Vm.guest_os_id)
    )


_NICS = (
    select(Nic.vm_id, Network.vlan, Nic.ip, Nic.uuid, Network.uuid, Network.name, Nic.netmask, Nic.gateway,
           Network.traffic_type, Network.guest_type, Nic.is_default, Nic.mac)
    .join(Network, Network.id == Nic.network_id)
    .where(Nic.vm_id.in_(bindparam("ids", expanding=True))).order_by(Nic.device)
)
_NIC_FIELDS = ("id", "networkid", "networkname", "netmask", "gateway", "traffictype", "type", "isdefault", "macaddress")


def nics(session: Session, caller: Caller, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The interfaces of machines, by row id."""
    found: dict[int, list[dict[str, Any]]] = {}
    for vm, vlan, ip, *values in fetch(session, _NICS, {"ids": ids}):
        nic = {name: value for name, value in zip(_NIC_FIELDS, values, strict=True) if value is not None}
        nic["ipaddress"] = text(ip)
        if caller.is_root:
            isolated = vlan not in {None, "untagged"}
            nic["broadcasturi"] = f"vlan://{vlan if isolated else 'untagged'}"
            if isolated:
                nic["isolationuri"] = f"vlan://{vlan}"
        found.setdefault(vm, []).append(nic)
    return found


_ROOTS = select(_Root.vm_id, _Root.device_id).where(
    _Root.vm_id.in_(bindparam("ids", expanding=True)), _Root.type == "ROOT")


def _root_device(session: Session, _caller: Caller, ids: Sequence[int]) -> dict[int, int]:
    return {vm: device or 0 for vm, device in fetch(session, _ROOTS, {"ids": ids})}


def _details(details: dict[str, Any] | None) -> dict[str, Any] | None:
    return details or None


_GROUP_OWNER = (
    unset("account", "string", "The account that owns it."),
    unset("domainid", "string", "The domain of its owner."),
    unset("domain", "string", "Name of that domain."),
)
SECURITY_GROUP_RULE = View("securitygrouprule", None, (
    unset("ruleid", "string", "The rule's id."),
    unset("protocol", "string", "tcp, udp, icmp or all."),
    unset("icmptype", "integer", "ICMP type."),
    unset("icmpcode", "integer", "ICMP code."),
    unset("startport", "integer", "First port."),
    unset("endport", "integer", "Last port."),
    unset("securitygroupname", "string", "The group whose members it is about."),
    unset("account", "string", "The account of that group."),
    unset("cidr", "string", "The addresses it is about."),
))
SECURITY_GROUP = View("securitygroup", None, (
    unset("id", "string", "The security group's id."),
    unset("name", "string", "Its name."),
    unset("description", "string", "What it is for."),
    *_GROUP_OWNER,
    unset("projectid", "string", "The project that owns it."),
    unset("project", "string", "Name of that project."),
    Field("ingressrule", "set", "What may come in.", nested=SECURITY_GROUP_RULE),
    Field("egressrule", "set", "What may go out.", nested=SECURITY_GROUP_RULE),
    Field("tags", "set", "Its tags.", nested=TAG),
))
AFFINITY_GROUP = View("affinitygroup", None, (
    unset("id", "string", "The affinity group's id."),
    unset("name", "string", "Its name."),
    unset("description", "string", "What it is for."),
    unset("type", "string", "Affinity or anti-affinity."),
    *_GROUP_OWNER,
    unset("virtualmachineIds", "list", "Its machines."),
))

VM = View("virtualmachine", Vm, (
    col("id", "string", "The virtual machine's id.", Vm.uuid),
    col("name", "string", "Its host name.", Vm.name),
    col("displayname", "string", "Its name for people.", Vm.display_name),
    *OWNER,
    col("created", "date", "When it was made.", Vm.created),
    col("state", "string", "Its state, e.g. Running or Stopped.", Vm.state),
    col("haenable", "boolean", "True when it is restarted after its host failed.", ServiceOffering.offer_ha),
    col("groupid", "string", "The group it is in.", InstanceGroup.uuid),
    col("group", "string", "Name of that group.", InstanceGroup.name),
    col("zoneid", "string", "The zone it is in.", Zone.uuid),
    col("zonename", "string", "Name of that zone.", Zone.name),
    col("hostid", "string", "The host it is on.", Host.uuid, admin=True),
    col("hostname", "string", "Name of that host.", Host.name, admin=True),
    col("templateid", "string", "The template it was made from.", Template.uuid),
    col("templatename", "string", "Name of that template.", Template.name),
    col("templatedisplaytext", "string", "Description of that template.", Template.display_text),
    col("passwordenabled", "boolean", "True when its password can be reset.", Template.password_enabled),
    unset("isoid", "string", "The ISO attached to it."),
    unset("isoname", "string", "Name of that ISO."),
    unset("isodisplaytext", "string", "Description of that ISO."),
    col("serviceofferingid", "string", "Its service offering.", ServiceOffering.uuid),
    col("serviceofferingname", "string", "Name of that offering.", ServiceOffering.name),
    unset("forvirtualnetwork", "boolean", "True when its network is isolated by VLAN."),
    col("cpunumber", "integer", "Number of its CPUs.", Vm.cpus),
    col("cpuspeed", "integer", "Speed of each CPU in MHz.", Vm.speed),
    col("memory", "integer", "Its memory in MB.", Vm.memory),
    unset("cpuused", "string", "CPU used now, in percent."),
    unset("networkkbsread", "long", "Network traffic received, in KB."),
    unset("networkkbswrite", "long", "Network traffic sent, in KB."),
    unset("diskkbsread", "long", "Disk reads in KB."),
    unset("diskkbswrite", "long", "Disk writes in KB."),
    unset("diskioread", "long", "Disk read operations."),
    unset("diskiowrite", "long", "Disk write operations."),
    col("guestosid", "string", "Its guest operating system.", GuestOs.uuid),
    Field("rootdeviceid", "long", "Device number of its root disk.", load=_root_device),
    col("rootdevicetype", "string", "Kind of its root device.", Vm.id, make=lambda _id: "ROOT"),
    Field("securitygroup", "set", "Its security groups.", nested=SECURITY_GROUP),
    unset("password", "string", "Its password, shown once after it was set."),
    Field("nic", "set", "Its network interfaces.", load=nics, nested=NIC),
    col("hypervisor", "string", "The hypervisor it runs on.", Vm.hypervisor),
    unset("publicipid", "string", "Public address that leads to it."),
    unset("publicip", "string", "That address."),
    col("instancename", "string", "Its name on its host.", Vm.instance_name, admin=True),
    tags_of(Vm),
    col("details", "map", "Free key-value pairs.", Vm.details, make=_details),
    col("keypair", "string", "The ssh key pair it was made with.", Vm.keypair),
    Field("affinitygroup", "set", "Its affinity groups.", nested=AFFINITY_GROUP),
    col("displayvm", "boolean", "False when it is hidden from its owner.", Vm.display_vm, admin=True),
    col("isdynamicallyscalable", "boolean", "True when it can be scaled while it runs.", Template.dynamically_scalable),
    unset("servicestate", "string", "State of the service on it."),
    *jobs_of(Vm),
), _joins)


def _group_owner(query: Select[Any]) -> Select[Any]:
    return (
        query.join(Account, Account.id == InstanceGroup.account_id).join(Domain, Domain.id == Account.domain_id)
        .outerjoin(Project, Project.account_id == Account.id)
    )


INSTANCE_GROUP = View("instancegroup", InstanceGroup, (
    col("id", "string", "The group's id.", InstanceGroup.uuid),
    col("name", "string", "The group's name.", InstanceGroup.name),
    col("created", "date", "When it was made.", InstanceGroup.created),
    *OWNER,
    *jobs_of(InstanceGroup),
), _group_owner)

USER_DATA = View("virtualmachineuserdata", None, (
    unset("virtualmachineid", "string", "The virtual machine."),
    unset("userdata", "string", "Its user data in base64."),
    unset("jobid", "string", "The unfinished job that is changing it."),
    unset("jobstatus", "integer", "The state of that job."),
))
