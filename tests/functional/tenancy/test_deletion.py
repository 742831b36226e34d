"""Deleting accounts and domains: all they own goes, by jobs that survive the process, and nothing else does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from stratoform.jobs.tables import FAILED, SUCCEEDED, Job
from stratoform.model.base import Base
from stratoform.model.projects import Project, ProjectMember
from stratoform.model.tenancy import Account
from stratoform.nodes.port import NodeUnreachable
from stratoform.reconcilers.going import Going
from stratoform.sagas import clearing
from tests.conftest import Service
from tests.functional.permissions.recipes import KEY
from tests.functional.tenancy.people import account, keys, person
from tests.support.client import Client, Refused
from tests.support.slate import differences, snapshot
from tests.support.zone import Zone


@pytest.fixture
def zone(built_zone: Zone) -> Zone:
    return built_zone


def settle(service: Service, limit: float = 20) -> None:
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with service.cloud.db.read() as session:
            if session.scalar(select(Job.id).where(Job.state.not_in((SUCCEEDED, FAILED))).limit(1)) is None:
                return
        time.sleep(0.01)
    raise TimeoutError


def furnish(admin: Client, mine: Client, made: Any, zone: Zone) -> None:
    """Gives an account one thing of each kind."""
    name = made["name"]
    offering = admin.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"]
    network = admin.one(
        "createNetwork", name=f"net of {name}", displaytext="-", acltype="Account", account=name,
        domainid=made["domainid"], networkofferingid=offering, zoneid=zone.zone, vlan=str(700 + len(name)),
        gateway="10.6.1.1", netmask="255.255.255.0", startip="10.6.1.10", endip="10.6.1.20")["id"]
    template = mine.one(
        "registerTemplate", name=f"image of {name}", displaytext="-", format="QCOW2", hypervisor="Simulator",
        ostypeid=mine.items("listOsTypes")[0]["id"], zoneid=zone.zone, url="http://images.example.org/a.qcow2")["id"]
    zone.await_template(admin, template)
    mine.one("registerSSHKeyPair", name="key", publickey=KEY)
    running = mine.job("deployVirtualMachine", **zone.deploy(name=f"{name}-on", group="g", networkids=network))
    mine.job("createTags", resourcetype="UserVm", resourceids=running["id"],
             **{"tags[0].key": "a", "tags[0].value": "b"})
    for state, command in (("off", "stopVirtualMachine"), ("gone", "destroyVirtualMachine")):
        vm = mine.job("deployVirtualMachine", **zone.deploy(name=f"{name}-{state}", templateid=template))
        mine.job(command, id=vm["id"])
    disk = admin.items("listDiskOfferings", name="Small")[0]["id"]
    mine.job("createVolume", name="loose", diskofferingid=disk, zoneid=zone.zone)


def test_every_table_of_an_accounts_things_is_dealt_with() -> None:
    having = {mapper.local_table.name for mapper in Base.registry.mappers if "account_id" in mapper.local_table.c}
    unknown = having - set(clearing.tables())
    assert not unknown, f"say in sagas/clearing.py what becomes of {sorted(unknown)} when an account is deleted"


def test_a_deleted_account_leaves_nothing(zone: Zone, service: Service, api: Client) -> None:
    person(api, "neighbour").job("deployVirtualMachine", **zone.deploy(name="stays"))
    before = snapshot(service.cloud)
    made = account(api, "alice")
    alice = keys(api, made)
    furnish(api, alice, made, zone)
    assert api.job("deleteAccount", id=made["id"]) is True
    with pytest.raises(Refused, match="unable to verify"):
        alice("listZones")
    assert api.items("listAccounts", listall=True, name="alice") == []
    assert api.items("listUsers", listall=True, username="alice") == []
    assert differences(before, snapshot(service.cloud)) == {}
    with service.cloud.db.read() as session:
        account_id = session.scalar(select(Account.id).where(Account.uuid == made["id"]))
        for mapper in Base.registry.mappers:
            table = mapper.local_table
            if clearing.tables().get(table.name) == "deleted":
                assert session.scalar(select(func.count()).where(table.c.account_id == account_id)) == 0
    assert account(api, "alice")["id"] != made["id"]


def test_while_it_goes_nobody_uses_or_changes_it(
    zone: Zone, make_service: Callable[..., Service], service: Service, api: Client,
) -> None:
    made = account(api, "alice")
    keys(api, made).job("deployVirtualMachine", **zone.deploy(name="one"))
    service.cloud.jobs.stop()
    job = api("deleteAccount", id=made["id"])["jobid"]
    shown = api.one("listAccounts", iscleanuprequired=True, listall=True)
    assert (shown["id"], shown["state"], shown["jobid"] is not None) == (made["id"], "disabled", True)
    for command, params in (("enableAccount", {}), ("disableAccount", {"lock": False})):
        with pytest.raises(Refused, match="is being deleted"):
            api(command, id=made["id"], **params)
    with pytest.raises(Refused, match="Account 'alice' is disabled"):
        api("createSSHKeyPair", name="k", account="alice", domainid=made["domainid"])
    make_service().admin.await_job(job)


def test_what_could_not_be_removed_is_named_and_tried_again(
    zone: Zone, make_service: Callable[..., Service],
) -> None:
    away = [True]

    class Flaky:
        def __init__(self, nodes: Any) -> None:
            self.nodes = nodes

        def __getattr__(self, name: str) -> Any:
            return getattr(self.nodes, name)

        def run(self, operation: str, target: Any, args: Any, job: str) -> Any:
            if away[0] and operation == "volume" and args.get("state") == "absent":
                raise NodeUnreachable(target, "no route")
            return self.nodes.run(operation, target, args, job)

    service = make_service(Flaky)
    api = service.admin
    made = account(api, "alice")
    keys(api, made).job("deployVirtualMachine", **zone.deploy(name="stubborn"))
    with pytest.raises(Refused, match=r"account 'alice': 1 virtual machines \(stubborn\) could not be removed"):
        api.job("deleteAccount", id=made["id"])
    assert api.one("listAccounts", id=made["id"])["iscleanuprequired"] is True
    going = Going(service.cloud.db, service.cloud.jobs.wake)
    assert "1 domains and accounts" in going.remove()
    settle(service)
    assert api.one("listAccounts", id=made["id"])["iscleanuprequired"] is True
    away[0] = False
    going.remove()
    settle(service)
    assert api.items("listAccounts", listall=True, name="alice") == []
    assert going.remove() == ""


def test_who_administers_a_project_stays(service: Service, api: Client) -> None:
    made = account(api, "alice")

    def work(session: Any) -> None:
        mine = session.scalars(select(Account).where(Account.uuid == made["id"])).one()
        own = Account(name="p", domain_id=mine.domain_id, type=5)
        session.add(own)
        session.flush()
        project = Project(name="team", display_text="-", domain_id=mine.domain_id, account_id=own.id)
        session.add(project)
        session.flush()
        session.add(ProjectMember(project_id=project.id, account_id=mine.id, is_admin=True))

    service.cloud.db.write(work)
    with pytest.raises(Refused, match="account 'alice' administers 1 project"):
        api("deleteAccount", id=made["id"])


def test_the_first_administrator_and_the_caller_stay(api: Client) -> None:
    admin = api.one("listAccounts")["id"]
    other = person(api, "other", accounttype=1)
    with pytest.raises(Refused, match="there from the start"):
        other("deleteAccount", id=admin)
    with pytest.raises(Refused, match="this is your own account"):
        other("deleteAccount", id=other.one("listAccounts")["id"])


def test_an_empty_domain_is_deleted(api: Client) -> None:
    domain = api.one("createDomain", name="d")["id"]
    assert api.job("deleteDomain", id=domain) is True
    assert [d["name"] for d in api.items("listDomains")] == ["ROOT"]
    api("createDomain", name="d")
    with pytest.raises(Refused, match="ROOT is there from the start"):
        api("deleteDomain", id=api.one("listDomains", level=0)["id"])


def test_a_domain_that_is_used_is_deleted_only_with_cleanup(zone: Zone, service: Service, api: Client) -> None:
    before = snapshot(service.cloud)
    parent = api.one("createDomain", name="p")["id"]
    child = api.one("createDomain", name="c", parentdomainid=parent)["id"]
    people = {name: account(api, name, domainid=domain, accounttype=kind)
              for name, domain, kind in (("dora", parent, 2), ("carl", child, 0))}
    clients = {name: keys(api, made) for name, made in people.items()}
    furnish(api, clients["carl"], people["carl"], zone)
    clients["dora"].job("deployVirtualMachine", **zone.deploy(name="dora-1"))
    offering = api.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"]
    shared = api.one("createNetwork", name="shared", displaytext="-", acltype="Domain", domainid=child, vlan="790",
                     networkofferingid=offering, zoneid=zone.zone, gateway="10.5.1.1", netmask="255.255.255.0",
                     startip="10.5.1.10", endip="10.5.1.20")["id"]
    clients["carl"].job("deployVirtualMachine", **zone.deploy(name="on-shared", networkids=shared))
    api("createServiceOffering", name="private", displaytext="-", domainid=parent)
    with pytest.raises(Refused, match=r"1 domain\(s\) in it: 'c'; delete them first, or say cleanup=true"):
        api("deleteDomain", id=parent)
    with pytest.raises(Refused, match=r"1 account\(s\) in it: 'carl'"):
        api("deleteDomain", id=child, cleanup=False)
    api.job("deleteDomain", id=parent, cleanup=True)
    assert [d["name"] for d in api.items("listDomains")] == ["ROOT"]
    assert [a["name"] for a in api.items("listAccounts", listall=True)] == ["admin"]
    for client in clients.values():
        with pytest.raises(Refused, match="unable to verify"):
            client("listZones")
    assert differences(before, snapshot(service.cloud)) == {}


def test_nothing_is_made_in_a_domain_that_goes(
    make_service: Callable[..., Service], service: Service, api: Client,
) -> None:
    domain = api.one("createDomain", name="d")["id"]
    account(api, "alice", domainid=domain)
    service.cloud.jobs.stop()
    job = api("deleteDomain", id=domain, cleanup=True)["jobid"]
    assert api.one("listDomains", id=domain)["state"] == "Inactive"
    for attempt in (lambda: account(api, "bob", domainid=domain),
                    lambda: api("createDomain", name="x", parentdomainid=domain)):
        with pytest.raises(Refused, match="is being deleted"):
            attempt()
    make_service().admin.await_job(job)


def test_a_domain_with_a_private_zone_stays(api: Client) -> None:
    domain = api.one("createDomain", name="d")["id"]
    api("createZone", name="private", networktype="Advanced", dns1="192.0.2.1", internaldns1="192.0.2.1",
        domainid=domain)
    with pytest.raises(Refused, match=r"1 zone\(s\) private to it: 'private'; make it public"):
        api("deleteDomain", id=domain, cleanup=True)
