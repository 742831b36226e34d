"""What is there before anybody asked: the root domain, its accounts, and the default objects clients expect."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratoform.secrets import Vault

from .base import Entity, new_uuid
from .compute import GuestOs, ServiceOffering
from .hypervisors import HypervisorCapability, hypervisor_capabilities
from .network import NetworkOffering
from .network_services import install_everywhere
from .records import SettingValue
from .regions import Region, local_region
from .roles import Role
from .seed_compute import guest_os_categories_and_types, service_offerings, system_offerings
from .seed_networks import network_offerings
from .seed_roles import roles
from .seed_storage import disk_offerings
from .storage import DiskOffering
from .tenancy import ADMIN, ROOT_DOMAIN, SYSTEM, Account, Domain, User

ADMIN_TYPE = 1
IDENTIFIER = "cloud.identifier"
"""What tells this cloud from others. It is kept among the settings, but is none: nobody sets it."""
_SEEDS: Sequence[tuple[type[Entity], Callable[[], Sequence[Entity]]]] = (
    (Role, roles), (ServiceOffering, service_offerings), (DiskOffering, disk_offerings),
    (NetworkOffering, network_offerings), (Region, lambda: [local_region()]),
    (HypervisorCapability, hypervisor_capabilities),
)


def new_key() -> str:
    """A fresh API or secret key: 86 URL-safe characters, as the reference's."""
    return secrets.token_urlsafe(64)


def bootstrap(session: Session, vault: Vault) -> None:
    """Makes what is missing of the defaults. Safe to run at every start; changes nothing that is there.

    The administrator gets generated keys and no password: nothing works by default for a stranger.
    """
    if session.scalar(select(Domain.id).where(Domain.path == "/")) is None:
        root = Domain(name=ROOT_DOMAIN, path="/")
        session.add(root)
        session.flush()
        for name in (SYSTEM, "admin"):
            account = Account(name=name, domain_id=root.id, type=ADMIN_TYPE)
            session.add(account)
            session.flush()
            user = User(name=name, account_id=account.id, first_name=name, last_name="cloud")
            if name == "admin":
                user.api_key, user.secret_key = new_key(), vault.seal(new_key())
            session.add(user)
    if session.scalar(select(GuestOs.id).limit(1)) is None:
        for category, names in guest_os_categories_and_types():
            session.add(category)
            session.flush()
            session.add_all(GuestOs(category_id=category.id, name=name) for name in names)
    for entity, rows in _SEEDS:
        if session.scalar(select(entity.id).limit(1)) is None:
            session.add_all(rows())
    if session.scalar(select(ServiceOffering.id).where(ServiceOffering.default_use)) is None:
        session.add_all(system_offerings())
    if session.get(SettingValue, (IDENTIFIER, "global", 0)) is None:
        session.add(SettingValue(name=IDENTIFIER, value=new_uuid()))
    install_everywhere(session)


def admin(session: Session) -> User:
    """The first administrator.

    Raises:
        LookupError: there is none yet.
    """
    user = session.scalars(
        select(User).join(Account, Account.id == User.account_id).join(Domain, Domain.id == Account.domain_id)
        .where(User.name == ADMIN, Account.name == ADMIN, Domain.path == "/", User.removed.is_(None)).order_by(User.id)
    ).first()
    if user is None:
        raise LookupError("there is no administrator; was the service ever started on this database?")
    return user


def admin_keys(session: Session, vault: Vault) -> tuple[str, str]:
    """API key and secret key of the administrator."""
    user = admin(session)
    if user.api_key is None or user.secret_key is None:
        raise LookupError("the administrator has no keys; was the service ever started on this database?")
    return user.api_key, vault.open(user.secret_key)
