"""Public addresses and the rules that lead from them to machines."""

from __future__ import annotations

from stratoform.commands.frame.view import Field, View, unset

from .common import TAG

_JOB = (
    unset("jobid", "string", "The unfinished job that is changing this object."),
    unset("jobstatus", "integer", "The state of that job."),
)
_OWNER = (
    unset("account", "string", "Account that has it."),
    unset("projectid", "string", "Project that has it."),
    unset("project", "string", "Name of that project."),
    unset("domainid", "string", "Domain of its owner."),
    unset("domain", "string", "Name of that domain."),
)

PUBLIC_ADDRESS = View("publicipaddress", None, (
    unset("id", "string", "The address's id."),
    unset("ipaddress", "string", "The address."),
    unset("allocated", "date", "When it was acquired."),
    unset("zoneid", "string", "Zone it is in."),
    unset("zonename", "string", "Name of that zone."),
    unset("issourcenat", "boolean", "True when a network's guests leave by it."),
    *_OWNER,
    unset("forvirtualnetwork", "boolean", "True for public addresses, false for guests' own."),
    unset("vlanid", "string", "Range it is of.", admin=True),
    unset("vlanname", "string", "VLAN of that range."),
    unset("isstaticnat", "boolean", "True when all of it leads to one machine."),
    unset("issystem", "boolean", "True when the cloud acquired it for itself."),
    unset("virtualmachineid", "string", "Machine all of it leads to."),
    unset("vmipaddress", "string", "Address of that machine."),
    unset("virtualmachinename", "string", "Name of that machine."),
    unset("virtualmachinedisplayname", "string", "Name for people of that machine."),
    unset("associatednetworkid", "string", "Network it serves."),
    unset("associatednetworkname", "string", "Name of that network."),
    unset("networkid", "string", "Network it is part of."),
    unset("state", "string", "Free, Allocating, Allocated or Releasing."),
    unset("physicalnetworkid", "string", "Physical network that carries it."),
    unset("purpose", "string", "What the cloud acquired it for: StaticNat or LB."),
    unset("vpcid", "string", "VPC it serves."),
    Field("tags", "list", "Tags on the address.", nested=TAG),
    unset("isportable", "boolean", "True when it can move between zones."),
    *_JOB,
))

FORWARDING_RULE = View("portforwardingrule", None, (
    unset("id", "string", "The rule's id."),
    unset("privateport", "string", "First port of the machine."),
    unset("privateendport", "string", "Last port of the machine."),
    unset("protocol", "string", "TCP or UDP."),
    unset("publicport", "string", "First port of the address."),
    unset("publicendport", "string", "Last port of the address."),
    unset("virtualmachineid", "string", "Machine it leads to."),
    unset("virtualmachinename", "string", "Name of that machine."),
    unset("virtualmachinedisplayname", "string", "Name for people of that machine."),
    unset("ipaddressid", "string", "Public address it leads from."),
    unset("ipaddress", "string", "That address."),
    unset("state", "string", "State of the rule."),
    unset("cidrlist", "string", "From where it forwards."),
    Field("tags", "list", "Tags on the rule.", nested=TAG),
    unset("vmguestip", "string", "Address of the machine it leads to."),
    unset("networkid", "string", "Network of the machine."),
    *_JOB,
))
