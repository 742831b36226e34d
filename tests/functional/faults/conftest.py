"""A cloud with a user, in which hosts can be made to misbehave."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from stratoform.jobs.tables import FAILED, SUCCEEDED, Job
from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.slate import differences, snapshot
from tests.support.zone import Zone

HOST_NAMES = ("sim/c0", "sim-c0", "h0")
"""What no user may read: parts of addresses and names of simulated hosts."""
FAILURES = {"fail": 530, "unreachable": 534, "timeout": 534}
"""Kind of failure to the code of the job's error."""


@dataclass
class Cloud:
    """A zone with a machine's traces in it, an administrator and a user."""

    service: Service
    zone: Zone
    admin: Client
    user: Client

    def trouble(self, **fault: Any) -> None:
        """See SimulatorNodes.trouble."""
        self.service.cloud.simulator.trouble(**fault)

    def heal(self) -> None:
        """See SimulatorNodes.heal."""
        self.service.cloud.simulator.heal()

    def look(self) -> dict[str, Any]:
        """What there is, when no job is under way."""
        self.until(lambda: not self.jobs(SUCCEEDED, FAILED))
        return snapshot(self.service.cloud)

    def jobs(self, *but: str) -> list[str]:
        """The states of jobs, but for these."""
        with self.service.cloud.db.read() as session:
            return list(session.scalars(select(Job.state).where(Job.state.not_in(but))))

    def until(self, met: Callable[[], bool], limit: float = 20) -> None:
        """Waits for something, and lets the dispatcher look for work meanwhile."""
        end = time.monotonic() + limit
        while not met():
            assert time.monotonic() < end, self.jobs(SUCCEEDED, FAILED)
            self.service.cloud.jobs.wake()
            time.sleep(0.01)

    def unchanged(self, before: dict[str, Any]) -> None:
        """Nothing is left of what was tried since."""
        assert differences(before, self.look()) == {}

    def deploy(self, client: Client | None = None, **more: Any) -> Any:
        """Deploys to the end."""
        return (client or self.admin).job("deployVirtualMachine", **self.zone.deploy(**more))

    def register(self, client: Client, name: str = "fresh", **more: Any) -> Any:
        """Registers a template and waits until its download is over, well or not."""
        os_type = client.items("listOsTypes")[0]["id"]
        new = client.one("registerTemplate", name=name, displaytext=name, format="QCOW2", hypervisor="Simulator",
                         ostypeid=os_type, zoneid=self.zone.zone, url="http://images.example.org/x.qcow2", **more)
        self.until(lambda: "jobid" not in client.one("listTemplates", templatefilter="self", id=new["id"]))
        return client.one("listTemplates", templatefilter="self", id=new["id"])


def refused(call: Callable[..., Any], *args: Any, **params: Any) -> Refused:
    """The refusal of a call."""
    with pytest.raises(Refused) as refusal:
        call(*args, **params)
    return refusal.value


def no_host_in(text: str) -> bool:
    """True when nothing in the text tells which host is meant."""
    return not any(name in text for name in HOST_NAMES)


@pytest.fixture
def cloud(built_zone: Zone, service: Service) -> Cloud:
    return Cloud(service, built_zone, service.admin, service.user("ulla"))
