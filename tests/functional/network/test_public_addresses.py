"""Public addresses: those of the zones' public ranges, all free as yet."""

from __future__ import annotations

import pytest
from tests.support.client import Refused

PUBLIC = {"gateway": "203.0.113.1", "netmask": "255.255.255.0", "startip": "203.0.113.10", "endip": "203.0.113.12"}


@pytest.mark.usefixtures("wire")
def test_free_addresses_are_listed_when_asked_for(api, zone, service):
    made = api.one("createVlanIpRange", zoneid=zone["id"], vlan="50", **PUBLIC)
    assert api("listPublicIpAddresses") == {}
    free = api.items("listPublicIpAddresses", allocatedonly=False)
    assert [address["ipaddress"] for address in free] == ["203.0.113.10", "203.0.113.11", "203.0.113.12"]
    assert {address["state"] for address in free} == {"Free"}
    assert (free[0]["vlanid"], free[0]["zonename"]) == (made["id"], "z1")
    assert api.items("listPublicIpAddresses", allocatedonly=False, id=free[1]["id"]) == [free[1]]
    assert api.items("listPublicIpAddresses", allocatedonly=False, ipaddress="203.0.113.12") == [free[2]]
    assert len(api.items("listPublicIpAddresses", allocatedonly=False, page=2, pagesize=2)) == 1
    assert api("listPublicIpAddresses", allocatedonly=False, issourcenat=True) == {}
    seen = service.user("alice").items("listPublicIpAddresses", allocatedonly=False)
    assert len(seen) == 3
    assert "vlanid" not in seen[0]


@pytest.mark.usefixtures("wire")
def test_reserved_addresses_are_offered_to_nobody_else(api, zone, service):
    alice = service.user("alice")
    domain = api.one("listDomains", name="ROOT")["id"]
    api("createVlanIpRange", zoneid=zone["id"], vlan="50", account="alice", domainid=domain, **PUBLIC)
    assert len(api.items("listPublicIpAddresses", allocatedonly=False)) == 3
    assert alice("listPublicIpAddresses", allocatedonly=False) == {}


def test_no_rule_uses_an_address_yet(api):
    assert api("listPortForwardingRules") == api("listIpForwardingRules") == {}
    with pytest.raises(Refused, match="no port forwarding rule with id"):
        api("listPortForwardingRules", id="6c8bd0a8-7f27-4ee5-8c28-1a9d0a30a1f5")
    with pytest.raises(Refused, match="listNics"):
        api("listPublicIpAddresses", forvirtualnetwork=False)
    with pytest.raises(Refused, match="no account 'nobody'"):
        api("listPublicIpAddresses", account="nobody")
