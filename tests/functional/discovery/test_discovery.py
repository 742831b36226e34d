"""What the cloud says of itself."""

from __future__ import annotations

import pytest

from stratoform.commands.frame.base import REGISTRY
from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import build


def test_every_command_is_described_completely(api: Client) -> None:
    apis = {described["name"]: described for described in api("listApis", listall=True)["api"]}
    assert set(apis) == set(REGISTRY)
    for name, described in apis.items():
        assert {"name", "description", "isasync", "params", "response"} <= set(described), name
        for param in described["params"]:
            assert {"name", "description", "type", "length", "required"} <= set(param), (name, param)
        assert described["response"], name
        for shown in described["response"]:
            assert {"name", "description", "type"} <= set(shown), (name, shown)
    tags = next(shown for shown in apis["listVolumes"]["response"] if shown["name"] == "tags")
    assert "resourcetype" in {nested["name"] for nested in tags["response"]}


def test_one_command_by_name(api: Client) -> None:
    described = api.one("listApis", name="registerTemplate")
    params = {param["name"]: param for param in described["params"]}
    assert params["zoneid"] | {"description": "", "related": ""} == {
        "name": "zoneid", "description": "", "type": "uuid", "length": 255, "required": True, "related": ""}
    assert "listZones" in params["zoneid"]["related"].split(",")
    assert params["bits"]["type"] == "integer"
    assert params["details"]["type"] == "map"
    assert set(described["related"].split(",")) >= {"listTemplates"}
    assert described["isasync"] is False
    assert api.one("listApis", name="deleteTemplate")["isasync"] is True
    assert [field["name"] for field in api.one("listApis", name="deleteSSHKeyPair")["response"]][:2] == [
        "success", "displaytext"]
    with pytest.raises(Refused, match="there is no command 'makeCoffee'"):
        api("listApis", name="makeCoffee")


def test_others_see_neither_commands_nor_fields_of_administrators(service: Service) -> None:
    ann = service.user("ann")
    apis = {described["name"]: described for described in ann.items("listApis")}
    assert "createZone" not in apis
    assert "listConfigurations" not in apis
    assert {"storageid", "hostid"}.isdisjoint({param["name"] for param in apis["listVolumes"]["params"]})
    assert {"storage", "storageid"}.isdisjoint({shown["name"] for shown in apis["listVolumes"]["response"]})
    related = ",".join(filter(None, (described.get("related") for described in apis.values()))).split(",")
    assert set(related) <= set(apis)
    with pytest.raises(Refused):
        ann("listApis", name="createZone")


def test_capabilities(service: Service, api: Client) -> None:
    shown = service.user("ann")("listCapabilities")["capability"]
    assert shown == {
        "securitygroupsenabled": False, "cloudstackversion": "4.11.0", "userpublictemplateenabled": True,
        "supportELB": "false", "projectinviterequired": False, "allowusercreateprojects": True,
        "customdiskofferingminsize": 1, "customdiskofferingmaxsize": 1024, "regionsecondaryenabled": False,
        "kvmsnapshotenabled": False, "dynamicrolesenabled": True, "allowuserviewdestroyedvm": False,
        "allowuserexpungerecovervm": False, "allowuserexpungerecovervolume": False,
        "allowuserviewalldomainaccounts": False, "additionalconfigenabled": False, "kubernetesserviceenabled": False,
        "kubernetesclusterexperimentalfeaturesenabled": False, "instanceleaseenabled": False,
    }
    api("updateConfiguration", name="custom.diskoffering.size.max", value=50)
    assert api("listCapabilities")["capability"]["customdiskofferingmaxsize"] == 50


def test_hypervisors_and_storage_providers(service: Service, api: Client) -> None:
    assert [h["name"] for h in api.items("listHypervisors")] == ["KVM", "Simulator"]
    zone = build(api).zone
    assert [h["name"] for h in service.user("ann").items("listHypervisors", zoneid=zone)] == ["Simulator"]
    assert api("listStorageProviders", type="primary")["dataStoreProvider"] == [
        {"name": "DefaultPrimary", "type": "primary"}]
    assert [p["name"] for p in api.items("listStorageProviders", type="IMAGE", keyword="d")] == ["Directory"]
    with pytest.raises(Refused, match="parameter type is missing"):
        api("listStorageProviders")
    with pytest.raises(Refused, match="is not one of primary, image"):
        api("listStorageProviders", type="tape")
