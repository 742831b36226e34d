"""Hosts and primary storage out of service."""

from __future__ import annotations

import pytest
from tests.support.client import Refused


def test_a_host_in_maintenance_takes_no_guests(built_zone, api):
    (host,) = built_zone.hosts
    vm = api.job("deployVirtualMachine", **built_zone.deploy(name="guest"))
    with pytest.raises(Refused, match=r"1 virtual machine\(s\) run on host .* \(guest\); stop them first"):
        api("prepareHostForMaintenance", id=host)
    api.job("stopVirtualMachine", id=vm["id"])
    assert api.job("prepareHostForMaintenance", id=host)["resourcestate"] == "Maintenance"
    with pytest.raises(Refused, match="1 is disabled or in maintenance"):
        api.job("startVirtualMachine", id=vm["id"])
    with pytest.raises(Refused, match="cancelHostMaintenance"):
        api("updateHost", id=host, allocationstate="Enable")
    with pytest.raises(Refused, match="is in Maintenance already"):
        api("prepareHostForMaintenance", id=host)
    assert api.job("cancelHostMaintenance", id=host)["resourcestate"] == "Enabled"
    with pytest.raises(Refused, match="not in maintenance but Enabled"):
        api("cancelHostMaintenance", id=host)
    assert api.job("startVirtualMachine", id=vm["id"])["state"] == "Running"


def test_routers_leave_a_host_in_maintenance(built_zone, service):
    api = service.admin
    place = {"zoneid": built_zone.zone, "podid": built_zone.pod, "clusterid": built_zone.cluster}
    other = api.one("addHost", hypervisor="Simulator", username="root", password="none", url="http://sim/c0/h9",
                    **place)
    vm = api.job("deployVirtualMachine", **built_zone.deploy(name="guest", hostid=other["id"]))

    def homes() -> set[str]:
        return {host for host, kind, _ in service.cloud.simulator.inventory() if kind == "router"}

    before = homes()
    assert len(before) == 1
    api.job("prepareHostForMaintenance", id=built_zone.hosts[0])
    api.job("restartNetwork", id=built_zone.network)
    assert homes() == {other["id"]} != before
    assert api.items("listVirtualMachines", id=vm["id"])[0]["state"] == "Running"


def test_a_restarted_network_has_a_new_router(built_zone, service):
    api = service.admin
    api.job("deployVirtualMachine", **built_zone.deploy(name="guest"))
    before = service.cloud.simulator.inventory("router")
    service.cloud.db.write(lambda session: [session.delete(row) for row in routers(session)])
    api.job("restartNetwork", id=built_zone.network)
    assert service.cloud.simulator.inventory("router") == before
    api.job("restartNetwork", id=built_zone.network, cleanup=True)
    assert service.cloud.simulator.inventory("router") == before
    with pytest.raises(Refused, match="a redundant router"):
        api("restartNetwork", id=built_zone.network, makeredundant=True)


def routers(session):
    from stratoform.nodes.simulator import SimObject  # noqa: PLC0415 - what a host forgets

    return session.query(SimObject).filter(SimObject.kind == "router").all()


def test_storage_in_maintenance_starts_no_machines(built_zone, api):
    vm = api.job("deployVirtualMachine", **built_zone.deploy(name="guest"))
    with pytest.raises(Refused, match=r"running virtual machines have disks .*\(guest\); stop them first"):
        api("enableStorageMaintenance", id=built_zone.pool)
    api.job("stopVirtualMachine", id=vm["id"])
    assert api.job("enableStorageMaintenance", id=built_zone.pool)["state"] == "Maintenance"
    with pytest.raises(Refused, match="which is in maintenance"):
        api.job("startVirtualMachine", id=vm["id"])
    with pytest.raises(Refused, match=r"(are|is) not Up"):
        api.job("deployVirtualMachine", **built_zone.deploy(name="second"))
    with pytest.raises(Refused, match="cancelStorageMaintenance"):
        api("updateStoragePool", id=built_zone.pool, enabled=True)
    assert api.job("cancelStorageMaintenance", id=built_zone.pool)["state"] == "Up"
    assert api.job("startVirtualMachine", id=vm["id"])["state"] == "Running"


def test_disabled_storage_keeps_what_it_has(built_zone, api):
    vm = api.job("deployVirtualMachine", **built_zone.deploy(name="guest"))
    assert api.one("updateStoragePool", id=built_zone.pool, enabled=False)["state"] == "Disabled"
    with pytest.raises(Refused, match="is not Up"):
        api.job("deployVirtualMachine", **built_zone.deploy(name="second"))
    api.job("stopVirtualMachine", id=vm["id"])
    assert api.job("startVirtualMachine", id=vm["id"])["state"] == "Running"
    assert api.one("updateStoragePool", id=built_zone.pool, enabled=True)["state"] == "Up"
