"""Fields and views that many responses share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session, aliased

from stratoform.commands.frame.caller import Caller
from stratoform.commands.frame.view import Field, View, col, unset
from stratoform.model.base import Entity
from stratoform.model.kinds import kinds_of
from stratoform.model.projects import Project
from stratoform.model.tags import ResourceTag
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

TAG = View("tag", ResourceTag, (
    col("key", "string", "The tag's key.", ResourceTag.key),
    col("value", "string", "The tag's value.", ResourceTag.value),
    col("resourcetype", "string", "Kind of the tagged object.", ResourceTag.resource_type),
    col("resourceid", "string", "Id of the tagged object.", ResourceTag.resource_uuid),
    *OWNER,
    col("customer", "string", "Free text kept with the tag.", ResourceTag.customer),
    unset("jobid", "string", "The unfinished job that is changing this object."),
    unset("jobstatus", "integer", "The state of that job."),
), lambda query: with_owner(query, ResourceTag))


def tags_of(entity: type[Entity], type_: str = "set") -> Field:
    """The nested tags of objects of a kind that takes them (frame/kinds.py); [] without any, as clients expect."""
    names = [kind.name for kind in kinds_of(entity)]
    tagged = aliased(entity)  # a tag's owner may be a project too
    load = TAG.nested(tagged.id, lambda query: query.join(tagged, tagged.uuid == ResourceTag.resource_uuid)
                      .where(ResourceTag.resource_type.in_(names)).order_by(ResourceTag.key))

    def found(session: Session, caller: Caller, ids: Sequence[int]) -> Mapping[int, Any]:
        return {**{id_: [] for id_ in ids}, **load(session, caller, ids)}

    return Field("tags", type_, "Tags on the object.", load=found, nested=TAG)


CAPACITY = View("capacity", None, (
    unset("type", "short", "Kind of capacity: 0 memory, 1 CPU, 2 storage, 3 storage promised, 4 public addresses, "
          "5 private addresses, 6 secondary storage, 7 VLANs, 8 addresses of shared networks, 9 local storage."),
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
