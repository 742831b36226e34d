"""Physical networks, their traffic types, and ranges of addresses."""

from __future__ import annotations

import pytest
from tests.functional.network.conftest import ADDRESSES
from tests.support.client import Refused

PUBLIC = {"gateway": "203.0.113.1", "netmask": "255.255.255.0", "startip": "203.0.113.10", "endip": "203.0.113.19"}


def test_a_physical_network_begins_disabled(api, zone):
    made = api.job("createPhysicalNetwork", zoneid=zone["id"], name="w", vlan="100 - 199, 300", tags="fast,near",
                   isolationmethods="vlan", networkspeed="10G")
    assert (made["state"], made["vlan"], made["tags"]) == ("Disabled", "100-199,300", "fast,near")
    assert (made["isolationmethods"], made["broadcastdomainrange"], made["networkspeed"]) == ("VLAN", "ZONE", "10G")
    assert api.one("listPhysicalNetworks", zoneid=zone["id"], name="w") == made
    assert api("listPhysicalNetworks", name="v") == {}


BAD_WIRES = [
    ({"name": "wire"}, "name"), ({"vlan": "100-5000"}, "vlan"), ({"vlan": "9-3"}, "vlan"), ({"vlan": "1-9,5"}, "vlan"),
    ({"vlan": "a-b"}, "vlan"), ({"isolationmethods": "STT"}, "STT is not offered"),
    ({"isolationmethods": "magic"}, "isolationmethods"), ({"broadcastdomainrange": "POD"}, "broadcastdomainrange"),
]


@pytest.mark.usefixtures("wire")
def test_a_bad_physical_network_is_refused_by_name(api, zone):
    for params, word in BAD_WIRES:
        with pytest.raises(Refused, match=word):
            api("createPhysicalNetwork", **{"zoneid": zone["id"], "name": "w2", **params})
        assert len(api.items("listPhysicalNetworks")) == 1


def test_a_basic_zone_has_one_physical_network(api):
    zone = api.one("createZone", name="b", networktype="Basic", dns1="192.0.2.1", internaldns1="192.0.2.1")
    made = api.job("createPhysicalNetwork", zoneid=zone["id"], name="only")
    assert made["broadcastdomainrange"] == "POD"
    with pytest.raises(Refused, match="already"):
        api("createPhysicalNetwork", zoneid=zone["id"], name="second")


def test_a_physical_network_keeps_clear_of_vlans_in_use(api, wire, make_network):
    make_network(vlan="500")
    with pytest.raises(Refused, match="400-600"):
        api("updatePhysicalNetwork", id=wire["id"], vlan="400-600")
    assert api.job("updatePhysicalNetwork", id=wire["id"], vlan="501-600", tags="x")["vlan"] == "501-600"


def test_a_physical_network_goes_with_its_traffic_types(api, wire, make_network):
    network = make_network()
    with pytest.raises(Refused, match="n1"):
        api("deletePhysicalNetwork", id=wire["id"])
    api.job("deleteNetwork", id=network["id"])
    assert api.job("deletePhysicalNetwork", id=wire["id"]) is True
    assert api("listPhysicalNetworks") == {}


def test_traffic_types_have_labels(api, wire):
    kinds = {t["traffictype"]: t for t in api("listTrafficTypes", physicalnetworkid=wire["id"])["traffictype"]}
    assert set(kinds) == {"Guest", "Public"}
    guest = kinds["Guest"]
    assert (guest["kvmnetworklabel"], guest["physicalnetworkid"]) == ("cloudbr0", wire["id"])
    assert api.job("updateTrafficType", id=guest["id"], kvmnetworklabel="br1")["kvmnetworklabel"] == "br1"
    assert api.job("deleteTrafficType", id=guest["id"]) is True
    assert api.job("addTrafficType", physicalnetworkid=wire["id"], traffictype="guest")["traffictype"] == "Guest"


BAD_TRAFFIC_TYPES = [
    ({"traffictype": "Guest"}, "already"), ({"traffictype": "Gossip"}, "traffictype"),
    ({"traffictype": "Storage", "kvmnetworklabel": "br0; reboot"}, "kvmnetworklabel"),
    ({"traffictype": "Storage", "kvmnetworklabel": "abcdefghijklmnop"}, "kvmnetworklabel"),
    ({"traffictype": "Storage", "isolationmethod": "VXLAN"}, "VXLAN is not offered"),
    ({"traffictype": "Storage", "vlan": "7"}, "vlan"),
]


def test_a_bad_traffic_type_is_refused_by_name(api, wire):
    for params, word in BAD_TRAFFIC_TYPES:
        with pytest.raises(Refused, match=word):
            api("addTrafficType", physicalnetworkid=wire["id"], **params)


@pytest.mark.usefixtures("wire")
def test_public_traffic_is_on_one_physical_network_of_a_zone(make_wire):
    with pytest.raises(Refused, match="'wire' carries Public traffic already"):
        make_wire("second", traffic=("Guest", "Public"))


def test_a_traffic_type_stays_while_networks_need_it(api, wire, make_network):
    make_network()
    guest = next(t for t in api.items("listTrafficTypes", physicalnetworkid=wire["id"]) if t["traffictype"] == "Guest")
    with pytest.raises(Refused, match="n1") as refused:
        api("deleteTrafficType", id=guest["id"])
    assert refused.value.code == 536


def test_public_addresses(api, zone, wire):
    made = api.one("createVlanIpRange", zoneid=zone["id"], vlan="vlan://900", **PUBLIC)
    assert {k: made[k] for k in PUBLIC} == PUBLIC
    assert (made["vlan"], made["forvirtualnetwork"], made["physicalnetworkid"]) == ("900", True, wire["id"])
    assert made["description"] == "203.0.113.10-203.0.113.19"
    for name, value in {"id": made["id"], "zoneid": zone["id"], "vlan": "900", "forvirtualnetwork": True,
                        "physicalnetworkid": wire["id"]}.items():
        assert api.one("listVlanIpRanges", **{name: value}) == made
    assert api("listVlanIpRanges", forvirtualnetwork=False) == {}
    assert api("deleteVlanIpRange", id=made["id"])["success"] == "true"
    assert api("listVlanIpRanges") == {}


BAD_ADDRESSES = [
    ({"startip": "203.0.113.19", "endip": "203.0.113.29"}, "overlaps"), ({"startip": None}, "startip"),
    ({"gateway": None}, "gateway"), ({"netmask": None}, "netmask"), ({"zoneid": None}, "networkid|zoneid"),
    ({"startip": "203.0.113.1", "endip": "203.0.113.5"}, "gateway"),
    ({"startip": "198.51.100.1", "endip": None}, "startip"), ({"vlan": "150"}, "100-199"), ({"vlan": "x"}, "vlan"),
    ({"startip": "203.0.113.30", "endip": "203.0.113.40", "account": "nobody"}, "account"),
    ({"startipv6": "2001:db8::1"}, "IPv6 is not offered"), ({"forvirtualnetwork": False}, "networkid"),
]


@pytest.mark.usefixtures("wire")
def test_bad_public_addresses_are_refused_by_name(api, zone):
    api("createVlanIpRange", zoneid=zone["id"], vlan="900", **PUBLIC)
    wanted = {"zoneid": zone["id"], "vlan": "900", **PUBLIC, "startip": "203.0.113.30", "endip": "203.0.113.40"}
    for params, word in BAD_ADDRESSES:
        with pytest.raises(Refused, match=word) as refused:
            api("createVlanIpRange", **{k: v for k, v in (wanted | params).items() if v is not None})
        assert refused.value.code == 431
        assert len(api.items("listVlanIpRanges")) == 1


@pytest.mark.usefixtures("wire")
def test_public_addresses_may_be_an_accounts(api, service, zone, domain_id):
    service.user("joe", path="/a/")
    made = api.one("createVlanIpRange", zoneid=zone["id"], account="joe", domainid=domain_id("/a/"), **PUBLIC)
    assert (made["account"], made["domain"]) == ("joe", "a")
    assert api.one("listVlanIpRanges", account="joe", domainid=domain_id("/a/"))["id"] == made["id"]


def test_a_shared_network_gets_further_addresses(api, make_network):
    network = make_network()
    more = api.one("createVlanIpRange", networkid=network["id"], startip="10.1.1.30", endip="10.1.1.39",
                   forvirtualnetwork=False)
    assert (more["gateway"], more["networkid"], more["forvirtualnetwork"]) == ("10.1.1.1", network["id"], False)
    assert len(api.items("listVlanIpRanges", networkid=network["id"])) == 2
    for bad, word in (({"startip": "10.1.1.19"}, "overlaps"), ({"startip": "10.9.9.9"}, "startip"),
                      ({"startip": "10.1.1.50", "gateway": "10.1.1.254"}, "second subnet"),
                      ({"startip": "10.1.1.50", "vlan": "7"}, "vlan")):
        with pytest.raises(Refused, match=word):
            api("createVlanIpRange", networkid=network["id"], **bad)


def test_pods_and_networks_do_not_share_addresses(api, zone, make_network):
    pod = {"zoneid": zone["id"], "gateway": "10.1.1.1", "netmask": "255.255.255.0"}
    api("createPod", name="p1", startip="10.1.1.100", endip="10.1.1.110", **pod)
    with pytest.raises(Refused, match="pod 'p1'"):
        make_network(endip="10.1.1.105")
    make_network()
    with pytest.raises(Refused, match=r"10\.1\.1\.10-10\.1\.1\.19"):
        api("createPod", name="p2", startip=ADDRESSES["startip"], endip=ADDRESSES["endip"], **pod)
