"""Directory servers and the people in directories."""

from __future__ import annotations

from dataclasses import replace

from stratoform.commands.frame.view import View, col, unset
from stratoform.model.ldap import LdapConfiguration
from stratoform.model.tenancy import Domain

_NO_JOB = (
    unset("jobid", "string", "The unfinished job that is changing this object."),
    unset("jobstatus", "integer", "The state of that job."),
)

LDAP_CONFIGURATION = View("LdapConfiguration", LdapConfiguration, (
    col("hostname", "string", "Name or address of the directory server.", LdapConfiguration.hostname),
    col("port", "int", "Its port.", LdapConfiguration.port),
    col("id", "string", "Its id.", LdapConfiguration.uuid, since="4.19"),
    col("domainid", "string", "The domain whose users it knows; left out: all.", Domain.uuid, since="4.10"),
    *_NO_JOB,
), lambda query: query.outerjoin(Domain, Domain.id == LdapConfiguration.domain_id))

LDAP_ADDED = replace(LDAP_CONFIGURATION, key="LdapAddConfiguration")
LDAP_DELETED = replace(LDAP_CONFIGURATION, key="LdapDeleteConfiguration")

LDAP_USER = View("LdapUser", None, (
    unset("email", "string", "E-mail address."),
    unset("principal", "string", "The entry in the directory."),
    unset("firstname", "string", "First name."),
    unset("lastname", "string", "Last name."),
    unset("username", "string", "The name the person logs in with."),
    unset("domain", "string", "The organisational unit nearest above the entry."),
    *_NO_JOB,
))
