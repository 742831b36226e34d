"""Many who ask at once get exactly as much as there may be: of an account, of a project, of a domain."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from stratoform.app import create_app
from stratoform.model.limits import Resource
from tests.conftest import Service
from tests.functional.limits.test_resource_limits import Land, land, limit, machine
from tests.support.client import Client, Refused
from tests.support.zone import Zone

__all__ = ["land"]

THREADS = 8
EACH = 3


def at_once(service: Service, calls: list[tuple[Client, str, dict[str, Any]]]) -> Counter[int]:
    """How often each code came (0: success) when all calls were made from as many threads."""
    codes: list[int] = []
    barrier = threading.Barrier(len(calls))

    def ask(client: Client, command: str, params: dict[str, Any]) -> None:
        own = Client(create_app(service.cloud).test_client(), client.key, client.secret)
        barrier.wait(30)
        try:
            answer = own(command, **params)
            if "jobid" in answer:
                own.await_job(answer["jobid"], 60)
            codes.append(0)
        except Refused as refused:
            codes.append(refused.code)

    threads = [threading.Thread(target=ask, args=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return Counter(codes)


@pytest.mark.parametrize("owner", ["account", "project", "domain"])
def test_a_limit_is_met_and_never_exceeded(built_zone: Zone, service: Service, land: Land, owner: str) -> None:
    zone, most = built_zone, 5
    project = land.dan.job("createProject", name="p")["id"]
    askers: list[tuple[Client, dict[str, Any]]] = [(land.dan, {})]
    if owner == "account":
        limit(land.root, most, account="dan", domainid=land.d)
    elif owner == "project":
        limit(land.root, most, projectid=project)
        askers = [(land.dan, {"projectid": project})]
    else:
        limit(land.root, most, domainid=land.d)
        askers = [(land.dan, {}), (land.dave, {}), (land.eve, {}), (land.dan, {"projectid": project})]
    calls = []
    for number in range(THREADS * EACH):
        client, more = askers[number % len(askers)]
        calls.append((client, "deployVirtualMachine", machine(zone, f"n{number}", **more)))
    assert at_once(service, calls) == {0: most, 532: THREADS * EACH - most}
    (count,) = land.root.items("updateResourceCount", domainid=land.d, resourcetype=0)
    assert count["resourcecount"] == most


def test_commands_of_different_kinds_share_a_limit(built_zone: Zone, service: Service, land: Land) -> None:
    """Disks of machines and disks alone are both volumes."""
    zone = built_zone
    limit(land.root, 6, Resource.VOLUME, account="dan", domainid=land.d)
    small = land.dan.items("listDiskOfferings", name="Small")[0]["id"]
    calls = [(land.dan, "deployVirtualMachine", machine(zone, f"n{number}")) for number in range(6)]
    calls += [(land.dan, "createVolume", {"name": f"n{number}", "zoneid": zone.zone, "diskofferingid": small})
              for number in range(6)]
    assert at_once(service, calls) == {0: 6, 532: 6}
    (count,) = land.root.items("updateResourceCount", domainid=land.d, resourcetype=2)
    assert count["resourcecount"] == 6


def test_recovering_and_making_share_a_limit(built_zone: Zone, service: Service, land: Land) -> None:
    zone = built_zone
    gone = [land.dan.job("deployVirtualMachine", **machine(zone, f"gone{number}"))["id"] for number in range(4)]
    for vm in gone:
        land.dan.job("destroyVirtualMachine", id=vm)
    limit(land.root, 3, account="dan", domainid=land.d)
    calls = [(land.dora, "recoverVirtualMachine", {"id": vm}) for vm in gone]
    calls += [(land.dan, "deployVirtualMachine", machine(zone, f"n{number}")) for number in range(4)]
    assert at_once(service, calls) == {0: 3, 532: 5}
