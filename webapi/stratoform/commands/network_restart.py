"""Restart a network."""

from __future__ import annotations

from typing import Any

from stratoform.jobs.queue import Order
from stratoform.model.network import Network
from stratoform.sagas import network_restart

from .frame.base import EVERYONE, AsyncCommand
from .frame.params import Bool, Ref, refuse
from .networks import demand_authority
from .rules.places import not_yet


class RestartNetwork(AsyncCommand, roles=EVERYONE, event="NETWORK.RESTART"):
    """Brings a network's router in line with the cloud; its guests notice nothing, unless it is made anew."""

    id = Ref(Network, "The network.").required
    cleanup = Bool("True: the router is taken down and made anew, which interrupts DHCP and DNS for a moment.")
    makeredundant = Bool("True: the network gets a second router.", since="4.11.1")

    def check(self) -> None:
        """See Command.check."""
        demand_authority(self, self.id)
        if self.makeredundant:
            raise refuse("makeredundant", not_yet("a redundant router"))

    def prepare(self) -> Network:
        """See AsyncCommand.prepare."""
        return self.id

    def order(self, subject: Any) -> Order:
        """See AsyncCommand.order."""
        return network_restart.order(subject, cleanup=bool(self.cleanup))
