"""Resource limits and counts, one row a kind of resource."""

from __future__ import annotations

from typing import Any

from stratoform.commands.frame.view import Field, View, unset
from stratoform.model.limits import Resource

_OWNER = (
    unset("account", "string", "The account; none for a domain's or a project's."),
    unset("projectid", "string", "The project."),
    unset("project", "string", "Name of that project."),
    unset("domainid", "string", "The domain, or that of the account or project."),
    unset("domain", "string", "Name of that domain."),
)
_KIND = (
    unset("resourcetype", "string", "The kind of resource, as a number."),
    unset("resourcetypename", "string", "The kind of resource, in letters.", since="4.17"),
)
_JOB = (
    unset("jobid", "string", "The unfinished job that is changing this object."),
    unset("jobstatus", "integer", "The state of that job."),
)

RESOURCE_LIMIT = View("resourcelimit", None, (
    *_OWNER, *_KIND, unset("max", "long", "How much there may be; storage in GiB, memory in MB, -1: any amount."),
    *_JOB,
))
RESOURCE_COUNT = View("resourcecount", None, (
    *_OWNER, *_KIND, Field("resourcecount", "long", "How much there is; storage in bytes, memory in MB."), *_JOB,
))


def kind_fields(kind: Resource) -> dict[str, Any]:
    """The fields that name a kind of resource."""
    return {"resourcetype": str(int(kind)), "resourcetypename": kind.name.lower()}
