"""Zones as callers meet them."""

from __future__ import annotations

import pytest
from tests.support.client import Refused

from stratoform.model.tenancy import Domain


def test_a_zone_shows_what_it_was_made_with(api, make_zone):
    made = make_zone(name="paris", domain="paris.example.org", guestcidraddress="10.2.0.0/16", dns2="192.0.2.54")
    assert made["guestcidraddress"] == "10.2.0.0/16"
    assert (made["networktype"], made["allocationstate"], made["dns2"]) == ("Advanced", "Enabled", "192.0.2.54")
    assert api.one("listZones", id=made["id"]) == made


BAD_ZONES = [
    ({"name": "z1"}, "name"), ({"networktype": "Fancy"}, "networktype"), ({"dns1": "dns.example.org"}, "dns1"),
    ({"networktype": "Basic", "guestcidraddress": "10.1.1.0/24"}, "guestcidraddress"), ({"domain": "a b"}, "domain"),
    ({"domainid": "nobody"}, "domainid"),
]


@pytest.mark.usefixtures("zone")
def test_a_bad_zone_is_refused_by_name(make_zone):
    for params, word in BAD_ZONES:
        with pytest.raises(Refused, match=word) as refused:
            make_zone(**{"name": "other", **params})
        assert refused.value.code == 431


def test_filters_narrow_the_list(api, zone, make_zone):
    basic = make_zone(name="basic", networktype="Basic")
    assert [z["name"] for z in api.items("listZones")] == ["z1", "basic"]
    assert api.one("listZones", networktype="basic")["id"] == basic["id"]
    assert api.one("listZones", name="z1")["id"] == zone["id"]
    assert api.one("listZones", keyword="ASI")["id"] == basic["id"]
    assert api("listZones", available=False) == {}
    assert len(api.items("listZones", available=True)) == 2
    assert api("listZones", **{"tags[0].key": "a", "tags[0].value": "b"}) == {}


def test_a_zone_changes(api, zone, make_zone):
    make_zone(name="taken")
    changed = api.one("updateZone", id=zone["id"], name="lyon", allocationstate="Disabled", dns1="192.0.2.99",
                      **{"details[0].key": "rack", "details[0].value": "7"})
    assert (changed["name"], changed["allocationstate"], changed["dns1"]) == ("lyon", "Disabled", "192.0.2.99")
    assert changed["resourcedetails"] == {"rack": "7"}
    for bad in ({"name": "taken"}, {"dnssearchorder": "a.example.org"}, {"ispublic": False},
                {"dhcpprovider": "DhcpServer"}):
        with pytest.raises(Refused, match=next(iter(bad))):
            api("updateZone", id=zone["id"], **bad)


def test_a_private_zone_is_seen_by_its_domain_only(service, make_zone):
    insider, outsider = service.user("in", path="/a/"), service.user("out", path="/b/")
    below = service.user("low", path="/a/c/")
    with service.cloud.db.read() as session:
        uuid = session.query(Domain.uuid).filter(Domain.path == "/a/").scalar()
    make_zone(name="private", domainid=uuid)
    assert insider.one("listZones")["name"] == below.one("listZones")["name"] == "private"
    assert outsider("listZones") == {}
    shown = insider.one("listZones")
    assert "internaldns1" not in shown


def test_only_an_empty_zone_goes(api, zone, pod):
    with pytest.raises(Refused, match="p1") as refused:
        api("deleteZone", id=zone["id"])
    assert refused.value.code == 536
    api("deletePod", id=pod["id"])
    wire = api.job("createPhysicalNetwork", zoneid=zone["id"], name="wire")
    api.job("addTrafficType", physicalnetworkid=wire["id"], traffictype="Guest")
    assert api("deleteZone", id=zone["id"])["success"] == "true"
    assert api("listZones") == {}
    assert api("listPhysicalNetworks") == {}


def test_capacities_come_when_asked_for(api, cluster, add_host):
    add_host("h0")
    add_host("h1")
    assert "capacity" not in api.one("listZones")
    for command in ("listZones", "listPods", "listClusters"):
        shown = {c["type"]: c for c in api.one(command, showcapacities=True)["capacity"]}
        assert shown[0]["capacitytotal"] == 2 * 8 * 2**30
        assert shown[1]["capacitytotal"] == 2 * 4 * 2000
        assert (shown[1]["capacityused"], shown[1]["percentused"], shown[1]["zonename"]) == (0, "0", "z1")
    assert api.one("listClusters", showcapacities=True)["capacity"][0]["clusterid"] == cluster["id"]


def test_users_may_not_make_places(service):
    with pytest.raises(Refused) as refused:
        service.user("joe")("createZone", name="z", networktype="Advanced", dns1="192.0.2.1", internaldns1="192.0.2.1")
    assert refused.value.code == 401
