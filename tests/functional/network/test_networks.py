"""Guest networks as administrators and users meet them."""

from __future__ import annotations

import pytest
from tests.functional.network.conftest import ADDRESSES
from tests.support.client import Refused

from stratoform.model.tenancy import Account, Domain

ISOLATED = "DefaultIsolatedNetworkOfferingWithSourceNatService"


def test_a_network_shows_what_it_was_made_with(api, wire, make_network):
    made = make_network(vlan="500")
    assert {k: made[k] for k in ("gateway", "netmask")} == {"gateway": "10.1.1.1", "netmask": "255.255.255.0"}
    assert (made["cidr"], made["type"], made["state"], made["acltype"]) == ("10.1.1.0/24", "Shared", "Setup", "Domain")
    assert (made["vlan"], made["broadcasturi"], made["domain"]) == ("500", "vlan://500", "ROOT")
    assert (made["physicalnetworkid"], made["canusefordeploy"]) == (wire["id"], True)
    assert made["subdomainaccess"] is True
    assert [s["name"] for s in made["service"]] == ["Dhcp", "Dns", "UserData"]
    assert made["networkdomain"].endswith("cloud.internal")
    assert api.one("listNetworks", id=made["id"]) == made
    assert api.one("listVlanIpRanges", networkid=made["id"])["startip"] == ADDRESSES["startip"]


BAD_NETWORKS = [
    ({"name": "n1", "vlan": "501"}, "name"), ({"gateway": "10.1.1.2"}, "overlaps 10.1.1.0/24"),
    ({"gateway": None, "vlan": "7"}, "gateway"), ({"startip": None, "vlan": "7"}, "startip"),
    ({"endip": "10.1.2.1", "vlan": "7"}, "endip"), ({"gateway": "10.1.1.15", "vlan": "7"}, "gateway"),
    ({"vlan": None}, "vlan"), ({"vlan": "150"}, "100-199"), ({"vlan": "4095"}, "vlan"), ({"vlan": "7a"}, "vlan"),
    ({"acltype": "Nobody"}, "acltype"), ({"account": "admin"}, "acltype Account"), ({"domainid": "x"}, "domainid"),
    ({"acltype": "Account", "subdomainaccess": True}, "subdomainaccess"), ({"isolatedpvlan": "9"}, "isolatedpvlan"),
    ({"networkdomain": "-bad-"}, "networkdomain"), ({"vpcid": "v"}, "vpcid"), ({"aclid": "a"}, "aclid"),
    ({"ip6cidr": "2001:db8::/64"}, "IPv6 is not offered"), ({"projectid": "p"}, "projectid"),
    ({"physicalnetworkid": "p"}, "physicalnetworkid"), ({"name": "a\nb", "displaytext": "n"}, "name"),
]


def test_a_bad_network_is_refused_by_name(api, make_network):
    make_network()
    for params, word in BAD_NETWORKS:
        with pytest.raises(Refused, match=word) as refused:
            make_network(**{"name": "n2", **params})
        assert refused.value.code == 431
        assert len(api.items("listNetworks")) == len(api.items("listVlanIpRanges")) == 1


@pytest.mark.parametrize(("offering", "word"), [
    (ISOLATED, "guest type Isolated is not offered by this installation yet"),
    ("DefaultSharedNetworkOfferingWithSGService", "service SecurityGroup is not offered"),
    ("DefaultSharedNetscalerEIPandELBNetworkOffering", "is not offered"),
])
def test_what_cannot_be_given_is_refused(service, make_network, offering_of, offering, word):
    for caller in (service.admin, service.user("joe")):
        with pytest.raises(Refused, match=word):
            make_network(caller=caller, networkofferingid=offering_of(offering))


def test_a_network_needs_a_physical_network_that_is_ready(api, wire, make_wire, make_network):
    api.job("updatePhysicalNetwork", id=wire["id"], state="Disabled")
    with pytest.raises(Refused, match="Enabled"):
        make_network()
    make_wire("w2", traffic=())
    with pytest.raises(Refused, match="Guest"):
        make_network()
    api.job("updatePhysicalNetwork", id=wire["id"], state="Enabled")
    second = make_wire("w3", traffic=("Guest",))
    with pytest.raises(Refused, match="wire, w3"):
        make_network()
    assert make_network(physicalnetworkid=second["id"])["physicalnetworkid"] == second["id"]


def test_networks_of_one_vlan_have_subnets_of_their_own(make_network):
    make_network()
    make_network("n2", gateway="10.1.2.1", startip="10.1.2.10", endip=None)
    make_network("n3", vlan="7")


def test_users_see_what_is_shared_with_them(api, service, make_network, domain_id):
    a, b, low = service.user("a", path="/a/"), service.user("b", path="/b/"), service.user("low", path="/a/c/")
    everybody = make_network()
    ours = make_network("ours", vlan="7", domainid=domain_id("/a/"), subdomainaccess=False)
    mine = make_network("mine", vlan="8", acltype="Account", account="a", domainid=domain_id("/a/"))
    assert (mine["account"], mine["domain"], mine["acltype"]) == ("a", "a", "Account")

    def names(client, **filters):
        return {n["name"] for n in client.items("listNetworks", **filters)}

    assert names(a) == names(a, listall=True) == {"n1", "ours", "mine"}
    assert names(b) == names(low) == {"n1"}
    assert names(api) == {"n1"}
    assert names(api, listall=True) == {"n1", "ours", "mine"}
    assert names(api, account="a", domainid=domain_id("/a/")) == {"n1", "ours", "mine"}
    assert names(api, domainid=domain_id("/a/")) == {"ours", "mine"}
    assert names(a, acltype="Account") == {"mine"}
    assert b("listNetworks", listall=True, acltype="Account") == {}
    with pytest.raises(Refused, match="no network"):
        b("listNetworks", id=ours["id"])
    shown = a.one("listNetworks", id=everybody["id"])
    assert "vlan" not in shown
    assert "broadcasturi" not in shown


def test_filters_narrow_the_list(api, zone, wire, make_network):
    made = make_network()
    full = make_network("full", vlan="7", endip=None)
    for filters in ({"type": "shared"}, {"zoneid": zone["id"]}, {"physicalnetworkid": wire["id"]},
                    {"traffictype": "Guest"}, {"supportedservices": "Dhcp,UserData"}, {"specifyipranges": True},
                    {"issystem": False}, {"restartrequired": False}, {"forvpc": False}, {"canusefordeploy": True}):
        assert len(api.items("listNetworks", **filters)) == 2, filters
    for filters in ({"type": "Isolated"}, {"supportedservices": "SourceNat"}, {"specifyipranges": False},
                    {"issystem": True}, {"restartrequired": True}, {"forvpc": True}, {"canusefordeploy": False},
                    {"tags[0].key": "a", "tags[0].value": "b"}, {"traffictype": "Public"}):
        assert api("listNetworks", **filters) == {}, filters
    assert api.one("listNetworks", keyword="FUL")["id"] == full["id"]
    assert api.one("listNetworks", page=1, pagesize=1)["id"] == made["id"]


def test_the_nearest_suffix_is_taken(api, service, zone, make_network, domain_id):
    service.user("a", path="/a/")
    where = {"domainid": domain_id("/a/")}

    def suffixes(entity, **values):
        service.cloud.db.write(lambda s: s.query(entity).filter_by(name="a").update(values))

    def made(name, vlan, **more):
        return make_network(name, vlan=vlan, **more)["networkdomain"]

    assert made("n1", 1, acltype="Account", account="a", **where).startswith("cs")
    api("updateZone", id=zone["id"], domain="zone.example")
    assert made("n2", 2, **where) == "zone.example"
    suffixes(Domain, network_domain="domain.example")
    assert made("n3", 3, **where) == "domain.example"
    suffixes(Account, network_domain="account.example")
    assert made("n4", 4, acltype="Account", account="a", **where) == "account.example"
    assert made("n5", 5, **where) == "domain.example"
    assert made("n6", 6, networkdomain="Own.Example") == "own.example"


def test_only_root_makes_and_keeps_shared_networks(service, make_network):
    joe = service.user("joe")
    with pytest.raises(Refused, match="root") as refused:
        make_network(caller=joe)
    assert refused.value.code == 401
    network = make_network()
    for command in ("updateNetwork", "deleteNetwork"):
        with pytest.raises(Refused, match="shared with this account"):
            joe(command, id=network["id"])


def test_a_network_changes(api, make_network):
    network = make_network()
    changed = api.job("updateNetwork", id=network["id"], name="new", displaytext="text", networkdomain="x.example",
                      displaynetwork=False)
    assert (changed["name"], changed["displaytext"], changed["networkdomain"]) == ("new", "text", "x.example")
    assert changed["displaynetwork"] is False
    with pytest.raises(Refused, match="guestvmcidr"):
        api("updateNetwork", id=network["id"], guestvmcidr="10.1.1.0/25")


def test_a_network_goes_with_its_addresses(api, make_network):
    network = make_network()
    with pytest.raises(Refused, match="forced"):
        api("deleteNetwork", id=network["id"], forced=True)
    assert api.job("deleteNetwork", id=network["id"]) is True
    assert api("listNetworks") == api("listVlanIpRanges") == {}
    make_network()


def test_the_interfaces_of_a_machine(built_zone, api):
    vm = api.job("deployVirtualMachine", **built_zone.deploy(name="one"))
    (nic,) = api.items("listNics", virtualmachineid=vm["id"])
    assert nic == vm["nic"][0]
    assert nic["networkid"] == built_zone.network
    assert api.items("listNics", virtualmachineid=vm["id"], nicid=nic["id"], networkid=nic["networkid"]) == [nic]
    assert api("listNics", virtualmachineid=vm["id"], nicid=vm["id"]) == {}
