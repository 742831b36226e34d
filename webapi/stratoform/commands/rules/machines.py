"""What deploying a machine and changing one have in common: its size, user data, key and group."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from sqlalchemy.orm import Session

from stratoform.commands.frame.context import Context
from stratoform.commands.frame.params import refuse
from stratoform.model.compute import InstanceGroup, ServiceOffering, SshKeyPair, Vm
from stratoform.model.network import Network
from stratoform.model.tenancy import Account
from stratoform.sagas.steps_vm import nics_of

USER_DATA_BYTES: Final = 32768
"""Most user data a machine may have, decoded (reference's limit for POST)."""
SIZES: Final[Mapping[str, str]] = {"cpuNumber": "cpus", "cpuSpeed": "speed", "memory": "memory"}
"""Details that say the size of a machine of a custom offering: key to column."""


def sizes(offering: ServiceOffering, details: Mapping[str, str]) -> Mapping[str, int]:
    """CPUs, MHz and MB of a machine: the offering's, or for a custom offering those of the details.

    Raises:
        ApiError: a detail is missing, no number, or the offering's to say.
    """
    result = {}
    for key, column in SIZES.items():
        fixed, asked = getattr(offering, column), details.get(key)
        if fixed is not None and asked is not None:
            raise refuse("details", f"{key} is fixed by the service offering {offering.name}")
        if fixed is None and (asked is None or not asked.isdecimal() or not 1 <= int(asked) <= 2**24):
            raise refuse("details", f"the offering {offering.name} is a custom one: {key} must be given, "
                                    "a whole number from 1")
        result[column] = int(fixed if fixed is not None else asked or 0)
    return result


def user_data(given: str | None) -> str | None:
    """User data in canonical base64.

    Raises:
        ApiError: it is not base64, or longer than USER_DATA_BYTES.
    """
    if given is None:
        return None
    try:
        text = "".join(given.split()).replace("-", "+").replace("_", "/")
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refuse("userdata", "it is not base64") from None
    if len(decoded) > USER_DATA_BYTES:
        raise refuse("userdata", f"decoded it has {len(decoded)} bytes; at most {USER_DATA_BYTES} are allowed")
    return base64.b64encode(decoded).decode()


def key_of(context: Context, owner: Account, name: str) -> SshKeyPair:
    """The owner's key pair of that name.

    Raises:
        ApiError: there is none.
    """
    key = context.live(SshKeyPair, SshKeyPair.account_id == owner.id, SshKeyPair.name == name)
    if key is None:
        raise refuse("keypair", f"account {owner.name} has no ssh key pair named '{name}'")
    return key


def group_of(context: Context, owner: Account, name: str | None) -> int | None:
    """Row id of the owner's group of that name, which is made when there is none; None for no name."""
    if name is None:
        return None
    found = context.live(InstanceGroup, InstanceGroup.account_id == owner.id, InstanceGroup.name == name)
    if found is None:
        found = InstanceGroup(name=name, account_id=owner.id)
        context.session.add(found)
        context.session.flush()
    return found.id


def tell_routers(session: Session, vm: Vm) -> None:
    """What a machine's routers say of it has changed: their reconciler, or the next job there, tells them."""
    for network_id in sorted({nic.network_id for nic in nics_of(session, vm.id)}):
        session.get_one(Network, network_id, with_for_update=True).generation += 1
