"""What an account or a project may use though it is another's: the caller who may see it may not mix them at will."""

from __future__ import annotations

from sqlalchemy import select

from stratoform.commands.frame.context import Context
from stratoform.commands.frame.params import refuse
from stratoform.model.network import Network
from stratoform.model.quota import called
from stratoform.model.storage import Template, TemplateGrant
from stratoform.model.tenancy import PROJECT_TYPE, Account, Domain


def demand_granted(context: Context, parameter: str, template: Template, owner: Account) -> None:
    """Refuses a template between a project and others unless it is public or was granted.

    Source: CloudStack administration guide, projects.

    Raises:
        ApiError: BAD_PARAMETER, naming both and what would allow it.
    """
    if template.is_public or template.account_id == owner.id:
        return
    theirs = context.session.get_one(Account, template.account_id)
    if PROJECT_TYPE not in {owner.type, theirs.type}:
        return
    grant = select(TemplateGrant.id).where(
        TemplateGrant.template_id == template.id, TemplateGrant.account_id == owner.id)
    if context.session.scalar(grant) is None:
        raise refuse(parameter, f"template '{template.name}' of {called(context.session, theirs)} is not for "
                                f"{called(context.session, owner)}; grant it with updateTemplatePermissions")


def demand_shared(context: Context, parameter: str, network: Network, owner: Account) -> None:
    """Refuses a network that is another account's, or that serves a domain the owner is not in.

    Raises:
        ApiError: BAD_PARAMETER, naming both.
    """
    if network.account_id is not None:
        if network.account_id != owner.id:
            theirs = context.session.get_one(Account, network.account_id)
            raise refuse(parameter, f"network '{network.name}' is for {called(context.session, theirs)} only, not for "
                                    f"{called(context.session, owner)}")
        return
    serves = context.session.get_one(Domain, network.domain_id)
    domain = context.session.get_one(Domain, owner.domain_id)
    if domain.id != serves.id and not (network.subdomain_access and domain.path.startswith(serves.path)):
        raise refuse(parameter, f"network '{network.name}' serves domain '{serves.name}', not "
                                f"{called(context.session, owner)} of domain '{domain.name}'")
