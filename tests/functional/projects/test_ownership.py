"""What belongs to a project is used within it; what is outside is used in it when it is shared with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Service
from tests.functional.permissions.recipes import KEY
from tests.functional.projects.test_projects import names, refused
from tests.support.client import Client
from tests.support.zone import Zone


@dataclass
class Team:
    """A project of ann's with bob as a member; carl is not in it."""

    zone: Zone
    root: Client
    ann: Client
    bob: Client
    carl: Client
    project: str

    def deploy(self, name: str, **more: Any) -> dict[str, Any]:
        return self.zone.deploy(name=name, startvm=False, **more)

    def template(self, client: Client, name: str, **more: Any) -> str:
        made = client.one(
            "registerTemplate", name=name, displaytext="-", format="QCOW2", hypervisor="Simulator",
            ostypeid=client.items("listOsTypes")[0]["id"], zoneid=self.zone.zone,
            url="http://images.example.org/a.qcow2", **more)["id"]
        self.zone.await_template(self.root, made)
        return str(made)

    def network(self, name: str, number: int, **more: Any) -> str:
        offering = self.root.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"]
        return str(self.root.one(
            "createNetwork", name=name, displaytext="-", zoneid=self.zone.zone, networkofferingid=offering,
            vlan=str(800 + number), gateway=f"10.8.{number}.1", netmask="255.255.255.0", startip=f"10.8.{number}.10",
            endip=f"10.8.{number}.20", **more)["id"])


@pytest.fixture
def team(built_zone: Zone, service: Service) -> Team:
    ann, bob, carl = (service.user(name) for name in ("ann", "bob", "carl"))
    project = ann.job("createProject", name="alpha")["id"]
    ann.job("addAccountToProject", projectid=project, account="bob")
    return Team(built_zone, service.admin, ann, bob, carl, str(project))


def templates(client: Client, which: str, **more: Any) -> list[str]:
    return names(client.items("listTemplates", templatefilter=which, **more))


def test_a_private_template_is_shared_with_accounts_and_projects(team: Team) -> None:
    own = team.template(team.ann, "private")
    assert templates(team.bob, "executable") == ["tiny"]
    refused(431, "no template with id", team.bob, "deployVirtualMachine", **team.deploy("x", templateid=own))
    refused(431, "template 'private' of account 'ann' is not for project 'alpha'", team.ann, "deployVirtualMachine",
            **team.deploy("x", templateid=own, projectid=team.project))
    share = {"id": own, "op": "add"}
    team.ann("updateTemplatePermissions", **share, accounts="bob")
    team.ann("updateTemplatePermissions", **share, accounts="bob,ann", projectids=team.project)
    shown = team.ann.one("listTemplatePermissions", id=own)
    assert (shown["account"], shown["projectids"], shown["ispublic"]) == (["bob"], [team.project], False)
    assert templates(team.bob, "sharedexecutable") == ["private"]
    assert templates(team.bob, "executable") == ["private", "tiny"]
    assert templates(team.bob, "sharedexecutable", projectid=team.project) == ["private"]
    assert templates(team.ann, "sharedexecutable") == []
    assert templates(team.carl, "sharedexecutable") == []
    team.bob.job("deployVirtualMachine", **team.deploy("bobs", templateid=own))
    team.bob.job("deployVirtualMachine", **team.deploy("ours", templateid=own, projectid=team.project))

    refused(531, "belongs to another account", team.bob, "updateTemplatePermissions", **share, accounts="bob")
    refused(531, "belongs to another account", team.bob, "listTemplatePermissions", id=own)
    refused(431, "no template with id", team.carl, "listTemplatePermissions", id=own)
    refused(431, "op.*it must be add or remove", team.ann, "updateTemplatePermissions", id=own, accounts="bob")
    refused(431, "name accounts or projectids", team.ann, "updateTemplatePermissions", **share)
    refused(431, "no account named 'eve'", team.ann, "updateTemplatePermissions", **share, accounts="eve")
    team.ann("updateTemplatePermissions", id=own, op="remove", accounts="bob")
    assert templates(team.bob, "sharedexecutable") == []
    assert templates(team.bob, "sharedexecutable", projectid=team.project) == ["private"]
    team.ann("updateTemplatePermissions", id=own, op="reset")
    shown = team.ann.one("listTemplatePermissions", id=own)
    assert {"account", "projectids"}.isdisjoint(shown)
    assert templates(team.bob, "executable") == ["tiny"]


def test_a_projects_template_is_its_members_and_used_within_it(team: Team) -> None:
    ours = team.template(team.ann, "ours", projectid=team.project)
    shown = team.bob.one("listTemplates", templatefilter="self", projectid=team.project)
    assert (shown["id"], shown["project"], shown["projectid"]) == (ours, "alpha", team.project)
    assert "account" not in shown
    assert templates(team.bob, "self") == []
    assert templates(team.bob, "featured", projectid=team.project) == []
    assert templates(team.bob, "community", projectid=team.project) == ["tiny"]
    assert templates(team.bob, "executable", projectid=team.project) == ["ours", "tiny"]
    team.bob("updateTemplate", id=ours, displaytext="by bob")
    refused(431, "template 'ours' of project 'alpha' is not for account 'bob'", team.bob, "deployVirtualMachine",
            **team.deploy("x", templateid=ours))
    team.bob.job("deployVirtualMachine", **team.zone.deploy(name="ours", projectid=team.project) | {"templateid": ours})
    refused(431, "no template with id", team.carl, "listTemplates", templatefilter="self", id=ours)
    team.bob.job("deleteTemplate", id=ours)


def test_a_projects_network_serves_the_project_alone(team: Team) -> None:
    ours = team.network("ours", 1, projectid=team.project)
    anns = team.network("anns", 2, account="ann", acltype="Account",
                        domainid=team.root.items("listDomains", name="ROOT")[0]["id"])

    def networks(client: Client, **more: Any) -> list[str]:
        return names(client.items("listNetworks", **more))

    assert networks(team.bob) == networks(team.bob, listall=True) == ["guests"]
    assert networks(team.bob, projectid=team.project) == ["guests", "ours"]
    assert networks(team.bob, projectid="-1") == networks(team.root, projectid="-1") == ["ours"]
    assert networks(team.root, listall=True) == ["anns", "guests"]
    assert networks(team.bob, id=ours) == ["ours"]
    shown = team.bob.one("listNetworks", id=ours)
    assert (shown["project"], shown["acltype"]) == ("alpha", "Account")
    assert "account" not in shown
    refused(431, "no network with id", team.carl, "listNetworks", id=ours)
    refused(431, "network 'ours' is for project 'alpha' only, not for account 'bob'", team.bob, "deployVirtualMachine",
            **team.deploy("x") | {"networkids": ours})
    refused(431, "network 'anns' is for account 'ann' only, not for project 'alpha'", team.ann, "deployVirtualMachine",
            **team.deploy("x", projectid=team.project) | {"networkids": anns})
    vm = team.bob.job("deployVirtualMachine", **team.deploy("x", projectid=team.project) | {"networkids": ours})
    assert vm["nic"][0]["networkname"] == "ours"
    team.bob.job("updateNetwork", id=ours, displaytext="by bob")
    refused(431, "a network of a project serves that project alone", team.network, "y", 3, projectid=team.project,
            acltype="Domain")


def test_keys_groups_and_disks_of_a_project(team: Team) -> None:
    whose = {"projectid": team.project}
    team.ann.one("registerSSHKeyPair", name="ours", publickey=KEY, **whose)
    team.ann.one("registerSSHKeyPair", name="mine", publickey=KEY)
    assert names(team.bob.items("listSSHKeyPairs", **whose)) == ["ours"]
    assert names(team.ann.items("listSSHKeyPairs")) == ["mine"]
    refused(431, "no ssh key pair named 'mine'", team.ann, "deployVirtualMachine",
            **team.deploy("x", keypair="mine", **whose))
    vm = team.bob.job("deployVirtualMachine", **team.deploy("x", keypair="ours", group="team", **whose))
    assert (vm["keypair"], vm["group"]) == ("ours", "team")
    assert names(team.ann.items("listInstanceGroups", **whose)) == ["team"]
    assert team.ann.items("listInstanceGroups") == []
    small = team.bob.items("listDiskOfferings", name="Small")[0]["id"]
    disk = team.bob.job("createVolume", name="ours", zoneid=team.zone.zone, diskofferingid=small, **whose)
    assert disk["project"] == "alpha"
    assert names(team.ann.items("listVolumes", **whose, type="DATADISK")) == ["ours"]
    assert team.ann.items("listVolumes") == []
    assert {event["project"] for event in team.ann.items("listEvents", **whose)} == {"alpha"}
    team.ann.job("attachVolume", id=disk["id"], virtualmachineid=vm["id"])
    team.ann("deleteSSHKeyPair", name="ours", **whose)
    for command in ("listVirtualMachines", "listVolumes", "listSSHKeyPairs", "listInstanceGroups", "listEvents"):
        refused(431, "no project with id", team.carl, command, **whose)
        refused(431, "cannot be given together with projectid", team.ann, command, account="ann", **whose)


def test_public_addresses_can_be_reserved_for_a_project(team: Team) -> None:
    wire = team.zone.physical_network
    team.root.job("addTrafficType", physicalnetworkid=wire, traffictype="Public", kvmnetworklabel="cloudbr0")
    team.root("createVlanIpRange", zoneid=team.zone.zone, forvirtualnetwork=True, vlan="50", gateway="192.0.2.1",
              netmask="255.255.255.0", startip="192.0.2.10", endip="192.0.2.20", projectid=team.project)
    (found,) = team.root.items("listVlanIpRanges", projectid=team.project)
    assert found["startip"] == "192.0.2.10"


def test_tags_of_a_project(team: Team) -> None:
    team.ann.job("createTags", resourcetype="Project", resourceids=team.project,
                 **{"tags[0].key": "stage", "tags[0].value": "test"})
    (tag,) = team.bob.one("listProjects", **{"tags[0].key": "stage", "tags[0].value": "test"})["tags"]
    assert (tag["value"], tag["project"]) == ("test", "alpha")
    assert team.bob.items("listProjects", **{"tags[0].key": "stage", "tags[0].value": "x"}) == []
