"""Maintenance of primary storage: a pool whose disks no running machine uses is kept so."""

from __future__ import annotations

from stratoform.errors import ApiError, Fault
from stratoform.model.compute import HOLDS_CAPACITY, Vm
from stratoform.model.storage import POOL_STATES, StoragePool, Volume

from .frame.base import ROOT_ONLY, AsyncCommand
from .frame.params import Ref
from .views.storage import STORAGE_POOL


class EnableStorageMaintenance(AsyncCommand, roles=ROOT_ONLY, event="MAINT.PREPARE.PS", view=STORAGE_POOL):
    """Takes a pool out of service: machines with disks on it cannot start. Those that run must be stopped before."""

    id = Ref(StoragePool, "The pool.").required

    def check(self) -> None:
        """See Command.check."""
        POOL_STATES.require(self.id, "maintain")
        using = self.context.all(Vm, Vm.state.in_(HOLDS_CAPACITY), Vm.id == Volume.vm_id,
                                 Volume.pool_id == self.id.id, Volume.removed.is_(None))
        if using:
            names = ", ".join(dict.fromkeys(vm.name for vm in using[:5]))
            raise ApiError(Fault.IN_USE, f"Unable to execute {self.name}: running virtual machines have disks on "
                                         f"storage pool '{self.id.name}' ({names}); stop them first",
                           [("vm", vm.uuid) for vm in using[:5]])

    def prepare(self) -> StoragePool:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        pool = self.session.get_one(StoragePool, self.id.id, with_for_update=True, populate_existing=True)
        pool.generation += 1  # who is just about to place a disk here loses the race and chooses again
        self.session.flush()
        self.check()  # again: a machine may have started
        POOL_STATES.move(self.session, pool, "maintain")


class CancelStorageMaintenance(AsyncCommand, roles=ROOT_ONLY, event="MAINT.CANCEL.PS", view=STORAGE_POOL):
    """Takes a pool back into service; its machines stay stopped until they are started."""

    id = Ref(StoragePool, "The pool.").required

    def check(self) -> None:
        """See Command.check."""
        POOL_STATES.require(self.id, "serve again")

    def prepare(self) -> StoragePool:
        """See AsyncCommand.prepare."""
        return self.id

    def run(self) -> None:
        """See Command.run."""
        POOL_STATES.move(self.session, self.id, "serve again")
