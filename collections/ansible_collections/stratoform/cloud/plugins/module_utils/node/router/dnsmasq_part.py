"""Part two: DHCP by reservation and DNS, one dnsmasq per router (dnsmasq(8)).

What changes with guests lies in files dnsmasq reads again on SIGHUP: a new guest restarts nothing. Only the
interfaces and the domain are in the configuration proper.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence

from .. import files
from ..base import State, Step
from ..errors import NodeError
from . import account, daemons
from .dhcp_release import Lease, parse_leases, release
from .part import Place, digest, plan_files, read_files
from .spec import METADATA_ADDRESS, Router

_CONFIG, _LEASES, _READ = "dnsmasq.conf", "dnsmasq.leases", "dnsmasq.read"
_RELEASE_LIMIT_S = 1.0
_LOOK_EVERY_S = 0.02
# cloud-init's CloudStack data source asks DNS for this name to find the metadata service.
_DATA_SERVER = "data-server"


def contents(router: Router, place: Place, user: str) -> dict[str, str]:
    """Text of every file dnsmasq reads, by name."""
    names = [f"{interface.ip} {_DATA_SERVER}" for interface in router.guest_interfaces[:1]]
    names += [f"{entry.ip} {entry.hostname}" for entry in router.reservations]
    hosts = [f"{entry.mac},{entry.ip},{entry.hostname},{entry.lease}" for entry in router.reservations]
    return {
        _CONFIG: _lines(_config(router, place, user)),
        "dhcp-hosts": _lines(hosts),
        "dhcp-options": _lines(_options(router)),
        "hosts": _lines(names),
        "servers": _lines([f"server={server}" for server in router.upstream]),
    }


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _config(router: Router, place: Place, user: str) -> list[str]:
    lines = [
        f"user={user}",
        f"pid-file={place.path('dnsmasq.pid')}",
        "no-resolv",
        "no-hosts",
        "bind-interfaces",
        f"addn-hosts={place.path('hosts')}",
        f"servers-file={place.path('servers')}",
        f"dhcp-hostsfile={place.path('dhcp-hosts')}",
        f"dhcp-optsfile={place.path('dhcp-options')}",
        f"dhcp-leasefile={place.path(_LEASES)}",
        "dhcp-authoritative",
        "dhcp-ignore=tag:!known",  # no reservation, no address
        "cache-size=1000",
    ]
    if router.domain:
        lines += [f"domain={router.domain}", f"local=/{router.domain}/", "expand-hosts"]
    for interface in router.guest_interfaces:
        network = interface.network
        lines.append(f"interface={interface.name}")
        lines.append(f"dhcp-range=set:{interface.name},{network.network_address},static,{network.netmask},infinite")
    # A change of address must restart dnsmasq, which binds to addresses: so it is part of this text.
    lines += [f"# {interface.name} {interface.address}" for interface in router.guest_interfaces]
    return lines


def _options(router: Router) -> list[str]:
    """What guests are told besides their address."""
    lines = []
    for interface in router.guest_interfaces:
        tag = f"tag:{interface.name},option:"
        # A client that knows classless routes (RFC 3442) ignores the router option: both say the same.
        routes = [METADATA_ADDRESS + "/32", interface.ip]
        if router.gateway:
            routes += ["0.0.0.0/0", router.gateway]
        lines.append(f"{tag}router" + (f",{router.gateway}" if router.gateway else ""))
        lines.append(f"{tag}classless-static-route,{','.join(routes)}")
        lines.append(f"{tag}dns-server,{','.join(router.guest_servers or [interface.ip])}")
    return lines


def stale(leases: Sequence[Lease], router: Router) -> list[Lease]:
    """Leases of addresses that are reserved for somebody else now, or for nobody.

    One outside of the router's networks binds nobody, and no interface could release it.
    """
    holders = {entry.ip: entry.mac for entry in router.reservations}
    return [lease for lease in leases if holders.get(lease.ip) != lease.mac and _server_of(lease, router)]


def _server_of(lease: Lease, router: Router) -> str | None:
    """The router's address in the network of a lease."""
    ip = ipaddress.IPv4Address(lease.ip)
    return next((entry.ip for entry in router.guest_interfaces if ip in entry.network), None)


def note(contents: dict[str, str]) -> str:
    """What is noted when dnsmasq has read these files: one word for the configuration, one for the rest."""
    rest = [text for name, text in sorted(contents.items()) if name != _CONFIG]
    return f"{digest([contents[_CONFIG]])} {digest(rest)}"


def plan(current: State, desired: dict[str, str], gone: Sequence[Lease]) -> list[Step]:
    """Decide: write what differs, then start, or reload, or nothing; then free what guests left behind.

    Files that are right do not prove that dnsmasq has read them: a run may have been killed in between. So what
    it read is noted when it was told to, and compared.
    """
    steps = plan_files(current["files"], desired)
    wanted = note(desired)
    if not current["alive"] or current["read"].split()[:1] != wanted.split()[:1]:
        steps.append(Step("start", wanted))
    elif current["read"] != wanted:
        steps.append(Step("reload", wanted))
    return steps + [Step("release", lease) for lease in gone]


class Dnsmasq:
    """See the module."""

    name = "dnsmasq"

    def __init__(self, place: Place) -> None:
        self._place = place
        config = place.path(_CONFIG)
        argv = ["dnsmasq", f"--conf-file={config}"]
        self._daemon = daemons.Daemon(self.name, place.name, argv, place.path("dnsmasq.pid"), f"--conf-file={config}")

    def _contents(self, router: Router) -> dict[str, str]:
        return contents(router, self._place, account.name())

    def find(self, router: Router) -> State:
        """Read its files, its leases, and whether it lives."""
        return {
            "files": read_files(self._place, list(self._contents(router))),
            "alive": daemons.pid_of(self._daemon) is not None,
            "read": files.read(self._place.path(_READ)) or "",
            "leases": parse_leases(files.read(self._place.path(_LEASES)) or ""),
        }

    def plan(self, current: State, router: Router) -> Sequence[Step]:
        """See :func:`plan`."""
        return plan(current, self._contents(router), stale(current["leases"], router))

    def apply(self, step: Step, router: Router) -> None:
        """Do one step."""
        if step.verb == "write":
            # Owned by root: a captured dnsmasq must not rewrite what the next one reads while still root.
            files.write(self._place.path(step.what), self._contents(router)[step.what], mode=0o644)
        elif step.verb == "release":
            self._release(step.what, router)
        else:
            (daemons.start if step.verb == "start" else daemons.reload)(self._daemon)
            files.write(self._place.path(_READ), step.what)

    def _release(self, lease: Lease, router: Router) -> None:
        """Free a lease and see that it is free: the next holder's first request must be answered."""
        deadline = time.monotonic() + _RELEASE_LIMIT_S
        release(self._place.name, lease, _server_of(lease, router) or lease.ip)
        while lease in parse_leases(files.read(self._place.path(_LEASES)) or ""):
            if time.monotonic() > deadline:
                raise NodeError(f"dnsmasq does not release {lease.ip} of {lease.mac}")
            time.sleep(_LOOK_EVERY_S)

