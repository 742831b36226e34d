"""Disks as lists show them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import build


def test_a_root_disk_is_shown_with_its_machine_and_place(service: Service, api: Client) -> None:
    zone = build(api)
    ann = service.user("ann")
    vm = api.job("deployVirtualMachine", **zone.deploy(name="first"))
    hers = ann.job("deployVirtualMachine", **zone.deploy(name="hers", startvm=False))

    volume = api.one("listVolumes")
    assert (volume["type"], volume["state"], volume["deviceid"]) == ("ROOT", "Ready", 0)
    assert (volume["virtualmachineid"], volume["vmname"], volume["vmstate"]) == (vm["id"], "first", "Running")
    assert (volume["storage"], volume["storageid"], volume["storagetype"]) == ("primary", zone.pool, "shared")
    assert (volume["serviceofferingname"], volume["hypervisor"]) == ("Small Instance", "Simulator")
    assert (volume["size"], volume["destroyed"], volume["isextractable"]) == (64 * 2**20, False, False)

    def machines(client: Client, **filters: Any) -> list[str]:
        return [item["vmname"] for item in client.items("listVolumes", **filters)]

    assert machines(api, listall=True) == ["first", "hers"]
    assert machines(api, listall=True, virtualmachineid=hers["id"]) == ["hers"]
    assert machines(api, listall=True, storageid=zone.pool) == machines(api, podid=zone.pod) == ["first"]
    assert machines(api, listall=True, hostid=zone.hosts[0]) == ["first"]
    assert machines(api, listall=True, zoneid=zone.zone, type="root", keyword="ROOT") == ["first", "hers"]
    assert machines(api, type="DATADISK") == []
    assert machines(api, id=volume["id"]) == machines(api, name=volume["name"]) == ["first"]

    mine = ann.one("listVolumes", listall=True)
    assert mine["vmname"] == "hers"
    assert {"storage", "storageid", "path", "hypervisor", "displayvolume"}.isdisjoint(mine)
    for given in ({"id": volume["id"]}, {"hostid": zone.hosts[0]}):
        with pytest.raises(Refused):
            ann("listVolumes", **given)
    with pytest.raises(Refused, match="is not one of ROOT, DATADISK"):
        api("listVolumes", type="TAPE")
