"""The steps that bring a network's router in line with the database.

The router is told everything each time, with the network's generation; a host ignores what is older than what it
has. So two jobs may tell it at once, in any order, and the newest truth stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stratoform.jobs.saga import Output
from stratoform.model import addresses
from stratoform.model.compute import ServiceOffering, Vm
from stratoform.model.network import Network, NetworkOffering, Nic, Router
from stratoform.model.topology import Host, Zone

from .services import Ctx, Services, act_on, target_of
from .steps_vm import add_nic, bridge_args, nics_of

SERVED = frozenset({"Dhcp", "Dns", "UserData"})
"""Services that need a router in a shared network."""


def teach_routers(ctx: Ctx) -> Output:
    """Makes the routers of the machine's networks know it; places routers that have no living host."""
    with ctx.services.db.read() as session:
        vm = session.get_one(Vm, ctx.args["vm_id"])
        network_ids = [n.network_id for n in nics_of(session, vm.id)]
    ready = ctx.out.get("bridges", {}).get("bridges", {})  # those the machine's own host has by now
    for network_id in network_ids:
        ctx.services.db.write(lambda s, n=network_id, h=vm.host_id: _place_router(s, n, h))  # type: ignore[misc]
        converge_router(ctx, network_id, {vm.host_id: ready.get(str(network_id))} if vm.host_id is not None else {})
    return None


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
        converge_router(ctx, network_id)


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
        bridge = bridge_args(session, network)
    name = (bridges or {}).get(host.id) or act_on(ctx, target, "bridge", bridge)["name"]
    with ctx.services.db.read() as session:
        spec = router_spec(session, ctx.services, router, str(name))
    act_on(ctx, target, "router", spec)
    ctx.services.db.write(lambda s: setattr(s.get_one(Router, router.id), "state", "Running"))


def remove_routers(ctx: Ctx) -> Output:
    """Takes the network's routers off their hosts."""
    db, network_id = ctx.services.db, ctx.args["network_id"]
    while True:
        with db.read() as session:
            router = router_of(session, network_id)
            if router is None:
                return None
            host = session.get_one(Host, router.host_id)
        act_on(ctx, target_of(host, ctx.services.vault), "router", absent(router))

        def gone(session: Session, router_id: int = router.id) -> None:
            session.execute(delete(Nic).where(Nic.router_id == router_id))
            session.execute(delete(Router).where(Router.id == router_id))

        db.write(gone)


def absent(router: Router) -> dict[str, Any]:
    """Arguments that make a router vanish."""
    return {"uuid": router.uuid, "name": router.name or f"r-{router.id}-VM", "generation": 0, "interfaces": [],
            "gateway": None, "dns": {}, "dhcp": [], "metadata": {}, "state": "absent"}


def router_of(session: Session, network_id: int) -> Router | None:
    """The network's router."""
    return session.scalar(select(Router).where(Router.network_id == network_id, Router.removed.is_(None)).limit(1))


def _place_router(session: Session, network_id: int, host_id: int | None) -> None:
    network = session.get_one(Network, network_id, with_for_update=True)
    offering = session.get_one(NetworkOffering, network.offering_id)
    if not SERVED & set(offering.services):
        return
    router = router_of(session, network_id)
    if router is None:
        assert host_id is not None  # noqa: S101 - routers are placed for machines that have a host
        router = Router(network_id=network_id, host_id=host_id, zone_id=network.zone_id)
        session.add(router)
        session.flush()
        router.name = f"r-{router.id}-VM"
        add_nic(session, network, None, router_id=router.id, is_default=False)
        return
    host = session.get(Host, router.host_id)
    if host_id is not None and (host is None or host.removed is not None or host.state != "Up"):
        router.host_id = host_id
        network.generation += 1


def router_spec(session: Session, services: Services, router: Router, bridge: str) -> dict[str, Any]:
    """Everything the router should be (arguments of the operation ``router``)."""
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
        "interfaces": [{"name": "eth0", "bridge": bridge, "mac": own.mac, "address": f"{address}/{length}",
                        "role": "guest"}],
        "gateway": own.gateway,
        "dns": {"domain": domain, "servers_for_guests": [address],
                "upstream": [s for s in (zone.dns1, zone.dns2) if s]},
        "dhcp": [{"mac": nic.mac, "ip": addresses.text(nic.ip), "hostname": vm.name, "lease": "infinite"}
                 for nic, vm, _ in guests],
        "metadata": {addresses.text(nic.ip): _metadata(vm, nic, offering, zone) for nic, vm, offering in guests},
    }


def _metadata(vm: Vm, nic: Nic, offering: str, zone: Zone) -> dict[str, Any]:
    """What a guest may learn of itself (CloudStack administration guide, "User data and metadata")."""
    address = addresses.text(nic.ip)
    return {
        "instance-id": vm.instance_name, "vm-id": vm.uuid, "local-hostname": vm.name, "local-ipv4": address,
        "public-ipv4": address, "public-hostname": address, "public-keys": vm.public_key or "",
        "service-offering": offering, "availability-zone": zone.name,
        "cloud-identifier": f"CloudStack-{{{zone.uuid}}}", "user-data": vm.user_data or "",
    }
