"""The steps that bring a network's router in line with the database.

The router is told everything each time, with the network's generation; a host ignores what is older than what it
has. So two jobs may tell it at once, in any order, and the newest truth stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from stratoform.errors import ApiError
from stratoform.jobs.saga import Output
from stratoform.model import addresses
from stratoform.model.compute import ServiceOffering, Vm
from stratoform.model.network import Network, NetworkOffering, Nic, Router
from stratoform.model.topology import Host, Zone
from stratoform.nodes.port import NodeError

from .services import Ctx, Services, act_on, target_of
from .steps_vm import SERVED, add_nic, bridge_args, nics_of


def plan_routers(ctx: Ctx, session: Session) -> tuple[int | None, list[int]]:
    """Places routers that have no living host; gives the machine's host and its networks."""
    vm = session.get_one(Vm, ctx.args["vm_id"])
    networks = [n.network_id for n in nics_of(session, vm.id)]
    for network_id in networks:
        _place_router(ctx.services, network_id, vm.host_id, session)
    return vm.host_id, networks


def teach_routers(ctx: Ctx, plan: tuple[int | None, list[int]]) -> Output:
    """Makes the routers of the machine's networks know it. Many who start at once on a network share the work."""
    host_id, networks = plan
    ready = ctx.out.get("bridges", {}).get("bridges", {})  # those the machine's own host has by now
    for network_id in networks:
        bridges = {host_id: ready.get(str(network_id))} if host_id is not None else {}
        ctx.services.rounds.share(("router", network_id), partial(converge_router, ctx, network_id, bridges))
    return None


def unteach_routers(ctx: Ctx) -> None:
    """Removes routers that were only being made for this machine; others forget it when its addresses go."""
    vm_id = ctx.args["vm_id"]
    with ctx.services.db.read() as session:
        lonely = [n.network_id for n in nics_of(session, vm_id) if not _others_on(session, n.network_id, vm_id)]
        found = [router_of(session, network_id) for network_id in lonely]
    for router in found:
        if router is not None and router.state != "Running":
            _remove_router(ctx, router)


def _others_on(session: Session, network_id: int, vm_id: int) -> bool:
    """True when another machine has an interface on the network."""
    others = select(Nic.id).where(Nic.network_id == network_id, Nic.vm_id.is_not(None), Nic.vm_id != vm_id)
    return session.scalar(others.limit(1)) is not None


def withdraw_addresses(ctx: Ctx) -> None:
    """Takes the machine's interfaces away and lets their routers forget them."""
    services, vm_id = ctx.services, ctx.args["vm_id"]

    def take_away(session: Session) -> list[int]:
        nics = nics_of(session, vm_id)
        for nic in nics:
            session.get_one(Network, nic.network_id, with_for_update=True).generation += 1
        session.execute(delete(Nic).where(Nic.vm_id == vm_id))
        return [n.network_id for n in nics]

    asked = [item["network_id"] for item in ctx.args.get("networks", ())]
    for network_id in dict.fromkeys([*services.db.write(take_away), *asked]):
        try:
            converge_router(ctx, network_id)
        except (ApiError, NodeError) as error:
            # The addresses are free whether the router knows or not; the routers' reconciler tells it later.
            ctx.progress(f"The network's router could not be told: {error}")


def converge_router(ctx: Ctx, network_id: int, bridges: Mapping[int, str | None] | None = None) -> None:
    """Tells the network's router, if it has one on a connected host, all it should be.

    Args:
        ctx: the job.
        network_id: the network.
        bridges: host id to the network's bridge there, where it is known to be up.
    """
    with ctx.services.db.read() as session:
        network = session.get_one(Network, network_id)
        router = router_of(session, network_id)
        host = session.get(Host, router.host_id) if router is not None else None
        if router is None or host is None or host.state != "Up":
            return
        target = target_of(host, ctx.services.vault)
        name = (bridges or {}).get(host.id)
        bridge = bridge_args(session, network) if name is None else {}
        spec = router_spec(session, ctx.services, router)
    spec["interfaces"][0]["bridge"] = name or act_on(ctx, target, "bridge", bridge)["name"]
    act_on(ctx, target, "router", spec)
    newest = case((Router.applied < spec["generation"], spec["generation"]), else_=Router.applied)
    told = update(Router).where(Router.id == router.id).values(state="Running", applied=newest)
    ctx.services.db.write(lambda s: s.execute(told, execution_options={"synchronize_session": False}))


def clear_previous_host(ctx: Ctx, network_id: int) -> None:
    """Removes a router that moved from the host it was on before: two of one address would quarrel."""
    with ctx.services.db.read() as session:
        router = router_of(session, network_id)
        old = session.get(Host, router.previous_host_id or 0) if router is not None else None
    if router is None or router.previous_host_id is None:
        return
    if old is not None and old.removed is None:
        act_on(ctx, target_of(old, ctx.services.vault), "router", absent(router))
    ctx.services.db.write(lambda s: setattr(s.get_one(Router, router.id), "previous_host_id", None))


def remove_routers(ctx: Ctx) -> Output:
    """Takes the network's routers off their hosts."""
    while True:
        with ctx.services.db.read() as session:
            router = router_of(session, ctx.args["network_id"])
        if router is None:
            return None
        _remove_router(ctx, router)


def _remove_router(ctx: Ctx, router: Router) -> None:
    with ctx.services.db.read() as session:
        host = session.get_one(Host, router.host_id)
    act_on(ctx, target_of(host, ctx.services.vault), "router", absent(router))

    def gone(session: Session) -> None:
        session.execute(delete(Nic).where(Nic.router_id == router.id))
        session.execute(delete(Router).where(Router.id == router.id))

    ctx.services.db.write(gone)


def absent(router: Router) -> dict[str, Any]:
    """Arguments that make a router vanish."""
    return {"uuid": router.uuid, "name": router.name or "", "generation": 0, "interfaces": [],
            "gateway": None, "dns": {}, "dhcp": [], "metadata": {}, "state": "absent"}


def router_of(session: Session, network_id: int) -> Router | None:
    """The network's router."""
    query = select(Router).where(Router.network_id == network_id, Router.removed.is_(None)).limit(1)
    return session.scalar(query, execution_options={"populate_existing": True})


def _place_router(services: Services, network_id: int, host_id: int | None, session: Session) -> None:
    router = router_of(session, network_id)
    if router is not None and (host_id is None or _lives(session, router)):
        return
    network = session.get_one(Network, network_id, with_for_update=True, populate_existing=True)
    offering = session.get_one(NetworkOffering, network.offering_id)
    if not SERVED & set(offering.services):
        return
    router = router_of(session, network_id)  # again under the lock: another machine may have placed it
    if router is None:
        assert host_id is not None  # noqa: S101 - routers are placed for machines that have a host
        router = Router(network_id=network_id, host_id=host_id, zone_id=network.zone_id)
        session.add(router)
        session.flush()
        router.name = f"r-{router.id}-{services.settings.text(session, 'instance.name')}"
        add_nic(session, network, None, router_id=router.id, is_default=False)
        return
    if host_id is not None and not _lives(session, router):
        router.previous_host_id, router.host_id, router.applied = router.host_id, host_id, -1
        network.generation += 1


def _lives(session: Session, router: Router) -> bool:
    host = session.get(Host, router.host_id)
    return (host is not None and host.removed is None and host.state == "Up"
            and host.resource_state != "Maintenance")


def router_spec(session: Session, services: Services, router: Router) -> dict[str, Any]:
    """Everything the router should be (arguments of the operation ``router``), but for its interface's bridge."""
    network = session.get_one(Network, router.network_id)
    zone = session.get_one(Zone, network.zone_id)
    own = session.scalars(select(Nic).where(Nic.router_id == router.id)).one()
    length = addresses.number(own.netmask or "255.255.255.0").bit_count()
    domain = network.network_domain or zone.domain or services.settings.text(session, "guest.domain.suffix",
                                                                             zone=zone.id)
    guests = session.execute(
        select(Nic, Vm, ServiceOffering.name).join(Vm, Vm.id == Nic.vm_id)
        .join(ServiceOffering, ServiceOffering.id == Vm.service_offering_id)
        .where(Nic.network_id == network.id).order_by(Nic.id)
    ).all()
    address = addresses.text(own.ip)
    return {
        "uuid": router.uuid, "name": router.name, "generation": network.generation, "state": "present",
        "interfaces": [{"name": "eth0", "bridge": "", "mac": own.mac, "address": f"{address}/{length}",
                        "role": "guest"}],
        "gateway": own.gateway,
        "dns": {"domain": domain, "servers_for_guests": [address],
                "upstream": [s for s in (zone.dns1, zone.dns2) if s]},
        "dhcp": [{"mac": nic.mac, "ip": addresses.text(nic.ip), "hostname": vm.name, "lease": "infinite"}
                 for nic, vm, _ in guests],
        "metadata": {addresses.text(nic.ip): _metadata(services, vm, nic, offering, zone)
                     for nic, vm, offering in guests},
    }


def _metadata(services: Services, vm: Vm, nic: Nic, offering: str, zone: Zone) -> dict[str, Any]:
    """What a guest may learn of itself (CloudStack administration guide, "User data and metadata")."""
    address = addresses.text(nic.ip)
    return {
        "instance-id": vm.instance_name, "vm-id": vm.uuid, "local-hostname": vm.name, "local-ipv4": address,
        "public-ipv4": address, "public-hostname": address, "public-keys": vm.public_key or "",
        "service-offering": offering, "availability-zone": zone.name,
        "cloud-identifier": f"CloudStack-{{{zone.uuid}}}", "user-data": vm.user_data or "",
        "password": services.vault.open(vm.password) if vm.password else None,
    }
