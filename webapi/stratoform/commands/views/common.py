"""Fields and views that many responses share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from stratoform.commands.frame.view import Field, View, col, unset
from stratoform.model.projects import Project
from stratoform.model.tenancy import PROJECT_TYPE, Account, Domain


def with_owner(query: Select[Any], entity: Any, *, outer: bool = False) -> Select[Any]:
    """Joins what the owner's fields need; ``outer`` for rows that may have no owner or no domain."""
    return (
        query.join(Account, Account.id == entity.account_id, isouter=outer)
        .join(Domain, Domain.id == entity.domain_id, isouter=outer)
        .outerjoin(Project, Project.account_id == Account.id)
    )


OWNER = (
    col("account", "string", "The account that owns it; left out for what a project owns.", Account.name, Account.type,
        make=lambda name, kind: None if kind == PROJECT_TYPE else name),
    col("projectid", "string", "The project that owns it.", Project.uuid),
    col("project", "string", "Name of that project.", Project.name),
    col("domainid", "string", "The domain of its owner.", Domain.uuid),
    col("domain", "string", "Name of that domain.", Domain.name),
)
"""The owner's fields of a response; its view's joins begin with ``with_owner``."""

TAG = View("tags", None, (
    unset("key", "string", "The tag's key."),
    unset("value", "string", "The tag's value."),
    unset("resourcetype", "string", "Kind of the tagged object."),
    unset("resourceid", "string", "Id of the tagged object."),
    unset("account", "string", "Account that owns the tag."),
    unset("projectid", "string", "Project that owns the tag."),
    unset("project", "string", "Name of that project."),
    unset("domainid", "string", "Domain of the owner."),
    unset("domain", "string", "Name of that domain."),
    unset("customer", "string", "Customer of the tag."),
))

NO_TAGS = Field("tags", "set", "Tags on the object.", nested=TAG)
"""Tags come with the tag commands; until then no object has any."""

CAPACITY = View("capacity", None, (
    unset("type", "short", "Kind of capacity: 0 memory, 1 CPU, 2 storage, 3 primary storage allocated."),
    unset("zoneid", "string", "Zone it is counted in."),
    unset("zonename", "string", "Name of that zone."),
    unset("podid", "string", "Pod it is counted in."),
    unset("podname", "string", "Name of that pod."),
    unset("clusterid", "string", "Cluster it is counted in."),
    unset("clustername", "string", "Name of that cluster."),
    unset("capacityused", "long", "How much is in use, in the kind's own unit."),
    unset("capacitytotal", "long", "How much there is."),
    unset("percentused", "string", "The used part in percent."),
))


def capacities(of: str) -> Field:
    """The nested capacities of a zone, pod or cluster; filled when ``showcapacities`` asks for them."""
    return Field("capacity", "list", f"Capacities of the {of}, when asked for by showcapacities.", nested=CAPACITY)
