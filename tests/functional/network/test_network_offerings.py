"""Network offerings: the reference's own, and those administrators make."""

from __future__ import annotations

import pytest
from tests.functional.network.conftest import OFFERING, SHARED
from tests.support.client import Refused


def test_a_cloud_starts_with_the_offerings_clients_expect(api):
    found = {o["name"]: o for o in api.items("listNetworkOfferings")}
    assert set(found) == {
        "DefaultIsolatedNetworkOfferingWithSourceNatService", SHARED, "DefaultSharedNetworkOfferingWithSGService",
        "DefaultSharedNetscalerEIPandELBNetworkOffering", "DefaultIsolatedNetworkOffering",
        "DefaultIsolatedNetworkOfferingForVpcNetworks", "DefaultIsolatedNetworkOfferingForVpcNetworksNoLB",
    }
    assert all(o["state"] == "Enabled" and o["isdefault"] for o in found.values())
    services = {s["name"]: s["provider"][0]["name"] for s in found[SHARED]["service"]}
    assert services == {"Dhcp": "VirtualRouter", "Dns": "VirtualRouter", "UserData": "VirtualRouter"}
    assert found["DefaultIsolatedNetworkOfferingForVpcNetworks"]["forvpc"] is True


FILTERS = [
    ({"guestiptype": "Shared"}, 3), ({"forvpc": True}, 2), ({"sourcenatsupported": False}, 4),
    ({"supportedservices": "SecurityGroup,Lb"}, 1), ({"specifyvlan": False}, 3), ({"availability": "Required"}, 1),
    ({"isdefault": False}, 0), ({"istagged": True}, 0), ({"tags": "x"}, 0), ({"state": "Disabled"}, 0),
    ({"traffictype": "guest"}, 7), ({"specifyipranges": True}, 4), ({"keyword": "vpcnetworksno"}, 1),
    ({"displaytext": "Shared networks"}, 1),
]


def test_filters_narrow_the_list(service):
    joe = service.user("joe")
    for filters, count in FILTERS:
        assert len(joe.items("listNetworkOfferings", **filters)) == count, filters


def test_an_offering_is_made_enabled_and_deleted(api, make_network):
    made = api.one("createNetworkOffering", name="mine", **OFFERING, **{
        "serviceproviderlist[0].service": "dhcp", "serviceproviderlist[0].provider": "virtualrouter"})
    assert (made["state"], made["isdefault"], made["availability"]) == ("Disabled", False, "Optional")
    assert [s["name"] for s in made["service"]] == ["Dhcp", "Dns", "UserData"]
    with pytest.raises(Refused, match="Disabled"):
        make_network(networkofferingid=made["id"])
    changed = api.one("updateNetworkOffering", id=made["id"], state="Enabled", displaytext="ours", sortkey=5)
    assert (changed["state"], changed["displaytext"]) == ("Enabled", "ours")
    assert api.items("listNetworkOfferings")[-1]["id"] == made["id"]
    network = make_network(networkofferingid=made["id"])
    with pytest.raises(Refused, match="n1"):
        api("deleteNetworkOffering", id=made["id"])
    api.job("deleteNetwork", id=network["id"])
    assert api("deleteNetworkOffering", id=made["id"])["success"] == "true"
    with pytest.raises(Refused, match="came with the cloud"):
        api("deleteNetworkOffering", id=api.one("listNetworkOfferings", name=SHARED)["id"])


def test_capabilities_are_chosen_among_those_known(api):
    chosen = {"servicecapabilitylist[0].service": "SourceNat",
              "servicecapabilitylist[0].capabilitytype": "RedundantRouter",
              "servicecapabilitylist[0].capabilityvalue": "TRUE"}
    wanted = {**OFFERING, "name": "ha", "guestiptype": "Isolated", "specifyipranges": False, "specifyvlan": False,
              "supportedservices": "Dhcp,SourceNat"}
    made = api.one("createNetworkOffering", **wanted, **chosen)
    nat = next(s for s in made["service"] if s["name"] == "SourceNat")
    assert nat["capability"] == [
        {"name": "RedundantRouter", "value": "true", "canchooseservicecapability": False}]
    with pytest.raises(Refused, match="servicecapabilitylist"):
        api("createNetworkOffering", **wanted | {"name": "b"},
            **chosen | {"servicecapabilitylist[0].capabilitytype": "Speed"})


BAD_OFFERINGS = [
    ({"name": SHARED}, "name"), ({"traffictype": "Public"}, "traffictype"), ({"guestiptype": "Odd"}, "guestiptype"),
    ({"supportedservices": "Dhcp,Magic"}, "supportedservices"), ({"specifyvlan": False}, "specifyvlan"),
    ({"specifyipranges": False}, "specifyipranges"), ({"ispersistent": True}, "ispersistent"),
    ({"availability": "Required"}, "availability"), ({"networkrate": -5}, "networkrate"),
    ({"details[0].key": "x", "details[0].value": "y"}, "details"),
    ({"serviceproviderlist[0].service": "Lb", "serviceproviderlist[0].provider": "VirtualRouter"},
     "serviceproviderlist"),
    ({"serviceproviderlist[0].service": "Dhcp", "serviceproviderlist[0].provider": "Netscaler"},
     "Netscaler does not give Dhcp"),
    ({"serviceproviderlist[0].service": "Dhcp", "serviceproviderlist[0].provider": "Acme"}, "Acme"),
    ({"serviceofferingid": "small"}, "serviceofferingid"),
]


def test_a_bad_offering_is_refused_by_name(api):
    for params, word in BAD_OFFERINGS:
        with pytest.raises(Refused, match=word) as refused:
            api("createNetworkOffering", **{"name": "mine", **OFFERING, **params})
        assert refused.value.code == 431
        assert len(api.items("listNetworkOfferings")) == 7


def test_offerings_with_a_tag_need_a_physical_network_with_it(api, zone, make_wire, make_network):
    made = api.one("createNetworkOffering", name="fast", tags="fast", **OFFERING)
    api("updateNetworkOffering", id=made["id"], state="Enabled")
    assert made["id"] not in {o["id"] for o in api.items("listNetworkOfferings", zoneid=zone["id"])}
    with pytest.raises(Refused, match="tag 'fast'"):
        make_network(networkofferingid=made["id"])
    tagged = make_wire("w2", traffic=("Guest",), tags="fast,near")
    assert api.one("listNetworkOfferings", zoneid=zone["id"], istagged=True)["id"] == made["id"]
    assert make_network(networkofferingid=made["id"])["physicalnetworkid"] == tagged["id"]


def test_an_update_says_what_it_needs(api):
    with pytest.raises(Refused, match="id"):
        api("updateNetworkOffering", name="x")
    with pytest.raises(Refused, match="name"):
        api("updateNetworkOffering", id=api.one("listNetworkOfferings", name=SHARED)["id"],
            name="DefaultIsolatedNetworkOffering")
