"""Deploy a virtual machine."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from stratoform.jobs.queue import Order
from stratoform.model import addresses
from stratoform.model.base import new_uuid, now
from stratoform.model.compute import ServiceOffering, Vm
from stratoform.model.limits import Resource
from stratoform.model.network import Network, Nic
from stratoform.model.storage import DiskOffering, Template, Volume
from stratoform.model.tenancy import Account
from stratoform.model.topology import Host, Zone
from stratoform.sagas import steps_vm as vm_steps
from stratoform.sagas import vm_deploy
from stratoform.sagas.steps_volume import DEVICES

from .frame.base import EVERYONE, AsyncCommand
from .frame.owned import Owner
from .frame.params import (
    Bool,
    Choice,
    Details,
    HostName,
    Ip4,
    Ip6,
    ListOf,
    Long,
    NoneYet,
    Raw,
    Records,
    Ref,
    Text,
    refuse,
)
from .frame.scope import visible
from .rules.disk_sizes import GIB, size_of
from .rules.limits import demand
from .rules.machines import USER_DATA_BYTES, group_of, key_of, sizes, user_data
from .rules.sharing import demand_granted, demand_shared
from .views.compute import VM

KEYBOARDS = ("de", "de-ch", "es", "fi", "fr", "fr-be", "fr-ch", "is", "it", "jp", "nl-be", "no", "pt", "uk", "us")
LEGIBLE = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters nobody mistakes for others."""


class DeployVirtualMachine(Owner, AsyncCommand, roles=EVERYONE, event="VM.CREATE", view=VM):
    """Makes a virtual machine from a template and starts it."""

    creates = True

    zoneid = Ref(Zone, "The zone it shall run in.").required
    serviceofferingid = Ref(ServiceOffering, "How much machine it gets.").required
    templateid = Ref(Template, "The template its root disk is made from.").required
    name_ = HostName("Its host name; a generated one unless given.")
    displayname = Text("Its name for people; its host name unless given.")
    networkids = ListOf(Ref(Network, "Its networks, the default one first."), most=8)
    iptonetworklist = Records("Networks with addresses, instead of networkids.", ("networkid", "ip", "ipv6"))
    ipaddress = Ip4("Its address on its default network.")
    ip6address = Ip6("Its IPv6 address on its default network.")
    userdata = Raw("Data its guest can ask for: base64, at most 32 KiB decoded.", length=2 * USER_DATA_BYTES)
    keypair = Text("Name of the ssh key pair whose public key its guest gets.")
    group = Text("The group it is put in; made when there is none of that name.")
    hostid = Ref(Host, "The host it shall run on; administrators only.", admin=True)
    hypervisor = Text("The hypervisor it shall run on; must be the template's.")
    startvm = Bool("False: it is made but not started.")
    keyboard = Choice("Keyboard layout of its console.", KEYBOARDS)
    displayvm = Bool("False: hidden from its owner; administrators only.", since="4.2", admin=True)
    details = Details("Free key-value pairs; cpuNumber, cpuSpeed and memory for custom offerings.", since="4.3")
    size = Long("Size of its data disk in GB; goes with a diskofferingid that is customized.", least=1, most=2**20)
    diskofferingid = Ref(DiskOffering, "Offering of a data disk to add.", noun="disk offering")
    rootdisksize = Long("Size of its root disk in GB; the template's unless given.", least=1, most=2**20, since="4.4")
    securitygroupids = ListOf(NoneYet("security group", "Security groups it is put in."))
    securitygroupnames = ListOf(NoneYet("security group", "Security groups it is put in, by name."))
    affinitygroupids = ListOf(NoneYet("affinity group", "Affinity groups it is put in."))
    affinitygroupnames = ListOf(NoneYet("affinity group", "Affinity groups it is put in, by name."))

    def check(self) -> None:
        """See Command.check."""
        self._check_zone()
        self._check_template()
        self.disk_sizes()
        if self.ip6address is not None:
            raise refuse("ip6address", "no network of this zone has IPv6 addresses")
        if self.hostid is not None and self.hostid.zone_id != self.zoneid.id:
            raise refuse("hostid", "that host is in another zone")
        user_data(self.userdata)
        sizes(self.serviceofferingid, self.details or {})

    def _check_zone(self) -> None:
        if self.zoneid.allocation_state != "Enabled" and not self.caller.is_root:
            raise refuse("zoneid", f"zone {self.zoneid.name} is disabled")
        if self.zoneid.domain_id is not None and not self.caller.is_root:
            self.context.find(Zone, self.zoneid.uuid)

    def _check_template(self) -> None:
        template = self.templateid
        if template.state != "Ready":
            raise refuse("templateid", f"template {template.name} is not ready: {template.status or template.state}")
        if template.zone_id not in {None, self.zoneid.id}:
            raise refuse("templateid", f"template {template.name} is not in zone {self.zoneid.name}")
        if self.hypervisor is not None and self.hypervisor.lower() != template.hypervisor.lower():
            raise refuse("hypervisor", f"template {template.name} is for {template.hypervisor}")

    def disk_sizes(self) -> tuple[int, int | None]:
        """Bytes of the root disk, and of the data disk if there shall be one."""
        root = self.templateid.size
        if self.rootdisksize is not None:
            if self.rootdisksize * GIB < root:
                raise refuse("rootdisksize", f"template {self.templateid.name} alone has {root} bytes")
            root = self.rootdisksize * GIB
        if self.diskofferingid is not None:
            return root, size_of(self.context, self.diskofferingid, self.size)
        if self.size is not None:
            raise refuse("size", "it goes with diskofferingid, which was not given")
        return root, None

    def networks(self, owner: Account) -> list[tuple[Network, str | None]]:
        """The networks with the address asked for in each, default network first."""
        if self.networkids and self.iptonetworklist:
            raise refuse("iptonetworklist", "it cannot be given together with networkids")
        found: list[tuple[Network, str | None]] = [(n, None) for n in self.networkids or ()]
        for entry in self.iptonetworklist or ():
            network = self.context.find(Network, entry.get("networkid", ""))
            if network is None:
                raise refuse("iptonetworklist", f"no network with id '{entry.get('networkid', '')[:40]}' exists")
            found.append((network, entry.get("ip")))
        if not found:
            found = [(self._default_network(owner), None)]
        if self.ipaddress is not None:
            found[0] = (found[0][0], self.ipaddress)
        if len({n.id for n, _ in found}) != len(found):
            raise refuse("networkids", "a network is named twice")
        for network, ip in found:
            demand_shared(self.context, "networkids", network, owner)
            self._check_network(network, ip)
        return found

    def _default_network(self, owner: Account) -> Network:
        """The only network of the zone the owner may use."""
        usable = self.session.scalars(
            select(Network).where(Network.zone_id == self.zoneid.id, Network.removed.is_(None),
                                  *visible(Network, self.caller)).order_by(Network.id)
        ).all()
        mine = [n for n in usable if n.account_id in {None, owner.id}]
        if len(mine) != 1:
            why = "there is none" if not mine else f"there are {len(mine)}: {', '.join(n.name for n in mine[:5])}"
            raise refuse("networkids", f"it must name the networks, for the zone has no single one to choose ({why})")
        return mine[0]

    def _check_network(self, network: Network, ip: str | None) -> None:
        if network.zone_id != self.zoneid.id:
            raise refuse("networkids", f"network {network.name} is in another zone")
        if ip is None:
            return
        try:
            number = addresses.number(ip)
        except ValueError:
            raise refuse("iptonetworklist", f"'{ip[:40]}' is no IPv4 address") from None
        if addresses.range_of(self.session, network, number) is None:
            raise refuse("ipaddress", f"{ip} is in no range of network {network.name}")
        if self.session.scalar(select(Nic.id).where(Nic.network_id == network.id, Nic.ip == number)) is not None:
            raise refuse("ipaddress", f"{ip} is in use on network {network.name}")

    def prepare(self) -> Vm:
        """See AsyncCommand.prepare."""
        owner, uuid = self.owner(), new_uuid()
        demand_granted(self.context, "templateid", self.templateid, owner)
        self.placed = self.networks(owner)
        name = self.name_ or f"VM-{uuid}"
        self._refuse_twin(name)
        self._demand_limits(owner)
        key = key_of(self.context, owner, self.keypair) if self.keypair is not None else None
        vm = Vm(
            uuid=uuid, name=name, display_name=self.displayname or name, account_id=owner.id,
            domain_id=owner.domain_id, zone_id=self.zoneid.id, template_id=self.templateid.id,
            service_offering_id=self.serviceofferingid.id, guest_os_id=self.templateid.guest_os_id,
            hypervisor=self.templateid.hypervisor, user_data=user_data(self.userdata), keyboard=self.keyboard,
            keypair=key.name if key else None, public_key=key.public_key if key else None,
            password=self._password(), group_id=group_of(self.context, owner, self.group),
            display_vm=self.displayvm is not False, details=dict(self.details or {}),
            **sizes(self.serviceofferingid, self.details or {}),
        )
        self.session.add(vm)
        self.session.flush()
        vm.instance_name = f"i-{owner.id}-{vm.id}-{self.context.shared.settings.text(self.session, 'instance.name')}"
        self._add_disks(vm)
        return vm

    def order(self, subject: Vm) -> Order:
        """See AsyncCommand.order."""
        host = self.hostid.id if self.hostid is not None else None
        return vm_deploy.order(subject, self.templateid, self.placed, host, start=self.startvm is not False)

    def _demand_limits(self, owner: Account) -> None:
        """Refuses when the owner would have more than it may."""
        root, data = self.disk_sizes()
        size = sizes(self.serviceofferingid, self.details or {})
        demand(self.context, owner, {
            Resource.USER_VM: 1, Resource.CPU: size["cpus"], Resource.MEMORY: size["memory"],
            Resource.VOLUME: 1 if data is None else 2, Resource.PRIMARY_STORAGE: root + (data or 0),
        })

    def _add_disks(self, vm: Vm) -> None:
        """The records of its disks; they are placed and made when it starts the first time."""
        root, data = self.disk_sizes()
        own = {"account_id": vm.account_id, "domain_id": vm.domain_id, "zone_id": vm.zone_id, "vm_id": vm.id}
        self.session.add(Volume(
            name=f"ROOT-{vm.id}", type="ROOT", template_id=vm.template_id, service_offering_id=vm.service_offering_id,
            device_id=0, size=root, **own,
        ))
        if self.diskofferingid is not None and data is not None:
            self.session.add(Volume(name=f"DATA-{vm.id}", type="DATADISK", disk_offering_id=self.diskofferingid.id,
                                    device_id=DEVICES[0], size=data, attached=now(), **own))

    def _refuse_twin(self, name: str) -> None:
        """Two machines of one network cannot have one host name: their DNS entry would be the same."""
        if vm_steps.name_taken(self.session, name, [n.id for n, _ in self.placed]):
            raise refuse("name", f"a virtual machine named '{name}' is on that network already")

    def _password(self) -> str | None:
        """A new password, sealed, when the template can take one."""
        if not self.templateid.password_enabled:
            return None
        return self.context.shared.vault.seal("".join(secrets.choice(LEGIBLE) for _ in range(12)))
