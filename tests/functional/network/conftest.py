"""A zone with one enabled physical network that carries guest and public traffic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stratoform.model.tenancy import Domain

SHARED = "DefaultSharedNetworkOffering"
ADDRESSES = {"gateway": "10.1.1.1", "netmask": "255.255.255.0", "startip": "10.1.1.10", "endip": "10.1.1.19"}
OFFERING = {"displaytext": "mine", "traffictype": "GUEST", "guestiptype": "Shared", "specifyvlan": True,
            "specifyipranges": True, "supportedservices": "Dhcp,Dns,UserData"}


@pytest.fixture
def zone(api) -> Any:
    return api.one("createZone", name="z1", networktype="Advanced", dns1="192.0.2.53", internaldns1="192.0.2.53")


@pytest.fixture
def make_wire(api, zone) -> Callable[..., Any]:
    def make(name: str = "wire", traffic: tuple[str, ...] = ("Guest", "Public"), **more: Any) -> Any:
        made = api.job("createPhysicalNetwork", **{"zoneid": zone["id"], "name": name, **more})
        for kind in traffic:
            api.job("addTrafficType", physicalnetworkid=made["id"], traffictype=kind, kvmnetworklabel="cloudbr0")
        return api.job("updatePhysicalNetwork", id=made["id"], state="Enabled")

    return make


@pytest.fixture
def wire(make_wire) -> Any:
    return make_wire(vlan="100-199,300")


@pytest.fixture
def offering_of(api) -> Callable[[str], str]:
    return lambda name: api.one("listNetworkOfferings", name=name)["id"]


@pytest.fixture
def make_network(api, zone, wire, offering_of) -> Callable[..., Any]:
    assert wire["state"] == "Enabled"

    def make(name: str = "n1", caller: Any = api, **more: Any) -> Any:
        wanted = {"name": name, "displaytext": name, "zoneid": zone["id"], "networkofferingid": offering_of(SHARED),
                  "vlan": "untagged", **ADDRESSES, **more}
        return caller.one("createNetwork", **{k: v for k, v in wanted.items() if v is not None})

    return make


@pytest.fixture
def domain_id(service) -> Callable[[str], str]:
    def find(path: str) -> str:
        with service.cloud.db.read() as session:
            return str(session.query(Domain.uuid).filter(Domain.path == path).scalar())

    return find
