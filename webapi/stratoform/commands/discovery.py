"""What this cloud can do: its commands, capabilities, hypervisors, storage providers."""

from __future__ import annotations

import base64
import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select

from stratoform.model.bootstrap import IDENTIFIER
from stratoform.model.records import SettingValue
from stratoform.model.tenancy import User
from stratoform.model.topology import Cluster, Zone

from .frame import history
from .frame.answer import Answer, Body, Many, One
from .frame.base import EVERYONE, OPERATORS, REGISTRY, ROOT_ONLY, Command
from .frame.caller import RoleType
from .frame.params import Choice, ListOf, Param, Ref, Text, refuse, shown
from .frame.plain import PlainList
from .frame.view import Field, View
from .image_stores import PROVIDERS as IMAGE_PROVIDERS
from .service_offerings import PLANNER
from .storage_pools import DEFAULT_PROVIDER, HYPERVISORS
from .views.records import (
    API,
    CAPABILITY,
    CLOUD_IDENTIFIER,
    HYPERVISOR,
    JOB_FIELDS,
    STORAGE_PROVIDER,
    SUCCESS,
)
from .views.records import PLANNER as DEPLOYMENT_PLANNER

RELEASE: Final = "4.11.0"
"""The release clients take this cloud for. That of 4.3 is what is spoken; but before they use what came later and is
here, such as roles of one's own (4.9), some look at the number."""


def _subject(param: Param[Any]) -> type[Any] | None:
    """The table a parameter refers to, if it refers to one."""
    inner = param.item if isinstance(param, ListOf) else param
    return inner.entity if isinstance(inner, Ref) else None


def _names(commands: Sequence[type[Command]], but: str = "") -> str:
    return ",".join(command.name for command in commands if command.name != but)


def _param(param: Param[Any], about: Mapping[Any, Sequence[type[Command]]]) -> Body:
    return {
        "name": param.name, "description": param.doc, "type": param.wire_type, "length": param.length,
        "required": param.demanded, "since": param.since or None,
        "related": _names(about.get(_subject(param), ())) or None,
    }


def _fields(view: View, *, root: bool) -> list[Body]:
    """The fields of a view. Nested objects have the two fields about jobs, too: generators expect them everywhere."""
    there = [field for field in view.fields if root or not field.admin]
    names = {field.name for field in there}
    there += [field for field in JOB_FIELDS if field.name not in names]
    return [_field(view, field, root=root) for field in there]


def _field(view: View, field: Field, *, root: bool) -> Body:
    nested = _fields(field.nested, root=root) if field.nested is not None else None
    since = field.since or history.FIELDS.get(f"{view.key}.{field.name}")
    return {"name": field.name, "description": field.doc, "type": field.type, "since": since, "response": nested}


@lru_cache(maxsize=32)
def described(names: frozenset[str], *, root: bool) -> Mapping[str, Body]:
    """Commands by name, as listApis shows them.

    Args:
        names: the commands.
        root: with the parameters and fields only root administrators have.
    """
    allowed = [REGISTRY[name] for name in sorted(names)]
    about: dict[Any, list[type[Command]]] = defaultdict(list)
    for command in allowed:
        if command.view is not None and command.view.entity is not None:
            about[command.view.entity].append(command)
    return {command.name: {
        "name": command.name, "description": command.description,
        "since": command.since or history.COMMANDS.get(command.name), "isasync": command.is_async,
        "related": _names(about.get(command.view.entity if command.view else None, ()), command.name),
        "params": [_param(p, about) for p in command.params.values() if root or not p.admin],
        "response": _fields(command.view or SUCCESS, root=root),
    } for command in allowed}


class ListApis(Command, roles=EVERYONE, view=API, since="4.1.0"):
    """Lists the commands the caller may call, with all they take and answer."""

    is_list = True

    name_ = Text("Only the command of this name.")

    def run(self) -> Answer:
        """See Command.run."""
        known = described(self.context.shared.permissions.commands(self.caller), root=self.caller.is_root)
        if self.name_ is None:
            return Many(API.key, list(known.values()), len(known))
        if self.name_ not in known:
            raise refuse("name", f"there is no command {shown(self.name_)}, or it is not for this account")
        return Many(API.key, [known[self.name_]], 1)


class ListCapabilities(Command, roles=EVERYONE, view=CAPABILITY):
    """Tells what this cloud can do."""

    is_list = True

    def run(self) -> Answer:
        """See Command.run."""
        settings = self.context.shared.settings
        account = {"account": self.caller.account_id, "domain": self.caller.domain_id}
        limit = self.context.shared.calls.limit()
        callable_ = self.context.shared.permissions.commands(self.caller)
        secured = self.context.live(Zone, Zone.security_groups.is_(True)) is not None
        return One(CAPABILITY.key, {
            "securitygroupsenabled": secured, "cloudstackversion": RELEASE,
            "userpublictemplateenabled": settings.flag(self.session, "allow.public.user.templates", **account),
            "supportELB": "false", "projectinviterequired": settings.flag(self.session, "project.invite.required"),
            "allowusercreateprojects": settings.flag(self.session, "allow.user.create.projects"),
            "customdiskofferingminsize": settings.whole(self.session, "custom.diskoffering.size.min"),
            "customdiskofferingmaxsize": settings.whole(self.session, "custom.diskoffering.size.max"),
            "regionsecondaryenabled": False, "kvmsnapshotenabled": False,
            "apilimitinterval": limit.interval if limit.enabled else None,
            "apilimitmax": limit.most if limit.enabled else None,
            "dynamicrolesenabled": True, "allowuserviewdestroyedvm": self.caller.role is not RoleType.USER,
            "allowuserexpungerecovervm": "recoverVirtualMachine" in callable_, "allowuserviewalldomainaccounts": False,
            "allowuserexpungerecovervolume": "recoverVolume" in callable_, "additionalconfigenabled": False,
            "kubernetesserviceenabled": False, "kubernetesclusterexperimentalfeaturesenabled": False,
            "instanceleaseenabled": False,
        })


class GetCloudIdentifier(Command, roles=EVERYONE, view=CLOUD_IDENTIFIER):
    """Tells what identifies this cloud, signed for a user, so that another service knows who vouches."""

    is_list = True  # it only reads

    userid = Ref(User, "The user.").required

    def run(self) -> Answer:
        """See Command.run."""
        user = self.userid
        if user.id != self.caller.user_id and not self.caller.is_root:
            raise refuse("userid", f"no user with id {shown(user.uuid)} exists, or it is not yours to use")
        if not user.secret_key:
            raise refuse("userid", "the user has no keys to sign with; registerUserKeys makes them")
        row = self.session.get_one(SettingValue, (IDENTIFIER, "global", 0))
        secret, text = self.context.shared.vault.open(user.secret_key), row.value or ""
        signature = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()
        return One(CLOUD_IDENTIFIER.key, {"userid": user.uuid, "cloudidentifier": text, "signature": signature})


class ListDeploymentPlanners(PlainList, roles=ROOT_ONLY, view=DEPLOYMENT_PLANNER):
    """Lists the ways of placing machines that service offerings can name."""

    def items(self) -> list[Body]:
        """See PlainList.items."""
        return [{"name": PLANNER}]


class ListHypervisors(Command, roles=EVERYONE, view=HYPERVISOR):
    """Lists the hypervisors this cloud drives, or those in use in a zone."""

    is_list = True

    zoneid = Ref(Zone, "Only the hypervisors of this zone's clusters.")

    def run(self) -> Answer:
        """See Command.run."""
        names: Sequence[str] = HYPERVISORS
        if self.zoneid is not None:
            there = select(Cluster.hypervisor).where(Cluster.zone_id == self.zoneid.id, Cluster.removed.is_(None))
            names = sorted(set(self.session.scalars(there)))
        return Many(HYPERVISOR.key, [{"name": name} for name in names], len(names))


class ListStorageProviders(PlainList, roles=OPERATORS, view=STORAGE_PROVIDER):
    """Lists the providers of primary storage, or of image stores."""

    type = Choice("Which: primary or image.", ("primary", "image")).required

    def items(self) -> list[Body]:
        """See PlainList.items."""
        names = (DEFAULT_PROVIDER,) if self.type == "primary" else IMAGE_PROVIDERS
        return [{"name": name, "type": self.type} for name in names]
