"""Who sees what, against rules in plain Python, for trees of domains, accounts and projects as they come.

Every example is built in a transaction that is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.commands.frame.base import REGISTRY, ROOT_ONLY
from stratoform.commands.frame.caller import Caller, RoleType
from stratoform.commands.frame.context import Context
from stratoform.commands.frame.directory import caller_of
from stratoform.commands.frame.scope import _RULES, visible
from stratoform.errors import ApiError
from stratoform.model.compute import GuestOs, ServiceOffering, SshKeyPair
from stratoform.model.network import Network, NetworkOffering
from stratoform.model.projects import Project, ProjectMember
from stratoform.model.storage import Template
from stratoform.model.tenancy import PROJECT_TYPE, Account, Domain, User
from stratoform.model.topology import Zone
from tests.conftest import Service

NAMES = ("a", "A", "ab", "a_", "a%", "a\\", "_", "%", "\u00e4", "b")
"""Siblings of which a careless comparison takes one for another, or for its parent."""


@dataclass
class Node:
    """A domain of an example."""

    path: str
    row: Domain


@dataclass
class Owner:
    """An account or a project of an example.

    Attributes:
        node: its domain.
        members: of a project: the accounts that are in it.
    """

    name: str
    node: Node
    row: Account
    members: list[Owner] = field(default_factory=list)
    project: Project | None = None
    user: User | None = None

    @property
    def role(self) -> RoleType:
        """Of an account."""
        return RoleType(self.row.type)


@dataclass
class Tree:
    """An example: what there is, and what is plainly true of it."""

    session: Session
    nodes: list[Node] = field(default_factory=list)
    accounts: list[Owner] = field(default_factory=list)
    projects: list[Owner] = field(default_factory=list)

    def below(self, node: Node, top: Node) -> bool:
        """Whether a domain is another one or below it."""
        parts, above = node.path.split("/")[:-1], top.path.split("/")[:-1]
        return parts[:len(above)] == above

    def administers(self, who: Owner, node: Node) -> bool:
        """Whether an account answers for what is in a domain."""
        return who.role is RoleType.ADMIN or (who.role is RoleType.DOMAIN_ADMIN and self.below(node, who.node))

    def owns(self, who: Owner, owner: Owner) -> bool:
        """Whether what the owner has is the account's to see."""
        return who is owner or who in owner.members or self.administers(who, owner.node)


Plan = Mapping[str, Any]
INDEX = st.integers(0, 99)
PLANS = st.fixed_dictionaries({
    "domains": st.lists(st.tuples(INDEX, st.sampled_from(NAMES)), max_size=7),
    "accounts": st.lists(st.tuples(INDEX, st.sampled_from("xy"), st.sampled_from(list(RoleType))), min_size=1,
                         max_size=6),
    "projects": st.lists(st.tuples(INDEX, st.lists(INDEX, max_size=3)), max_size=3),
    "offered": st.lists(st.tuples(st.none() | INDEX, st.booleans()), max_size=4),
    "public": st.lists(st.booleans(), min_size=9, max_size=9),
})


@contextmanager
def planted(service: Service, plan: Plan) -> Iterator[Tree]:
    """The tree of a plan, for as long as the block lasts."""
    with Session(service.cloud.db._writer, expire_on_commit=False) as session:
        tree = Tree(session)
        root = session.scalars(select(Domain).where(Domain.path == "/")).one()
        tree.nodes.append(Node("/", root))
        for parent, name in plan["domains"]:
            above = tree.nodes[parent % len(tree.nodes)]
            path = f"{above.path}{name}/"
            if all(node.path != path for node in tree.nodes):
                tree.nodes.append(Node(path, _add(session, Domain(name=name, path=path, parent_id=above.row.id))))
        for where, name, role in plan["accounts"]:
            node = tree.nodes[where % len(tree.nodes)]
            if all((owner.name, owner.node) != (name, node) for owner in tree.accounts):
                row = _add(session, Account(name=name, domain_id=node.row.id, type=int(role)))
                user = _add(session, User(name=f"{name}-user", account_id=row.id))
                tree.accounts.append(Owner(name, node, row, user=user))
        for number, (where, members) in enumerate(plan["projects"]):
            tree.projects.append(_project(tree, number, tree.nodes[where % len(tree.nodes)], members))
        yield tree
        session.rollback()


def _add(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def _project(tree: Tree, number: int, node: Node, members: Sequence[int]) -> Owner:
    session = tree.session
    account = _add(session, Account(name=f"p{number}", domain_id=node.row.id, type=PROJECT_TYPE))
    project = _add(session, Project(name=f"p{number}", display_text="-", domain_id=node.row.id, account_id=account.id))
    inside = {index % len(tree.accounts) for index in members}
    for index in inside:
        _add(session, ProjectMember(project_id=project.id, account_id=tree.accounts[index].row.id))
    return Owner(f"p{number}", node, account, [tree.accounts[index] for index in inside], project)


def seen(tree: Tree, entity: type[Any], caller: Caller, rows: Sequence[Any]) -> set[int]:
    """Row ids, of these rows, that the caller sees."""
    found = tree.session.scalars(select(entity.id).where(*visible(entity, caller)))
    return set(found) & {row.id for row in rows}


def truth(rows: Sequence[tuple[Any, bool]]) -> set[int]:
    """Row ids of the rows that should be seen."""
    return {row.id for row, yes in rows if yes}


PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@PROPERTY
@given(PLANS)
def test_owned_things_are_seen_by_owners_members_and_administrators(service: Service, plan: Plan) -> None:
    with planted(service, plan) as tree:
        session, os_ = tree.session, service_row(tree, GuestOs)
        owners = [*tree.accounts, *tree.projects]
        keys = [_key(session, owner, number) for number, owner in enumerate(owners)]
        images = [_add(session, Template(
            name="t", display_text="t", account_id=owner.row.id, domain_id=owner.node.row.id, url="u", format="QCOW2",
            hypervisor="KVM", guest_os_id=os_.id, is_public=public,
        )) for owner, public in zip(owners, plan["public"], strict=False)]
        for who in tree.accounts:
            caller = caller_of(session, who.user.id)
            theirs = [tree.owns(who, owner) for owner in owners]
            assert seen(tree, SshKeyPair, caller, keys) == truth(list(zip(keys, theirs, strict=True)))
            assert seen(tree, Template, caller, images) == {
                image.id for image, mine in zip(images, theirs, strict=True) if mine or image.is_public}
            assert seen(tree, Project, caller, [p.project for p in tree.projects]) == truth(
                [(p.project, tree.owns(who, p)) for p in tree.projects])


@PROPERTY
@given(PLANS)
def test_domains_accounts_and_users_are_seen_by_themselves_and_from_above(service: Service, plan: Plan) -> None:
    with planted(service, plan) as tree:
        for who in tree.accounts:
            caller = caller_of(tree.session, who.user.id)
            assert seen(tree, Domain, caller, [node.row for node in tree.nodes]) == truth(
                [(node.row, node is who.node or tree.administers(who, node)) for node in tree.nodes])
            known = [(owner, owner is who or tree.administers(who, owner.node)) for owner in tree.accounts]
            assert seen(tree, Account, caller, [o.row for o in tree.accounts]) == truth([(o.row, y) for o, y in known])
            assert seen(tree, User, caller, [o.user for o in tree.accounts]) == truth([(o.user, y) for o, y in known])


@PROPERTY
@given(PLANS)
def test_what_is_offered_to_a_domain_is_seen_there_and_below(service: Service, plan: Plan) -> None:
    with planted(service, plan) as tree:
        session, zone, offering = tree.session, service_row(tree, Zone), service_row(tree, NetworkOffering)
        places = [(None if where is None else tree.nodes[where % len(tree.nodes)], flag)
                  for where, flag in plan["offered"]]
        ids = [node.row.id if node else None for node, _ in places]
        zones = [_add(session, Zone(name="z", dns1="-", internal_dns1="-", network_type="Basic", domain_id=domain))
                 for domain in ids]
        sizes = [_add(session, ServiceOffering(name="o", display_text="o", domain_id=domain, is_system=system))
                 for domain, (_, system) in zip(ids, places, strict=True)]
        wires = [_add(session, Network(
            name="n", display_text="n", offering_id=offering.id, zone_id=zone.id, guest_type="Shared",
            acl_type="Domain", domain_id=domain or tree.nodes[0].row.id, subdomain_access=deep,
        )) for domain, (_, deep) in zip(ids, places, strict=True)]
        for who in tree.accounts:
            caller, root = caller_of(session, who.user.id), who.role is RoleType.ADMIN
            offered = [(node or tree.nodes[0], flag) for node, flag in places]
            below = [tree.below(who.node, node) for node, _ in offered]
            assert seen(tree, Zone, caller, zones) == {z.id for z, y in zip(zones, below, strict=True) if y or root}
            assert seen(tree, ServiceOffering, caller, sizes) == {
                size.id for size, y in zip(sizes, below, strict=True) if root or (y and not size.is_system)}
            assert seen(tree, Network, caller, wires) == {
                wire.id for wire, y, (node, deep) in zip(wires, below, offered, strict=True)
                if tree.administers(who, node) or (y and (deep or node is who.node))}


FILTERS = st.fixed_dictionaries({}, optional={
    "listall": st.booleans(), "isrecursive": st.booleans(), "domainid": INDEX, "account": st.sampled_from("xyz"),
    "projectid": st.just(-1) | INDEX,
})


@PROPERTY
@given(PLANS, FILTERS)
def test_lists_hold_what_their_filters_say(service: Service, plan: Plan, filters: Mapping[str, Any]) -> None:
    with planted(service, plan) as tree:
        owners = [*tree.accounts, *tree.projects]
        keys = {owner.row.id: _key(tree.session, owner, number).id for number, owner in enumerate(owners)}
        for who in tree.accounts:
            wanted = expected(tree, who, filters)
            got = listed(service, tree, who, filters)
            assert got == (None if wanted is None else {keys[owner.row.id] for owner in wanted}), who


def expected(tree: Tree, who: Owner, filters: Mapping[str, Any]) -> list[Owner] | None:
    """The owners whose things are listed; None: the call is refused."""
    node = _node(tree, filters)
    if node is not None and node is not who.node and not tree.administers(who, node):
        return None
    if "projectid" in filters and (filters["projectid"] == -1 or tree.projects):
        return _expected_of_projects(tree, who, filters)
    if "account" in filters:
        found = [o for o in tree.accounts if o.name == filters["account"] and o.node is (node or who.node)]
        return found if found and (found[0] is who or tree.administers(who, found[0].node)) else None
    if node is not None and who.role in {RoleType.ADMIN, RoleType.DOMAIN_ADMIN}:
        deep = filters.get("isrecursive")
        return [o for o in tree.accounts if o.node is node or (deep and tree.below(o.node, node))]
    if filters.get("listall"):
        return [o for o in tree.accounts if o is who or tree.administers(who, o.node)]
    return [who]


def _expected_of_projects(tree: Tree, who: Owner, filters: Mapping[str, Any]) -> list[Owner] | None:
    mine = [project for project in tree.projects if tree.owns(who, project)]
    if filters["projectid"] == -1:
        return None if "account" in filters else mine
    project = tree.projects[filters["projectid"] % len(tree.projects)]
    return None if "account" in filters or project not in mine else [project]


def _node(tree: Tree, filters: Mapping[str, Any]) -> Node | None:
    return tree.nodes[filters["domainid"] % len(tree.nodes)] if "domainid" in filters else None


def listed(service: Service, tree: Tree, who: Owner, filters: Mapping[str, Any]) -> set[int] | None:
    """Row ids of the key pairs that listSSHKeyPairs lists; None: it refuses."""
    given_ = {name: str(value).lower() for name, value in filters.items()}
    if node := _node(tree, filters):
        given_["domainid"] = node.row.uuid
    if filters.get("projectid", -1) != -1:
        if not tree.projects:
            del given_["projectid"]
        else:
            given_["projectid"] = tree.projects[filters["projectid"] % len(tree.projects)].project.uuid
    caller = caller_of(tree.session, who.user.id)
    kind = REGISTRY["listSSHKeyPairs"]
    try:
        command: Any = kind.resolved(Context(tree.session, caller, service.cloud.commands.shared),
                                     kind.parse(given_, caller))
        return set(tree.session.scalars(select(SshKeyPair.id).where(*command.conditions())))
    except ApiError:
        return None


def _key(session: Session, owner: Owner, number: int) -> SshKeyPair:
    row: SshKeyPair = _add(session, SshKeyPair(
        name=f"k{number}", account_id=owner.row.id, domain_id=owner.node.row.id, public_key="-", fingerprint="-"))
    return row


def service_row(tree: Tree, entity: type[Any]) -> Any:
    """Any row of a kind, made when there is none."""
    found = tree.session.scalars(select(entity).limit(1)).first()
    if found is None:
        found = _add(tree.session, Zone(name="any", dns1="-", internal_dns1="-", network_type="Basic"))
    return found


def test_no_entity_that_has_an_owner_is_without_a_rule() -> None:
    """Whatever others than root administrators can name by id, and an account owns, has a rule in frame/scope.py."""
    named = {entity for command in REGISTRY.values() if command.roles != ROOT_ONLY for entity in _references(command)}
    owned = {entity for entity in named if hasattr(entity, "account_id")}
    assert {entity.__name__ for entity in owned - set(_RULES)} == set()


def _references(command: Any) -> Iterator[Any]:
    for param in command.params.values():
        inner = getattr(param, "item", param)
        if hasattr(inner, "entity") and not param.admin:
            yield inner.entity
