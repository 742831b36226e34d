"""One scenario a saga: what must be there before, the request, and what is true when it succeeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.client import Client
from tests.support.zone import Zone

Things = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """A saga under test.

    Attributes:
        saga: its name.
        prepare: makes what the request needs; its answer is given to the other two.
        request: makes the request and returns its job's uuid (or none: it answers when it ended).
        holds: true when the saga succeeded.
        returns: True: after a failure everything is as before the request. False: it is a deletion, what is deleted
            stays so; only stable states and no locks are demanded, and that repeating the request succeeds.
    """

    saga: str
    prepare: Callable[[Client, Zone], Things]
    request: Callable[[Client, Zone, Things], str | None]
    holds: Callable[[Client, Zone, Things], bool]
    returns: bool = True


def _vm(api: Client, zone: Zone) -> Things:
    return {"id": api.job("deployVirtualMachine", **zone.deploy(name="subject"))["id"]}


def _stopped(api: Client, zone: Zone) -> Things:
    vm = _vm(api, zone)
    api.job("stopVirtualMachine", **vm)
    return vm


def _destroyed(api: Client, zone: Zone) -> Things:
    vm = _vm(api, zone)
    api.job("destroyVirtualMachine", **vm)
    return vm


def _state(api: Client, vm: Things) -> str | None:
    found = api.items("listVirtualMachines", id=vm["id"], listall=True) if _exists(api, vm) else []
    return found[0]["state"] if found else None


def _exists(api: Client, vm: Things) -> bool:
    return any(v["id"] == vm["id"] for v in api.items("listVirtualMachines", listall=True))


def _none(_api: Client, _zone: Zone) -> Things:
    return {}


def _async(command: str, **more: Any) -> Callable[[Client, Zone, Things], str]:
    return lambda api, _zone, things: api(command, **{"id": things["id"], **more})["jobid"]


def _named(api: Client, command: str, name: str, **more: Any) -> list[Any]:
    return [x for x in api.items(command, **more) if x["name"] == name]


def _deploy(api: Client, zone: Zone, _things: Things) -> str:
    return api("deployVirtualMachine", **zone.deploy(name="subject"))["jobid"]


def _add_host(api: Client, zone: Zone, _things: Things) -> None:
    api("addHost", zoneid=zone.zone, podid=zone.pod, clusterid=zone.cluster, hypervisor="Simulator", username="root",
        password="x", url="http://sim/c0/subject")


def _host(api: Client, zone: Zone) -> Things:
    _add_host(api, zone, {})
    return {"id": next(h["id"] for h in api.items("listHosts", type="Routing") if "subject" in h["name"])}


def _add_pool(api: Client, zone: Zone, _things: Things) -> None:
    api("createStoragePool", zoneid=zone.zone, podid=zone.pod, clusterid=zone.cluster, name="subject", scope="cluster",
        url="nfs://192.0.2.11/export/subject")


def _pool(api: Client, zone: Zone) -> Things:
    _add_pool(api, zone, {})
    return {"id": _named(api, "listStoragePools", "subject")[0]["id"]}


def _add_store(api: Client, zone: Zone, _things: Things) -> None:
    api("addImageStore", zoneid=zone.zone, name="subject", provider="NFS", url="nfs://192.0.2.11/export/store")


def _store(api: Client, zone: Zone) -> Things:
    _add_store(api, zone, {})
    return {"id": _named(api, "listImageStores", "subject")[0]["id"]}


def _network(api: Client, zone: Zone) -> Things:
    offering = api.items("listNetworkOfferings", name="DefaultSharedNetworkOffering")[0]["id"]
    network = api.one("createNetwork", zoneid=zone.zone, name="subject", displaytext="subject", vlan="300",
                      networkofferingid=offering, gateway="10.3.1.1", netmask="255.255.255.0", startip="10.3.1.10",
                      endip="10.3.1.50")["id"]
    vm = api.job("deployVirtualMachine", **zone.deploy(name="passer-by", networkids=network))["id"]
    api.job("destroyVirtualMachine", id=vm, expunge=True)
    return {"id": network}


def _register(api: Client, zone: Zone, _things: Things) -> str:
    """Registering does not wait for its download; the download's job is the saga's."""
    for old in _named(api, "listTemplates", "subject", templatefilter="all"):
        if not old["isready"]:
            api.job("deleteTemplate", id=old["id"])
    os_type = api.items("listOsTypes")[0]["id"]
    found = api.one("registerTemplate", name="subject", displaytext="subject", format="QCOW2", hypervisor="Simulator",
                    ostypeid=os_type, zoneid=zone.zone, url="http://192.0.2.10/subject.qcow2")
    return next(str(j["jobid"]) for j in api.items("listAsyncJobs") if j.get("jobinstanceid") == found["id"])


def _template(api: Client, zone: Zone) -> Things:
    api.await_job(_register(api, zone, {}))
    (found,) = _named(api, "listTemplates", "subject", templatefilter="all")
    vm = api.job("deployVirtualMachine", **zone.deploy(name="passer-by", templateid=found["id"]))["id"]
    api.job("destroyVirtualMachine", id=vm, expunge=True)
    return {"id": found["id"]}


def _disk(api: Client, zone: Zone, size: int = 2) -> str:
    custom = api.items("listDiskOfferings", name="Custom")[0]["id"]
    return str(api.job("createVolume", name="subject", zoneid=zone.zone, diskofferingid=custom, size=size)["id"])


def _disk_and_vm(api: Client, zone: Zone) -> Things:
    return {"id": _disk(api, zone), "virtualmachineid": _vm(api, zone)["id"]}


def _attached(api: Client, zone: Zone) -> Things:
    """A disk on a running machine."""
    things = _disk_and_vm(api, zone)
    api.job("attachVolume", **things)
    return {"id": things["id"]}


def _used(api: Client, zone: Zone) -> Things:
    """A disk that was attached once, so that its file is on a pool."""
    disk = _attached(api, zone)
    api.job("detachVolume", **disk)
    return disk


def _root(api: Client, vm: Things) -> str:
    return str(api.one("listVolumes", virtualmachineid=vm["id"])["id"])


def _rooted(api: Client, zone: Zone) -> Things:
    vm = _vm(api, zone)
    return vm | {"root": _root(api, vm)}


def _volume(api: Client, things: Things) -> Things:
    found = [v for v in api.items("listVolumes", listall=True) if v["id"] == things["id"]]
    return dict(found[0]) if found else {}


def _attach(api: Client, _zone: Zone, things: Things) -> str:
    return str(api("attachVolume", **things)["jobid"])


_SUBJECT = {"username": "subject", "accounttype": 0, "email": "s@example.org", "firstname": "S", "lastname": "T",
            "password": "a good password"}


def _account(api: Client, zone: Zone) -> Things:
    """An account with a machine and a disk, so that one phase of its removal waits for another."""
    made = api.one("createAccount", **_SUBJECT)
    owner = {"account": "subject", "domainid": made["domainid"]}
    api.job("deployVirtualMachine", **zone.deploy(name="subject", **owner))
    disk = api.items("listDiskOfferings", name="Small")[0]["id"]
    api.job("createVolume", name="loose", diskofferingid=disk, zoneid=zone.zone, **owner)
    return {"id": made["id"]}


def _full_domain(api: Client, zone: Zone) -> Things:
    """A domain with a domain below it, in which an account has a machine."""
    domain = api.one("createDomain", name="subject")["id"]
    below = api.one("createDomain", name="below", parentdomainid=domain)["id"]
    api.one("createAccount", **_SUBJECT, domainid=below)
    api.job("deployVirtualMachine", **zone.deploy(name="subject", account="subject", domainid=below))
    return {"id": domain}


def _no_account(api: Client, _zone: Zone, _things: Things) -> bool:
    return not _named(api, "listAccounts", "subject", listall=True)


def _project(api: Client, zone: Zone) -> Things:
    project = api.job("createProject", name="subject")["id"]
    api.job("deployVirtualMachine", **zone.deploy(name="subject", projectid=project))
    return {"id": project}


def _suspended(api: Client, _zone: Zone, project: Things) -> bool:
    found = api.one("listProjects", id=project["id"])
    return (found["state"], found["vmrunning"]) == ("Suspended", 0)


def _running_network(api: Client, zone: Zone) -> Things:
    _vm(api, zone)
    return {"id": zone.network}


SCENARIOS = [
    Scenario("vm_deploy", _none, _deploy,
             lambda api, _z, _t: [v["state"] for v in _named(api, "listVirtualMachines", "subject")] == ["Running"]),
    Scenario("vm_create", _none,
             lambda api, zone, _t: api("deployVirtualMachine", **zone.deploy(name="subject", startvm=False))["jobid"],
             lambda api, _z, _t: [v["state"] for v in _named(api, "listVirtualMachines", "subject")] == ["Stopped"]),
    Scenario("vm_start", _stopped, _async("startVirtualMachine"), lambda api, _z, vm: _state(api, vm) == "Running"),
    Scenario("vm_stop", _vm, _async("stopVirtualMachine"), lambda api, _z, vm: _state(api, vm) == "Stopped",
             returns=False),
    Scenario("vm_reboot", _vm, _async("rebootVirtualMachine"), lambda api, _z, vm: _state(api, vm) == "Running",
             returns=False),
    Scenario("vm_destroy", _vm, _async("destroyVirtualMachine"), lambda api, _z, vm: _state(api, vm) == "Destroyed",
             returns=False),
    Scenario("vm_destroy_expunge", _vm, _async("destroyVirtualMachine", expunge=True),
             lambda api, _z, vm: not _exists(api, vm), returns=False),
    Scenario("vm_expunge", _destroyed, _async("expungeVirtualMachine"), lambda api, _z, vm: not _exists(api, vm),
             returns=False),
    Scenario("host_add", _none, _add_host,
             lambda api, _z, _t: any("subject" in h["name"] and h["state"] == "Up" for h in api.items("listHosts"))),
    Scenario("host_remove", _host, lambda api, _z, t: api("deleteHost", id=t["id"]) and None,
             lambda api, _z, t: all(h["id"] != t["id"] for h in api.items("listHosts")), returns=False),
    Scenario("pool_add", _none, _add_pool, lambda api, _z, _t: bool(_named(api, "listStoragePools", "subject"))),
    Scenario("pool_remove", _pool, lambda api, _z, t: api("deleteStoragePool", id=t["id"]) and None,
             lambda api, _z, _t: not _named(api, "listStoragePools", "subject"), returns=False),
    Scenario("store_add", _none, _add_store, lambda api, _z, _t: bool(_named(api, "listImageStores", "subject"))),
    Scenario("store_remove", _store, lambda api, _z, t: api("deleteImageStore", id=t["id"]) and None,
             lambda api, _z, _t: not _named(api, "listImageStores", "subject"), returns=False),
    Scenario("template_download", _none, _register,
             lambda api, _z, _t: [t["isready"] for t in _named(api, "listTemplates", "subject", templatefilter="all")]
             == [True], returns=False),
    Scenario("template_remove", _template, _async("deleteTemplate"),
             lambda api, _z, _t: not _named(api, "listTemplates", "subject", templatefilter="all"), returns=False),
    Scenario("network_remove", _network, _async("deleteNetwork"),
             lambda api, _z, _t: not _named(api, "listNetworks", "subject", listall=True), returns=False),
    Scenario("network_restart", _running_network, _async("restartNetwork", cleanup=True),
             lambda api, _z, _t: bool(_named(api, "listNetworks", "guests")), returns=False),
    Scenario("vm_restore", _rooted,
             lambda api, _z, vm: api("restoreVirtualMachine", virtualmachineid=vm["id"])["jobid"],
             lambda api, _z, vm: _root(api, vm) != vm["root"], returns=False),
    Scenario("volume_attach", _disk_and_vm, _attach,
             lambda api, _z, t: _volume(api, t)["virtualmachineid"] == t["virtualmachineid"]),
    Scenario("volume_detach", _attached, _async("detachVolume"),
             lambda api, _z, t: "virtualmachineid" not in _volume(api, t)),
    Scenario("volume_resize", _used, _async("resizeVolume", size=3),
             lambda api, _z, t: _volume(api, t)["size"] == 3 * 2**30),
    Scenario("volume_remove", _used, lambda api, _z, t: api("deleteVolume", id=t["id"]) and None,
             lambda api, _z, t: not _volume(api, t), returns=False),
    Scenario("account_disable", _account, _async("disableAccount", lock=False),
             lambda api, _z, t: api.one("listAccounts", id=t["id"])["state"] == "disabled"
             and api.one("listAccounts", id=t["id"])["vmrunning"] == 0, returns=False),
    Scenario("project_suspend", _project, _async("suspendProject"), _suspended, returns=False),
    Scenario("account_remove", _account, _async("deleteAccount"), _no_account, returns=False),
    Scenario("domain_remove", _full_domain, _async("deleteDomain", cleanup=True),
             lambda api, zone, t: _no_account(api, zone, t) and not _named(api, "listDomains", "subject"),
             returns=False),
]
