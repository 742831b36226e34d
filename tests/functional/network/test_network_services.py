"""Providers of network services on physical networks, and their elements."""

from __future__ import annotations

import pytest
from tests.support.client import Refused


def provider_on(api, wire):
    return api.one("listNetworkServiceProviders", physicalnetworkid=wire["id"])


def test_a_physical_network_has_a_working_virtual_router_from_the_start(api, wire):
    found = provider_on(api, wire)
    assert (found["name"], found["state"], found["canenableindividualservice"]) == ("VirtualRouter", "Enabled", True)
    assert found["servicelist"] == ["Dhcp", "Dns", "UserData"]
    element = api.one("listVirtualRouterElements", nspid=found["id"])
    assert (element["nspid"], element["enabled"]) == (found["id"], True)
    assert api("listVirtualRouterElements", enabled=False) == {}
    assert api("listNetworkServiceProviders", name="nobody") == {}


def test_a_disabled_provider_gives_new_networks_nothing(api, wire, make_network):
    found = provider_on(api, wire)
    assert api.job("updateNetworkServiceProvider", id=found["id"], state="Disabled")["state"] == "Disabled"
    with pytest.raises(Refused, match="provider VirtualRouter is Disabled"):
        make_network()
    api.job("updateNetworkServiceProvider", id=found["id"], state="Enabled", servicelist="Dhcp")
    with pytest.raises(Refused, match="gives Dhcp only"):
        make_network()
    api.job("updateNetworkServiceProvider", id=found["id"], servicelist="UserData,Dns,Dhcp")
    assert make_network()["state"] == "Setup"


def test_a_provider_works_by_its_element(api, wire):
    found = provider_on(api, wire)
    element = api.one("listVirtualRouterElements", nspid=found["id"])
    assert api.job("configureVirtualRouterElement", id=element["id"], enabled=False)["enabled"] is False
    assert provider_on(api, wire)["state"] == "Disabled"
    with pytest.raises(Refused, match="configureVirtualRouterElement"):
        api("updateNetworkServiceProvider", id=found["id"], state="Enabled")
    api.job("configureVirtualRouterElement", id=element["id"], enabled=True)
    assert api.job("updateNetworkServiceProvider", id=found["id"], state="Enabled")["state"] == "Enabled"


def test_a_provider_can_be_removed_and_added_again(api, wire, make_network):
    network = make_network()
    found = provider_on(api, wire)
    with pytest.raises(Refused, match="network 'n1' gets Dhcp, Dns, UserData of provider VirtualRouter"):
        api("deleteNetworkServiceProvider", id=found["id"])
    api.job("deleteNetwork", id=network["id"])
    assert api.job("deleteNetworkServiceProvider", id=found["id"]) is True
    assert api("listVirtualRouterElements") == {}
    with pytest.raises(Refused, match="addNetworkServiceProvider"):
        make_network()
    added = api.job("addNetworkServiceProvider", physicalnetworkid=wire["id"], name="virtualrouter")
    assert added["state"] == "Disabled"
    with pytest.raises(Refused, match="createVirtualRouterElement"):
        api("updateNetworkServiceProvider", id=added["id"], state="Enabled")
    element = api.job("createVirtualRouterElement", nspid=added["id"])
    api.job("configureVirtualRouterElement", id=element["id"], enabled=True)
    api.job("updateNetworkServiceProvider", id=added["id"], state="Enabled")
    assert make_network()["state"] == "Setup"


def test_bad_providers_are_refused_by_name(api, wire):
    for params, why in (({"name": "VirtualRouter"}, "already"), ({"name": "Netscaler"}, "not offered"),
                        ({"name": "Nobody"}, "name"), ({"name": "VirtualRouter", "servicelist": "Vpn"}, "already")):
        with pytest.raises(Refused, match=why):
            api("addNetworkServiceProvider", physicalnetworkid=wire["id"], **params)
    found = provider_on(api, wire)
    with pytest.raises(Refused, match="gives Dhcp, Dns, UserData in this installation, not Vpn"):
        api("updateNetworkServiceProvider", id=found["id"], servicelist="Dhcp,Vpn")
    with pytest.raises(Refused, match="has its element already"):
        api("createVirtualRouterElement", nspid=found["id"])


def test_providers_go_with_their_physical_network(api, wire):
    api.job("deletePhysicalNetwork", id=wire["id"])
    assert api("listNetworkServiceProviders") == {}


def test_supported_services_say_who_gives_them(api):
    found = {service["name"]: service for service in api.items("listSupportedNetworkServices")}
    assert "VirtualRouter" in [provider["name"] for provider in found["Dhcp"]["provider"]]
    assert found["Lb"]["capability"][0]["canchooseservicecapability"] is True
    only = api.items("listSupportedNetworkServices", provider="SecurityGroupProvider")
    assert [service["name"] for service in only] == ["SecurityGroup"]
    assert api.one("listTrafficTypeImplementors")["traffictype"] == "Guest"
