"""Host maintenance: a host without guests is kept free of new ones, and the routers on it move."""

from __future__ import annotations

from sqlalchemy import select

from stratoform.errors import ApiError, Fault
from stratoform.model.compute import HOLDS_CAPACITY, Vm
from stratoform.model.network import Network, Router
from stratoform.model.topology import Host

from .frame.base import ROOT_ONLY, AsyncCommand
from .frame.params import Ref
from .rules.places import ALLOCATION
from .views.topology import HOST

MAINTENANCE = "Maintenance"


class PrepareHostForMaintenance(AsyncCommand, roles=ROOT_ONLY, event="MAINT.PREPARE", view=HOST):
    """Takes a host out of service: no guests are placed on it. Those on it must be stopped before."""

    id = Ref(Host, "The host.").required

    def check(self) -> None:
        """See Command.check."""
        host = self.id
        if host.resource_state not in ALLOCATION:
            raise ApiError(Fault.IN_USE, f"Unable to execute {self.name}: host '{host.name}' is in "
                                         f"{host.resource_state} already", [("host", host.uuid)])
        guests = self.context.all(Vm, Vm.host_id == host.id, Vm.state.in_(HOLDS_CAPACITY))
        if guests:
            names = ", ".join(vm.name for vm in guests[:5])
            raise ApiError(Fault.IN_USE, f"Unable to execute {self.name}: {len(guests)} virtual machine(s) run on host "
                                         f"'{host.name}' ({names}); stop them first, for moving them to other hosts is "
                                         "not offered by this installation yet", [("vm", vm.uuid) for vm in guests[:5]])

    def prepare(self) -> Host:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        host = self.session.get_one(Host, self.id.id, with_for_update=True, populate_existing=True)
        host.generation += 1  # who is just about to place a guest here loses the race and chooses again
        self.session.flush()
        self.check()  # again: a guest may have come
        host.resource_state = MAINTENANCE
        self._move_routers(host)

    def _move_routers(self, host: Host) -> None:
        """Routers go where they are wanted; the routers' reconciler brings them there."""
        for router in self.context.all(Router, Router.host_id == host.id):
            other = self._home_for(router, host)
            if other is not None:
                router.previous_host_id, router.host_id, router.applied = host.id, other, -1
                self.session.get_one(Network, router.network_id, with_for_update=True).generation += 1

    def _home_for(self, router: Router, host: Host) -> int | None:
        """Another host in service; None: the router stays, and moves with the next guest of its network."""
        return self.session.scalar(select(Host.id).where(
            Host.removed.is_(None), Host.id != host.id, Host.zone_id == router.zone_id, Host.state == "Up",
            Host.hypervisor == host.hypervisor, Host.resource_state == "Enabled").order_by(Host.id).limit(1))


class CancelHostMaintenance(AsyncCommand, roles=ROOT_ONLY, event="MAINT.CANCEL", view=HOST):
    """Takes a host back into service."""

    id = Ref(Host, "The host.").required

    def check(self) -> None:
        """See Command.check."""
        if self.id.resource_state != MAINTENANCE:
            raise ApiError(Fault.IN_USE, f"Unable to execute {self.name}: host '{self.id.name}' is not in maintenance "
                                         f"but {self.id.resource_state}", [("host", self.id.uuid)])

    def prepare(self) -> Host:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        self.id.resource_state = "Enabled"
