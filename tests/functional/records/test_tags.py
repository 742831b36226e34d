"""Tags and details: on whose objects, who sees them, and lists that filter by them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from stratoform.commands.frame.base import REGISTRY
from stratoform.commands.frame.tags import TagFilter
from stratoform.model.kinds import KINDS
from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone


def pairs(**tags: str) -> dict[str, str]:
    """Parameters of tags."""
    return {f"tags[{n}].{part}": text for n, (key, value) in enumerate(tags.items())
            for part, text in (("key", key), ("value", value))}


def tag(api: Client, kind: str, *ids: str, **tags: str) -> Any:
    return api.job("createTags", resourcetype=kind, resourceids=",".join(ids), **pairs(**tags))


def machine(api: Client, zone: Zone, name: str) -> str:
    return str(api.job("deployVirtualMachine", **zone.deploy(name=name, startvm=False))["id"])


def test_tags_hang_on_objects_of_every_kind(built_zone: Zone, service: Service) -> None:
    api, zone = service.admin, built_zone
    vm = machine(api, zone, "first")
    volume = api.items("listVolumes", virtualmachineid=vm)[0]["id"]
    assert tag(api, "UserVm", vm, env="prod", team="a b & c") is True
    for kind, id_ in (("Volume", volume), ("Template", zone.template), ("Network", zone.network), ("zone", zone.zone)):
        tag(api, kind, id_, env="prod")
    for command, more in (("listVirtualMachines", {}), ("listVolumes", {}), ("listNetworks", {}), ("listZones", {}),
                          ("listTemplates", {"templatefilter": "all"})):
        (found,) = api.items(command, **pairs(env="prod"), **more)
        assert found["tags"][0]["value"] == "prod"
        assert api.items(command, **pairs(env="test"), **more) == []
    (shown,) = api.items("listVirtualMachines")
    assert shown["tags"] == [
        {"key": key, "value": value, "resourcetype": "UserVm", "resourceid": vm, "account": "admin",
         "domainid": shown["domainid"], "domain": "ROOT"} for key, value in (("env", "prod"), ("team", "a b & c"))]
    assert len(api.items("listVirtualMachines", **pairs(env="prod", team="a b & c"))) == 1
    assert api.items("listVirtualMachines", **pairs(env="prod", team="x")) == []
    assert len(api.items("listVirtualMachines", **{"tags[0].key": "team"})) == 1
    assert {t["resourcetype"] for t in api.items("listTags")} == {"UserVm", "Volume", "Template", "Network", "Zone"}
    assert [t["key"] for t in api.items("listTags", resourcetype="UserVm", keyword="TEA")] == ["team"]
    assert [t["value"] for t in api.items("listTags", resourceid=volume, key="env")] == ["prod"]


def test_tags_are_taken_off(built_zone: Zone, service: Service) -> None:
    api = service.admin
    one, two = (machine(api, built_zone, name) for name in ("one", "two"))
    tag(api, "UserVm", one, two, a="1", b="2", c="3")
    off = {"resourcetype": "UserVm", "resourceids": f"{one},{two}"}
    api.job("deleteTags", **off, **{"tags[0].key": "a"})
    with pytest.raises(Refused, match="has no tag 'b' of value 'x'"):
        api("deleteTags", **off, **pairs(b="x"))
    api.job("deleteTags", **off, **pairs(b="2"))
    assert [t["key"] for t in api.items("listTags")] == ["c", "c"]
    api.job("deleteTags", resourcetype="UserVm", resourceids=one)
    assert [t["resourceid"] for t in api.items("listTags")] == [two]
    with pytest.raises(Refused, match="has no tag 'nothing'"):
        api("deleteTags", **off, **{"tags[0].key": "nothing"})


def test_an_object_takes_its_tags_along(built_zone: Zone, service: Service) -> None:
    api = service.admin
    vm = machine(api, built_zone, "short")
    tag(api, "UserVm", vm, a="1")
    assert len(api.items("listTags")) == 1
    api.job("destroyVirtualMachine", id=vm, expunge=True)
    assert api.items("listTags") == []
    (sweep,) = [r.work for r in service.cloud.reconcilers.reconcilers if r.name == "gone tags"]
    assert sweep() == "1 tags of objects that are gone deleted"
    assert sweep() == ""


def test_what_tags_may_be(built_zone: Zone, service: Service) -> None:
    api = service.admin
    vm = machine(api, built_zone, "one")
    on = {"resourcetype": "UserVm", "resourceids": vm}
    tag(api, "UserVm", vm, a="1", empty="")
    assert {t["key"]: t.get("value") for t in api.items("listTags")} == {"a": "1", "empty": ""}
    for given, why in (
        (pairs(a="2"), "virtual machine .* has a tag 'a' already; deleteTags removes it"),
        (pairs(b="x" * 256), "Invalid parameter tags: keys and values may have at most 255 characters"),
        (pairs(b="x\ny"), "must not contain control characters"),
        ({"tags[0].key": "", "tags[0].value": "x"}, "a key must not be empty"),
        ({"tags[0].key": "b"}, "the key 'b' has no value"),
        ({"tags[0].b": "1"}, "each entry has a key and a value"),
        ({"tags[0].key": "b", "tags[0].value": "1", "tags[1].key": "b", "tags[1].value": "2"}, "is given twice"),
        ({"tags": "b"}, "it is a map"),
        ({}, "parameter tags is missing"),
        (pairs(**{f"k{n}": "x" for n in range(49)}), "has 2 of at most 50 tags"),
        (pairs(b="1") | {"resourcetype": "Thing"}, "Invalid parameter resourcetype: 'Thing' is not one of UserVm, "),
        (pairs(b="1") | {"resourcetype": "Storage"}, "is not one of"),
        (pairs(b="1") | {"resourcetype": "Volume"}, "Invalid parameter resourceids: no volume with id"),
        (pairs(b="1") | {"resourceids": ","}, "it must name at least one object"),
    ):
        with pytest.raises(Refused, match=why) as refusal:
            api("createTags", **{**on, **given})
        assert refusal.value.code == 431


def test_who_may_use_an_object_may_tag_it(built_zone: Zone, service: Service) -> None:
    ann, bob = service.user("ann", path="/acme/"), service.user("bob", path="/acme/")
    boss, other = service.user("boss", kind=2, path="/acme/"), service.user("other", kind=2, path="/umbrella/")
    hers = machine(ann, built_zone, "hers")
    tag(boss, "UserVm", hers, by="boss")
    tag(ann, "UserVm", hers, by2="ann")
    for client, listall in ((ann, False), (ann, True), (boss, True), (service.admin, True)):
        assert [t["account"] for t in client.items("listTags", listall=listall)] == ["ann", "ann"]
        assert len(client.items("listTags", resourceid=hers)) == 2
    for client in (bob, other):
        assert client.items("listTags", listall=True) == client.items("listTags", resourceid=hers) == []
        for command in ("createTags", "deleteTags"):
            texts = []
            for id_ in (hers, str(uuid.uuid4())):
                with pytest.raises(Refused) as refusal:
                    client(command, resourcetype="UserVm", resourceids=id_, **pairs(x="1"))
                texts.append(refusal.value.text.replace(id_, "X"))
            assert texts[0] == texts[1] == ("Invalid parameter resourceids: no virtual machine with id 'X' exists, "
                                            "or it is not yours to use")
    for kind, id_ in (("Zone", built_zone.zone), ("Template", built_zone.template), ("Network", built_zone.network)):
        with pytest.raises(Refused, match="it is not yours to use"):
            ann("createTags", resourcetype=kind, resourceids=id_, **pairs(x="1"))
    (event, *_) = service.admin.items("listEvents", type="CREATE_TAGS", listall=True)
    assert (event["account"], event["username"], event["state"]) == ("ann", "ann", "Completed")


def test_details_are_put_on_and_taken_off(built_zone: Zone, service: Service) -> None:
    api, ann = service.admin, service.user("ann")
    vm = machine(ann, built_zone, "hers")
    on = {"resourcetype": "UserVm", "resourceid": vm}
    api.job("addResourceDetail", **on, **{"details[0].key": "a", "details[0].value": "1", "details[1].b": "2"})
    api.job("addResourceDetail", **on, **{"details[0].a": "3"})
    assert [(d["key"], d["value"]) for d in ann.items("listResourceDetails", **on)] == [("a", "3"), ("b", "2")]
    assert [d["value"] for d in ann.items("listResourceDetails", **on, key="b")] == ["2"]
    assert ann.items("listVirtualMachines")[0]["details"] == {"a": "3", "b": "2"}
    with pytest.raises(Refused, match="the object has no detail 'c'"):
        api("removeResourceDetail", **on, key="c")
    api.job("removeResourceDetail", **on, key="a")
    assert [d["key"] for d in api.items("listResourceDetails", **on)] == ["b"]
    api.job("removeResourceDetail", **on)
    assert api.items("listResourceDetails", **on) == []
    bob = service.user("bob")
    with pytest.raises(Refused, match=r"Invalid parameter resourceid: no virtual machine with id"):
        bob("listResourceDetails", **on)
    with pytest.raises(Refused) as refusal:
        ann("addResourceDetail", **on, **{"details[0].a": "3"})
    assert refusal.value.code == 401
    for kind, id_ in (("Zone", built_zone.zone), ("Network", built_zone.network), ("Storage", built_zone.pool),
                      ("ServiceOffering", built_zone.offering),
                      ("Volume", ann.items("listVolumes")[0]["id"])):
        api.job("addResourceDetail", resourcetype=kind, resourceid=id_, **{"details[0].a": "3"})
        assert [d["value"] for d in api.items("listResourceDetails", resourcetype=kind, resourceid=id_)] == ["3"]


def test_every_list_that_shows_tags_filters_by_them() -> None:
    for name, command in REGISTRY.items():
        tags = command.params.get("tags")
        if command.is_list and tags is not None and tags.wire_type == "map":
            assert isinstance(tags, TagFilter), name
        entity = command.view.entity if command.view is not None else None
        if command.is_list and entity in {kind.entity for kind in KINDS.values() if kind.tags}:
            assert "tags" in {field.name for field in command.view.fields}, name
