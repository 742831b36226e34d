"""A simulated cloud from nothing to a running machine, and back to nothing."""

from __future__ import annotations

import pytest

from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import build


@pytest.fixture
def zone(api: Client):
    return build(api)


def test_a_machine_is_deployed_stopped_started_and_expunged(service: Service, api: Client, zone) -> None:
    vm = api.job("deployVirtualMachine", **zone.deploy(name="first"))
    assert vm["state"] == "Running"
    assert vm["nic"][0]["ipaddress"] == "10.1.1.10"
    assert [k[2] for k in service.cloud.simulator.inventory("domain")] == [vm["instancename"]]

    assert api.job("stopVirtualMachine", id=vm["id"])["state"] == "Stopped"
    assert service.cloud.simulator.inventory("domain") == {}
    assert api.job("startVirtualMachine", id=vm["id"])["state"] == "Running"
    assert api.job("rebootVirtualMachine", id=vm["id"])["state"] == "Running"

    assert api.job("destroyVirtualMachine", id=vm["id"])["state"] == "Destroyed"
    assert api.one("recoverVirtualMachine", id=vm["id"])["state"] == "Stopped"
    api.job("destroyVirtualMachine", id=vm["id"], expunge=True)
    assert api.items("listVirtualMachines", listall=True) == []
    assert api.items("listVolumes", listall=True) == []
    assert service.cloud.simulator.inventory("volume") == {}


def test_a_refusal_says_which_constraint_excluded_which_host(api: Client, zone) -> None:
    huge = api.one("createServiceOffering", name="huge", displaytext="-", cpunumber=1, cpuspeed=100, memory=9_000_000)
    with pytest.raises(Refused) as refusal:
        api.job("deployVirtualMachine", **zone.deploy(serviceofferingid=huge["id"], name="big"))
    assert refusal.value.code == 533
    assert "1 has less than 9000000 MB of memory free" in refusal.value.text
    assert api.items("listVirtualMachines", listall=True) == []
    assert api.items("listVolumes", listall=True) == []
