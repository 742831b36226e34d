"""The DNS suffix of networks that declare none."""

from __future__ import annotations

from sqlalchemy import func, select

from stratoform.commands.frame.context import Context
from stratoform.commands.frame.scope import at_or_above
from stratoform.model.tenancy import Account, Domain
from stratoform.model.topology import Zone


def suffix_for(context: Context, zone: Zone, domain: Domain, account: Account | None) -> str:
    """The suffix of account, domain (nearest first) or zone, else one made from ``guest.domain.suffix``.

    The order is the administration guide's ("Network domain name"); the made suffix names the account that owns the
    network, or makes it, as ``cs<account number, hexadecimal>``.
    """
    if account is not None and account.network_domain:
        return account.network_domain
    above = select(Domain.network_domain).where(
        at_or_above(domain.path), Domain.network_domain.is_not(None), Domain.removed.is_(None),
    ).order_by(func.length(Domain.path).desc())
    nearest = context.session.scalar(above.limit(1))
    if nearest or zone.domain:
        return nearest or zone.domain or ""
    number = account.id if account is not None else context.caller.account_id
    return f"cs{number:x}{context.shared.settings.text(context.session, 'guest.domain.suffix', zone=zone.id)}"
