"""Every saga by its name, as the engine needs them to resume jobs of an earlier life."""

from __future__ import annotations

from collections.abc import Mapping

from stratoform.jobs.saga import Saga

from . import (
    account_disable,
    account_remove,
    clearing,
    domain_remove,
    host_add,
    host_remove,
    mail_send,
    network_remove,
    network_restart,
    pool_add,
    pool_remove,
    project_suspend,
    router_repair,
    store_add,
    store_remove,
    template_download,
    template_remove,
    vm_deploy,
    vm_destroy,
    vm_restore,
    vm_start,
    vm_stop,
    volume_attach,
    volume_detach,
    volume_remove,
    volume_resize,
)
from .services import Services

SAGAS: Mapping[str, Saga[Services]] = {saga.name: saga for saga in (
    vm_deploy.SAGA, vm_deploy.CREATE_ONLY, vm_start.SAGA, vm_stop.SAGA, vm_stop.REBOOT,
    vm_destroy.DESTROY, vm_destroy.EXPUNGE, vm_destroy.DESTROY_AND_EXPUNGE,
    host_add.SAGA, host_remove.SAGA, pool_add.SAGA, pool_remove.SAGA, store_add.SAGA, store_remove.SAGA,
    template_download.SAGA, template_remove.SAGA, template_remove.COPIES, network_remove.SAGA, network_restart.SAGA,
    router_repair.SAGA, account_disable.SAGA, account_remove.SAGA,
    clearing.BARRIER, domain_remove.SAGA, mail_send.SAGA, project_suspend.SAGA,
    volume_attach.SAGA, volume_detach.SAGA, volume_remove.SAGA, volume_resize.SAGA, vm_restore.SAGA,
)}
