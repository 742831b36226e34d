"""The steps virtual-machine sagas are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from stratoform.errors import ApiError, Fault
from stratoform.jobs.saga import Output
from stratoform.model import addresses
from stratoform.model.base import new_uuid, now
from stratoform.model.compute import VM_STATES, ServiceOffering, Vm
from stratoform.model.network import Network, NetworkOffering, Nic, PhysicalNetwork, Router, TrafficType
from stratoform.model.storage import (
    VOLUME_STATES,
    DiskOffering,
    ImageStore,
    StoragePool,
    Template,
    TemplateCopy,
    Volume,
)
from stratoform.model.topology import Host
from stratoform.nodes.port import Target
from stratoform.scheduler.claim import claim

from .services import Ctx, act_on, target_of

SERVED = frozenset({"Dhcp", "Dns", "UserData"})
"""Services that need a router in a shared network."""
LIMITS: Mapping[str, str] = {
    "read_bytes_sec": "bytes_read_rate", "write_bytes_sec": "bytes_write_rate",
    "read_iops_sec": "iops_read_rate", "write_iops_sec": "iops_write_rate",
}
"""What hosts limit of a disk: their name to the offering's column."""
DEFAULT_BRIDGE = "cloudbr0"
"""The bridge of guest traffic when the traffic type names none (CloudStack installation guide, KVM)."""


def volumes_of(session: Session, vm_id: int) -> list[Volume]:
    """The live disks of a machine, root disk first."""
    query = select(Volume).where(Volume.vm_id == vm_id, Volume.removed.is_(None)).order_by(Volume.device_id)
    return list(session.scalars(query))


def nics_of(session: Session, vm_id: int) -> list[Nic]:
    """The interfaces of a machine, default one first."""
    return list(session.scalars(select(Nic).where(Nic.vm_id == vm_id).order_by(Nic.device)))


def host_of(ctx: Ctx) -> Target:
    """The host the machine is on, or was on last."""
    with ctx.services.db.read() as session:
        return host_in(ctx, session)


def host_in(ctx: Ctx, session: Session) -> Target:
    """The same, in a transaction under way."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    host = session.get(Host, vm.host_id or vm.last_host_id or 0)
    if host is None:
        raise ApiError(Fault.RESOURCE_UNAVAILABLE, "The virtual machine is on no host")
    return target_of(host, ctx.services.vault)


def claim_host(ctx: Ctx, session: Session) -> Output:
    """Places the machine; the output says which disks this saga placed, so that its undo leaves the others."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    disks = volumes_of(session, vm.id)
    fresh = [v.id for v in disks if v.state == "Allocated"]
    if vm.state != "Starting" or vm.host_id is None:
        claim(session, vm, disks, ctx.args.get("host_id"))
    return {"host_id": vm.host_id, "placed": fresh}


def unclaim_host(ctx: Ctx, session: Session) -> None:
    """Gives host and pools back."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    if vm.state == "Starting":
        VM_STATES.move(session, vm, "fail to start", host_id=None)
    for volume_id in ctx.out.get("claim", {}).get("placed", ()):
        volume = session.get_one(Volume, volume_id)
        if volume.state in {"Creating", "Ready"}:
            VOLUME_STATES.move(session, volume, "unplace", pool_id=None, path=None)


def bridge_args(session: Session, network: Network) -> dict[str, Any]:
    """Arguments of the operation ``bridge`` for a guest network."""
    label = session.scalar(
        select(TrafficType.kvm_label).join(PhysicalNetwork, PhysicalNetwork.id == TrafficType.physical_network_id)
        .where(PhysicalNetwork.id == network.physical_network_id, TrafficType.type == "Guest",
               TrafficType.removed.is_(None))
    )
    vlan = None if network.vlan in {None, "", "untagged"} else int(str(network.vlan))
    return {"label": label or DEFAULT_BRIDGE, "vlan": vlan, "state": "present"}


def plan_bridges(ctx: Ctx, session: Session) -> tuple[Target, dict[str, dict[str, Any]]]:
    """The machine's host, and network id to the bridge it must have there."""
    wanted = {n.network_id: session.get_one(Network, n.network_id) for n in nics_of(session, ctx.args["vm_id"])}
    return host_in(ctx, session), {str(i): bridge_args(session, network) for i, network in wanted.items()}


def make_bridges(ctx: Ctx, plan: tuple[Target, dict[str, dict[str, Any]]]) -> Output:
    """Sees to it that every network of the machine has its bridge on the host; outputs network id to bridge."""
    target, wanted = plan
    return {"bridges": {i: act_on(ctx, target, "bridge", args)["name"] for i, args in wanted.items()}}


def copy_name(template: Template) -> str:
    """File name of a template's copy on a pool."""
    return f"{template.uuid}.qcow2"


def plan_templates(ctx: Ctx, session: Session) -> list[tuple[int, int]] | None:
    """(template, pool) of each copy that a disk yet to be made starts from and that is not there."""
    ready = and_(TemplateCopy.template_id == Volume.template_id, TemplateCopy.pool_id == Volume.pool_id,
                 TemplateCopy.state == "Ready")
    missing = (
        select(Volume.template_id, Volume.pool_id).distinct().outerjoin(TemplateCopy, ready)
        .where(Volume.vm_id == ctx.args["vm_id"], Volume.removed.is_(None), Volume.state == "Creating",
               Volume.template_id.is_not(None), Volume.pool_id.is_not(None), TemplateCopy.id.is_(None))
    )
    return sorted((t, p) for t, p in session.execute(missing).all() if t is not None and p is not None) or None


def copy_templates(ctx: Ctx, wanted: list[tuple[int, int]]) -> Output:
    """Sees to it that the pool of each disk yet to be made holds the template it starts from."""
    for template_id, pool_id in wanted:
        with ctx.services.locks["template_copy", template_id, pool_id]:
            _copy_template(ctx, template_id, pool_id)
    return None


def _copy_template(ctx: Ctx, template_id: int, pool_id: int) -> None:
    db = ctx.services.db

    def begin(session: Session) -> TemplateCopy:
        found = session.scalar(
            select(TemplateCopy).where(TemplateCopy.template_id == template_id, TemplateCopy.pool_id == pool_id))
        if found is None:
            size = session.get_one(Template, template_id).size
            found = TemplateCopy(template_id=template_id, pool_id=pool_id, size=size)
            session.add(found)
        return found

    if db.write(begin).state == "Ready":
        return
    with db.read() as session:
        template, pool = session.get_one(Template, template_id), session.get_one(StoragePool, pool_id)
        store = session.get(ImageStore, template.image_store_id or 0)
        target = host_in(ctx, session)
    if store is None or template.path is None:
        raise ApiError(Fault.RESOURCE_UNAVAILABLE, f"Template {template.name} is not in secondary storage")
    ctx.progress(f"Copying template {template.name} to primary storage {pool.name}")
    facts = act_on(ctx, target, "template", {
        "pool_uuid": pool.uuid, "name": copy_name(template), "checksum": template.stored_checksum,
        "source": {"url": store.url, "path": template.path}, "state": "present",
    })

    def finish(session: Session) -> None:
        row = begin(session)
        row.state, row.size = "Ready", int(facts.get("physical_size_bytes") or row.size)

    db.write(finish)


def volume_args(session: Session, volume: Volume, state: str = "present") -> dict[str, Any]:
    """Arguments of the operation ``volume``."""
    pool = session.get_one(StoragePool, volume.pool_id)
    template = session.get(Template, volume.template_id or 0)
    return {
        "pool_uuid": pool.uuid, "name": volume.uuid, "size_bytes": volume.size, "format": volume.format,
        "backing": copy_name(template) if template is not None else None, "state": state,
    }


def plan_volumes(ctx: Ctx, session: Session) -> tuple[Target, dict[int, dict[str, Any]]] | None:
    """The disks that are placed but not made yet, by row id."""
    todo = [v for v in volumes_of(session, ctx.args["vm_id"]) if v.state == "Creating"]
    return (host_in(ctx, session), {v.id: volume_args(session, v) for v in todo}) if todo else None


def make_volumes(ctx: Ctx, plan: tuple[Target, dict[int, dict[str, Any]]]) -> dict[int, str | None]:
    """Makes them; gives the path of each."""
    target, todo = plan
    return {volume_id: act_on(ctx, target, "volume", args).get("path") for volume_id, args in todo.items()}


def record_volumes(_ctx: Ctx, session: Session, made: dict[int, str | None]) -> Output:
    """They are ready."""
    for volume_id, path in made.items():
        VOLUME_STATES.move(session, session.get_one(Volume, volume_id), "become ready", path=path)
    return None


def unmake_volumes(ctx: Ctx) -> None:
    """Deletes the disks this saga placed."""
    with ctx.services.db.read() as session:
        mine = [session.get_one(Volume, i) for i in ctx.out.get("claim", {}).get("placed", ())]
        todo = [volume_args(session, v, "absent") for v in mine if v.pool_id is not None]
        target = host_in(ctx, session) if todo else None
    for args in todo:
        assert target is not None  # noqa: S101 - set exactly when there is something to do
        act_on(ctx, target, "volume", args)


def disk_args(session: Session, volume: Volume) -> dict[str, Any]:
    """A disk as the operations ``domain`` and ``guest_disk`` describe it."""
    offering: DiskOffering | ServiceOffering | None = None
    if volume.disk_offering_id is not None:
        offering = session.get_one(DiskOffering, volume.disk_offering_id)
    elif volume.service_offering_id is not None:
        offering = session.get_one(ServiceOffering, volume.service_offering_id)
    return {
        "pool_uuid": session.get_one(StoragePool, volume.pool_id).uuid, "volume": volume.uuid, "format": volume.format,
        "bus": "virtio", "device_id": volume.device_id or 0,
        "limits": {name: getattr(offering, column) for name, column in LIMITS.items() if getattr(offering, column, 0)},
    }


def domain_args(session: Session, vm: Vm, bridges: dict[str, str], state: str) -> dict[str, Any]:
    """Arguments of the operation ``domain``."""
    disks = [disk_args(session, v) for v in volumes_of(session, vm.id) if v.pool_id is not None]
    nics = [{"mac": n.mac, "bridge": bridges.get(str(n.network_id), DEFAULT_BRIDGE), "model": "virtio"}
            for n in nics_of(session, vm.id)]
    return {
        "name": vm.instance_name, "uuid": vm.uuid, "state": state, "vcpus": vm.cpus, "memory_mb": vm.memory,
        "cpu_mhz": vm.speed, "machine": str(vm.details.get("machine", "q35")), "acceleration": None,
        "disks": disks, "nics": nics, "force": False, "shutdown_timeout_s": 60,
    }


def plan_power(ctx: Ctx, session: Session) -> tuple[Target, dict[str, Any]]:
    """The machine's host and the guest it is to have."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    args = domain_args(session, vm, dict(ctx.out["bridges"]["bridges"]), "running")
    if vm.vnc_password:
        args["vnc_password"] = ctx.services.vault.open(vm.vnc_password)
    return host_in(ctx, session), args


def power_on(ctx: Ctx, plan: tuple[Target, dict[str, Any]]) -> Output:
    """Defines and starts the guest."""
    return {"vnc_port": act_on(ctx, plan[0], "domain", plan[1]).get("vnc_port")}


def power_off(ctx: Ctx) -> Output:
    """Shuts the guest down, or switches it off when told to or when it does not listen."""
    services = ctx.services
    with services.db.read() as session:
        vm = session.get_one(Vm, ctx.args["vm_id"])
        args = domain_args(session, vm, {}, "stopped")
        args["force"] = bool(ctx.args.get("forced", False))
        args["shutdown_timeout_s"] = services.settings.whole(session, "stop.graceful.seconds")
        target = host_in(ctx, session)
    act_on(ctx, target, "domain", args)
    return None


def erase_domain(ctx: Ctx) -> None:
    """Leaves nothing of the guest on its host (its disks stay)."""
    with ctx.services.db.read() as session:
        vm = session.get_one(Vm, ctx.args["vm_id"])
        args = {**domain_args(session, vm, {}, "absent"), "force": True}
        target = host_in(ctx, session)
    act_on(ctx, target, "domain", args)


def mark_running(ctx: Ctx, session: Session) -> Output:
    """It runs: remembers where."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    VM_STATES.move(session, vm, "run", last_host_id=vm.host_id)
    return None


def mark_stopped(ctx: Ctx, session: Session) -> Output:
    """It is off: its host's capacity is free again."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    VM_STATES.move(session, vm, "halt", host_id=None, last_host_id=vm.host_id or vm.last_host_id)
    return None


def take_addresses(ctx: Ctx, session: Session) -> Output:
    """Gives the machine an interface and an address in each network asked for; once, however often it is called.

    Raises:
        ApiError: INSUFFICIENT_CAPACITY when a network has no free address, BAD_PARAMETER when another machine took
            the name there since the request was checked.
    """
    vm = session.get_one(Vm, ctx.args["vm_id"])
    have = {n.network_id for n in nics_of(session, vm.id)}
    for device, item in enumerate(ctx.args["networks"]):  # [{"network_id": .., "ip": ..}], default network first
        if item["network_id"] in have:
            continue
        network = session.get_one(Network, item["network_id"], with_for_update=True, populate_existing=True)
        if name_taken(session, vm.name, [network.id]):
            raise ApiError(Fault.BAD_PARAMETER, "Invalid parameter name: a virtual machine named "
                                                f"'{vm.name}' is on network {network.name} already")
        add_nic(session, network, item.get("ip"), vm_id=vm.id, device=device, is_default=device == 0)
        if _lacks_router(session, network) and addresses.lowest_free(session, network) is None:
            raise ApiError(Fault.INSUFFICIENT_CAPACITY,
                           f"Network {network.name} has no free address: its last one is kept for its router")
    return None


def name_taken(session: Session, name: str, network_ids: Sequence[int]) -> bool:
    """True when a machine on one of the networks has the name: DNS has one entry a name, in whatever case."""
    query = (
        select(Vm.id).join(Nic, Nic.vm_id == Vm.id)
        .where(Vm.removed.is_(None), func.lower(Vm.name) == name.lower(), Nic.network_id.in_(network_ids))
    )
    return session.scalar(query.limit(1)) is not None


def _lacks_router(session: Session, network: Network) -> bool:
    """True when the network will get a router with its first running machine."""
    there = select(Router.id).where(Router.network_id == network.id, Router.removed.is_(None)).limit(1)
    if session.scalar(there) is not None:
        return False
    return bool(SERVED & set(session.get_one(NetworkOffering, network.offering_id).services))


def add_nic(session: Session, network: Network, ip: str | None, **values: Any) -> Nic:
    """Inserts an interface with the asked or the lowest free address, and lets the network's router know."""
    why = ""
    if ip is not None:
        number = addresses.number(ip)
        span = addresses.range_of(session, network, number)
        why = f" {ip}: it is in none of its ranges"
        if session.scalar(select(Nic.id).where(Nic.network_id == network.id, Nic.ip == number)) is not None:
            span, why = None, f" {ip}: it is in use"
    else:
        number, span = addresses.lowest_free(session, network) or (0, None)
    if span is None:
        raise ApiError(Fault.INSUFFICIENT_CAPACITY, f"Network {network.name} has no free address{why}")
    nic = Nic(uuid=new_uuid(), network_id=network.id, mac=addresses.new_mac(), ip=number, gateway=span.gateway,
              netmask=span.netmask, **values)
    session.add(nic)
    network.generation += 1
    session.flush()
    return nic


def forget(ctx: Ctx, session: Session) -> None:
    """Removes the record of a machine that was never there, with its disks'."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    for volume in volumes_of(session, vm.id):
        VOLUME_STATES.move(session, volume, "expunge")
        VOLUME_STATES.move(session, volume, "vanish", removed=now())
    vm.removed = now()
    vm.state = "Expunged"
    vm.host_id = None
