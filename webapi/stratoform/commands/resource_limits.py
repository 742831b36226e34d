"""Resource limits: what accounts, projects and domains may have; and what they have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import select

from stratoform.errors import ApiError, Fault
from stratoform.model.limits import KINDS, UNLIMITED, Resource, ResourceLimit, counts
from stratoform.model.projects import Project
from stratoform.model.quota import default, domain_counts, domain_limit, kinds_named, limits_of
from stratoform.model.tenancy import SYSTEM, Account, Domain

from .frame.answer import Answer, Body, Many, One
from .frame.base import ADMINS, EVERYONE, Command
from .frame.caller import RoleType
from .frame.owned import account_of
from .frame.params import Bool, Long, Param, Ref, Text, refuse, shown
from .frame.plain import PlainList
from .frame.scope import inside, subtree
from .views.resource_limits import RESOURCE_COUNT, RESOURCE_LIMIT, kind_fields

Subject = Account | Domain
"""Whose limits they are; a project is its account."""
NAMES: Final = {kind.name.lower(): kind for kind in Resource}


class KindOfResource(Param[Resource]):
    """A kind of resource by its number."""

    wire_type = "integer"

    def read(self, text: str) -> Resource:
        """See Param.read."""
        if text.strip() not in {str(int(kind)) for kind in Resource}:
            raise refuse(self.name, f"{shown(text)} is none of {kinds_named(Resource)}")
        return Resource(int(text))


class KindByName(Param[Resource]):
    """A kind of resource by its name."""

    def read(self, text: str) -> Resource:
        """See Param.read."""
        if text.strip().lower() not in NAMES:
            raise refuse(self.name, f"{shown(text)} is none of {', '.join(NAMES)}")
        return NAMES[text.strip().lower()]


class _OfSomebody(Command):
    """For commands about an account, a project, or a domain."""

    account = Text("The account; goes with domainid.")
    domainid = Ref(Domain, "The domain, or with account that of the account.")
    projectid = Ref(Project, "The project.")

    def subject(self) -> Subject:
        """Whose limits are meant: the caller's own account unless said otherwise.

        Raises:
            ApiError: BAD_PARAMETER.
        """
        if self.projectid is not None:
            if self.account is not None:
                raise refuse("account", "it cannot be given together with projectid")
            return self.session.get_one(Account, self.projectid.account_id)
        if self.account is not None:
            return account_of(self, self.account, self.domainid)
        return self.domainid or self.session.get_one(Account, self.caller.account_id)

    def demand_power(self, subject: Subject) -> None:
        """Refuses to whom does not administer the domain, or the account's or project's domain.

        Raises:
            ApiError: NOT_PERMITTED.
        """
        caller = self.caller
        domain = subject if isinstance(subject, Domain) else self.session.get_one(Domain, subject.domain_id)
        if not caller.is_root and (
                caller.role is not RoleType.DOMAIN_ADMIN or not domain.path.startswith(caller.domain_path)):
            raise ApiError(Fault.NOT_PERMITTED, f"Unable to execute {self.name}: only an administrator of domain "
                                                f"'{domain.name}' or above it can do that")

    def owner_fields(self, subject: Subject) -> Body:
        """The fields that say whose limit, or count, it is."""
        if isinstance(subject, Domain):
            return {"domainid": subject.uuid, "domain": subject.name}
        domain = self.session.get_one(Domain, subject.domain_id)
        project = self.session.scalar(select(Project).where(Project.account_id == subject.id))
        whose = {"account": subject.name} if project is None else {"projectid": project.uuid, "project": project.name}
        return {**whose, "domainid": domain.uuid, "domain": domain.name}


class UpdateResourceLimit(_OfSomebody, roles=ADMINS, view=RESOURCE_LIMIT):
    """Sets how much of a resource an account, a project, or a domain with all below it may have.

    Nothing that is there goes; who has more already gets nothing more.
    """

    resourcetype = KindOfResource("The kind of resource.").required
    max_ = Long("How much: pieces, MB of memory, GiB of storage; -1 (default): any amount.", least=-1)

    found: Subject

    def check(self) -> None:
        """See Command.check."""
        if self.caller.role is RoleType.RESOURCE_ADMIN:
            raise ApiError(Fault.NOT_PERMITTED, "Limits are set by administrators of the cloud or of a domain")
        self.found = self.subject()
        self.demand_power(self.found)
        if isinstance(self.found, Account):
            self._check_account(self.found)
        elif self.found.id == self.caller.domain_id and not self.caller.is_root:
            raise ApiError(Fault.NOT_PERMITTED, "The limits of one's own domain are set by an administrator above it")
        if not self.caller.is_root:
            self._check_above(self.found)

    @property
    def most(self) -> int:
        """The limit asked for."""
        return UNLIMITED if self.max_ is None else self.max_

    def _check_account(self, account: Account) -> None:
        kind = KINDS[self.resourcetype]
        if account.type == RoleType.ADMIN or account.name == SYSTEM:
            if self.most != UNLIMITED:
                raise refuse("max", f"account '{account.name}' is a root administrator's, which have no limits; only "
                                    "-1 is accepted")
        elif account.id == self.caller.account_id:
            raise ApiError(Fault.NOT_PERMITTED, "The limits of one's own account are set by another administrator")
        if self.projectid is not None and kind.project is None:
            raise refuse("resourcetype", f"projects have no {kind.noun}")

    def _check_above(self, subject: Subject) -> None:
        """Administrators of domains grant no more than they may have themselves."""
        kind = self.resourcetype
        domain = subject if isinstance(subject, Domain) else self.session.get_one(Domain, subject.domain_id)
        parent = domain.parent_id if isinstance(subject, Domain) else domain.id
        above, whose = domain_limit(self.session, self.session.get_one(Domain, parent), kind) \
            if parent is not None else (UNLIMITED, None)
        if whose is not None and not 0 <= self.most <= above:
            raise refuse("max", f"domain '{whose.name}' may have at most {above} {KINDS[kind].noun} itself; give 0 to "
                                f"{above}")
        if self.projectid is not None and isinstance(subject, Account):
            most = default(subject.type, kind, self.context.shared.settings.everything(self.session))
            if most != UNLIMITED and not 0 <= self.most <= most:
                raise refuse("max", f"setting {KINDS[kind].project} gives projects at most {most} {KINDS[kind].noun}; "
                                    f"give 0 to {most}, or ask a root administrator")

    def run(self) -> One:
        """See Command.run."""
        kind, subject = self.resourcetype, self.found
        column = ResourceLimit.domain_id if isinstance(subject, Domain) else ResourceLimit.account_id
        row = self.session.scalar(select(ResourceLimit).where(column == subject.id, ResourceLimit.type == kind))
        if row is None:
            row = ResourceLimit(type=kind)
            row.domain_id, row.account_id = (subject.id, None) if isinstance(subject, Domain) else (None, subject.id)
            self.session.add(row)
        row.max = self.most
        return One(RESOURCE_LIMIT.key, {**self.owner_fields(subject), **kind_fields(kind), "max": row.max})


class ListResourceLimits(_OfSomebody, PlainList, roles=EVERYONE, view=RESOURCE_LIMIT):
    """Lists what an account (unless said otherwise: the caller's), a project or a domain may have."""

    id = Long("Only the limit of this number, which no answer shows; kept for old clients.")
    resourcetype = KindOfResource("Only limits of this kind of resource.")
    resourcetypename = KindByName("Only limits of the kind of this name.", since="4.17")
    listall = Bool("The limits that were set for all accounts and domains the caller administers, too.")
    isrecursive = Bool("With domainid: the limits of the domains below it too.")

    def items(self) -> list[Body]:
        """See PlainList.items."""
        found = [item for subject in self._subjects() for item in self._limits(subject)]
        return [item for _, item in found] if self.id is None else [item for row, item in found if row == self.id]

    def _subjects(self) -> Iterator[Subject]:
        named = self.account is not None or self.projectid is not None
        if self.domainid is not None and not named:
            self.demand_power(self.domainid)
            below = subtree(self.domainid.path) if self.isrecursive else Domain.id == self.domainid.id
            yield from self.context.all(Domain, below)
            return
        yield self.subject()
        if self.listall and not named and self.caller.role in {RoleType.ADMIN, RoleType.DOMAIN_ADMIN}:
            within = subtree(self.caller.domain_path)
            yield from self.context.all(Domain, within, Domain.id.in_(select(ResourceLimit.domain_id)))
            yield from self.context.all(Account, inside(Account, within), Account.id != self.caller.account_id,
                                        Account.id.in_(select(ResourceLimit.account_id)))

    def _limits(self, subject: Subject) -> Iterator[tuple[int | None, Body]]:
        """(row id of a limit that was set, the limit as the API shows it) of each kind."""
        column = ResourceLimit.domain_id if isinstance(subject, Domain) else ResourceLimit.account_id
        rows = {row.type: row for row in self.session.scalars(select(ResourceLimit).where(column == subject.id))}
        owner = self.owner_fields(subject)
        holds = limits_of(self.session, [subject])[subject.id] if isinstance(subject, Account) else {
            kind: rows[kind].max if kind in rows else UNLIMITED for kind in Resource}
        for kind in self._kinds(project="projectid" in owner):
            yield rows[kind].id if kind in rows else None, {**owner, **kind_fields(kind), "max": holds[kind]}

    def _kinds(self, *, project: bool) -> Sequence[Resource]:
        asked = [self.resourcetype, self.resourcetypename]
        return [kind for kind in Resource if all(one in {None, kind} for one in asked)
                and not (project and KINDS[kind].project is None)]


class UpdateResourceCount(_OfSomebody, roles=ADMINS, view=RESOURCE_COUNT):
    """Counts anew what an account, a project, or a domain with all below it has.

    Counts are never kept here, so there is nothing to correct: it shows what limits are compared with.
    """

    is_list = True

    domainid = Ref(Domain, "The domain, or with account that of the account.").required
    resourcetype = KindOfResource("Only this kind of resource.")

    def check(self) -> None:
        """See Command.check."""
        subject = self.subject()
        if not (isinstance(subject, Account) and subject.id == self.caller.account_id):
            self.demand_power(subject)

    def run(self) -> Answer:
        """See Command.run."""
        subject = self.subject()
        kinds = [kind for kind in Resource if self.resourcetype in {None, kind}]
        owner = self.owner_fields(subject)
        has = domain_counts(self.session, subject, kinds) if isinstance(subject, Domain) else counts(
            self.session, [subject.id], kinds).get(subject.id, {})
        items = [{**owner, **kind_fields(kind), "resourcecount": has.get(kind, 0)} for kind in kinds
                 if not ("projectid" in owner and KINDS[kind].project is None)]
        return Many(RESOURCE_COUNT.key, items, len(items))
