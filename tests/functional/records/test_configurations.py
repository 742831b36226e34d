"""Settings: what they are, and changing them."""

from __future__ import annotations

from typing import Any

import pytest

from stratoform.commands.configurations import SCOPES
from stratoform.config import home
from stratoform.model.settings import DECLARED
from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import build

FACTOR = "cpu.overprovisioning.factor"


def value(api: Client, name: str, **scope: Any) -> str:
    return str(api.one("listConfigurations", name=name, **scope)["value"])


def test_settings_are_listed_with_their_scopes(api: Client) -> None:
    setting = api.one("listConfigurations", name=FACTOR)
    text = "How many times a host's CPU may be given to guests."
    assert setting == {
        "category": "Advanced", "name": FACTOR, "value": "1", "scope": "global,cluster", "description": text,
        "displaytext": text, "defaultvalue": "1", "type": "Decimal", "isdynamic": True, "group": "Advanced",
        "subgroup": "Others", "component": "stratoform"}
    everything = api("listConfigurations")
    assert everything["count"] == len(everything["configuration"]) >= 15
    assert {s["category"] for s in api.items("listConfigurations", category="alert")} == {"Alert"}
    expunging = [setting["name"] for setting in api.items("listConfigurations", keyword="EXPUNGE")]
    assert expunging == ["expunge.delay", "expunge.interval"]
    page = api("listConfigurations", keyword="expunge", page=2, pagesize=1)
    assert (page["count"], page["configuration"][0]["name"]) == (2, "expunge.interval")
    assert api.items("listConfigurations", name="no.such") == []
    assert {s["category"] for s in api.items("listConfigurations", group="alert", subgroup="others")} == {"Alert"}
    assert api.items("listConfigurations", subgroup="x") == api.items("listConfigurations", parent="x") == []
    kinds = {s["type"] for s in everything["configuration"]}
    assert kinds == {"String", "Number", "Decimal", "Boolean"}


def test_the_nearest_scope_wins_and_can_be_given_up(api: Client) -> None:
    cluster = build(api).cluster
    names = {s["name"] for s in api.items("listConfigurations", clusterid=cluster)}
    assert FACTOR in names
    assert "expunge.delay" not in names

    assert api.one("updateConfiguration", name=FACTOR, value="2")["value"] == "2"
    assert value(api, FACTOR, clusterid=cluster) == "2"
    changed = api.one("updateConfiguration", name=FACTOR, value="3", clusterid=cluster)
    assert (changed["value"], changed["scope"]) == ("3", "cluster")
    assert value(api, FACTOR) == "2"
    assert value(api, FACTOR, clusterid=cluster) == "3"
    assert api.one("updateConfiguration", name=FACTOR, clusterid=cluster)["value"] == "2"
    assert api.one("updateConfiguration", name=FACTOR, value="")["value"] == "1"


def test_values_are_checked(api: Client) -> None:
    cluster = build(api).cluster
    for given, why in (
        ({"name": "no.such", "value": 1}, "there is no setting 'no.such'"),
        ({"name": "expunge.delay", "value": "soon"}, "Invalid parameter value: expunge.delay is a whole number"),
        ({"name": "expunge.delay", "value": -1}, "is at least 0"),
        ({"name": "default.page.size", "value": 10**9}, "at most 10000"),
        ({"name": FACTOR, "value": "nan"}, "is at least 1 and at most 1000"),
        ({"name": "allow.user.create.projects", "value": "maybe"}, "is true or false"),
        ({"name": "guest.domain.suffix", "value": "a b; reboot"}, "is a domain name"),
        ({"name": "instance.name", "value": "{{ x }}"}, "letters and digits"),
        ({"name": "expunge.delay", "value": 1, "clusterid": cluster}, "can be set for the whole cloud, not for one"),
        ({"name": FACTOR, "value": 1, "clusterid": "1"}, "no cluster with id"),
    ):
        with pytest.raises(Refused, match=why) as refusal:
            api("updateConfiguration", **given)
        assert refusal.value.code == 431
    zone = api.items("listZones")[0]["id"]
    with pytest.raises(Refused, match="asked for in one scope"):
        api("listConfigurations", clusterid=cluster, zoneid=zone)
    assert api.one("updateConfiguration", name="expunge.delay", value=" 1_0 ")["value"] == "10"


def test_settings_take_effect_and_are_for_root_only(service: Service, api: Client) -> None:
    api("updateConfiguration", name="default.page.size", value=2)
    assert len(api.items("listOsTypes")) == 2
    with pytest.raises(Refused, match=r"is more than the 2 of setting default\.page\.size"):
        api("listOsTypes", page=1, pagesize=3)
    with pytest.raises(Refused) as refusal:
        service.user("ann")("listConfigurations")
    assert refusal.value.code == 401
    assert api.items("listEvents", type="CONFIGURATION.VALUE.EDIT") != []


def test_an_account_s_value_comes_before_its_domain_s(service: Service, api: Client) -> None:
    ann = service.user("ann", path="/acme/")
    account, domain = (api.one(command, name=name, listall=True)["id"] for command, name in (
        ("listAccounts", "ann"), ("listDomains", "acme")))
    name = "allow.public.user.templates"

    def allowed() -> bool:
        return bool(ann.one("listCapabilities")["userpublictemplateenabled"])

    assert allowed()
    changed = api.one("updateConfiguration", name=name, value=False, domainid=domain)
    assert (changed["value"], changed["scope"]) == ("false", "domain")
    assert (allowed(), value(api, name, accountid=account), value(api, name)) == (False, "false", "true")
    api("updateConfiguration", name=name, value=True, accountid=account)
    assert (allowed(), value(api, name, accountid=account), value(api, name, domainid=domain)) == (
        True, "true", "false")
    with pytest.raises(Refused, match="can be set for the whole cloud or cluster, not for one domain"):
        api("updateConfiguration", name=FACTOR, value=2, domainid=domain)


def test_no_disk_is_larger_than_the_largest(api: Client) -> None:
    zone = build(api).zone
    sizes = {o["name"]: o["id"] for o in api.items("listDiskOfferings")}
    api("updateConfiguration", name="max.volume.size.gb", value=10)
    for params, parameter in (({"diskofferingid": sizes["Medium"]}, "diskofferingid"),
                              ({"diskofferingid": sizes["Custom"], "size": 11}, "size")):
        with pytest.raises(Refused, match=rf"Invalid parameter {parameter}: a disk of .* GB is larger than the 10 GB"):
            api("createVolume", name="big", zoneid=zone, **params)
    fits = api.job("createVolume", name="fits", zoneid=zone, diskofferingid=sizes["Custom"], size=10)
    assert fits["size"] == 10 * 2**30


def test_every_setting_has_an_effect() -> None:
    """Its name stands in the source outside of its declaration, as a whole or as the parts it is put together from."""
    folder = home() / "webapi" / "stratoform"
    source = "\n".join(file.read_text() for file in folder.rglob("*.py") if file.name != "settings.py")
    source = source.replace("'", '"')
    parts = ("max.account.", "max.project.", ".smtp.", ".email.sender", "notificationthreshold", "api.throttling.",
             "ldap.")
    assert [name for name in DECLARED if f'"{name}"' not in source and not any(part in name for part in parts)] == []
    for name, setting in DECLARED.items():
        assert setting.check(setting.default) == setting.default, name
        assert set(setting.scopes) <= set(SCOPES.values()), name
