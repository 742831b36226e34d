"""Configurations: the settings of the cloud, and of parts of it."""

from __future__ import annotations

from typing import Final

from stratoform.model.base import Entity
from stratoform.model.records import SettingValue
from stratoform.model.settings import DECLARED, Setting
from stratoform.model.storage import StoragePool
from stratoform.model.tenancy import Account, Domain
from stratoform.model.topology import Cluster, Zone

from .frame.answer import Answer, Body, One
from .frame.base import ROOT_ONLY, Command
from .frame.params import Ref, Text, refuse
from .frame.plain import PlainList
from .views.records import CONFIGURATION

SCOPES: Final = {"zoneid": "zone", "clusterid": "cluster", "storageid": "storagepool", "accountid": "account",
                 "domainid": "domain"}
"""Parameter to the scope it stands for."""
SUBGROUP: Final = "Others"
"""Newer clients sort settings into groups (our categories) and these into subgroups, of which there is one."""
_TYPES: Final = {str: "String", bool: "Boolean", int: "Number", float: "Decimal"}
HIDDEN: Final = "********"
"""What is shown of a secret that has a value."""


class _Scoped(Command):
    """What both commands share: the scope they are about."""

    zoneid = Ref(Zone, "The zone whose own value is meant.")
    clusterid = Ref(Cluster, "The cluster whose own value is meant.")
    storageid = Ref(StoragePool, "The storage pool whose own value is meant.")
    accountid = Ref(Account, "The account whose own value is meant.")
    domainid = Ref(Domain, "The domain whose own value is meant; it holds for accounts of the domain without one.",
                   since="4.6")

    def scope(self) -> tuple[str, int]:
        """(scope, row id) of the object given; ("global", 0) when there is none.

        Raises:
            ApiError: more than one is given.
        """
        given = [name for name in SCOPES if name in self.values]
        if not given:
            return "global", 0
        if len(given) > 1:
            raise refuse(given[1], f"a setting is asked for in one scope, and {given[0]} is given too")
        owner: Entity = self.values[given[0]]
        return SCOPES[given[0]], owner.id

    def owners(self) -> dict[str, int]:
        """Row ids by scope, nearest first: where to look for a value."""
        scope, owner = self.scope()
        if scope == "global":
            return {}
        if self.accountid is not None:
            return {scope: owner, "domain": self.accountid.domain_id}
        return {scope: owner}

    def shown(self, setting: Setting, value: str, scope: str) -> Body:
        """The setting as the API shows it."""
        elsewhere = ",".join(("global", *setting.scopes))
        return {
            "category": setting.category, "name": setting.name, "description": setting.doc,
            "value": value if not setting.secret else HIDDEN if value else "",
            "scope": elsewhere if scope == "global" else scope,
            "defaultvalue": setting.default, "displaytext": setting.doc, "type": _TYPES[setting.kind],
            "isdynamic": not setting.at_start, "group": setting.category, "subgroup": SUBGROUP,
            "component": "stratoform",
        }


class ListConfigurations(_Scoped, PlainList, roles=ROOT_ONLY, view=CONFIGURATION):
    """Lists settings: all of them, or those a zone, cluster, storage pool, account or domain can have of its own."""

    category = Text("Only settings of this category.")
    name_ = Text("Only the setting of this name.")
    group = Text("Only settings of this group; groups are the categories.", since="4.18.0")
    subgroup = Text("Only settings of this subgroup; there is one, Others.", since="4.18.0")
    parent = Text("Only settings that depend on this one; none does.", since="4.18.0")

    def items(self) -> list[Body]:
        """See PlainList.items."""
        scope, _ = self.scope()
        values = self.context.shared.settings.everything(self.session, **self.owners())
        found = [DECLARED[name] for name in sorted(values) if self.name_ in {None, name}]
        for category in filter(None, (self.category, self.group)):
            found = [setting for setting in found if setting.category.lower() == category.lower()]
        if self.parent is not None or (self.subgroup or SUBGROUP).lower() != SUBGROUP.lower():
            return []
        return [self.shown(setting, values[setting.name], scope) for setting in found]


class UpdateConfiguration(_Scoped, roles=ROOT_ONLY, event="CONFIGURATION.VALUE.EDIT", view=CONFIGURATION):
    """Changes a setting, for the whole cloud or for one zone, cluster, storage pool, account or domain."""

    name_ = Text("Name of the setting.").required
    value = Text("New value; left out or empty, the setting goes back to what holds without it.", length=4095)

    def setting(self) -> Setting:
        """The setting named.

        Raises:
            ApiError: there is none, or it cannot be set in the scope asked for.
        """
        setting = DECLARED.get(self.name_)
        if setting is None:
            raise refuse("name", f"there is no setting '{self.name_}'; listConfigurations lists all")
        scope, _ = self.scope()
        if scope not in {"global", *setting.scopes}:
            raise refuse("name", f"{setting.name} can be set for {' or '.join(('the whole cloud', *setting.scopes))}, "
                                 f"not for one {scope}")
        return setting

    def run(self) -> Answer:
        """See Command.run."""
        setting, (scope, owner) = self.setting(), self.scope()
        key = (setting.name, scope, owner)
        row = self.session.get(SettingValue, key)
        if self.value is None:
            if row is not None:
                self.session.delete(row)
        else:
            row = row or SettingValue(name=key[0], scope=scope, owner_id=owner)
            value = self._checked(setting, self.value)
            row.value = self.context.shared.vault.seal(value) if setting.secret else value
            self.session.add(row)
        self.session.flush()
        self.context.shared.calls.forget()
        value = self.context.shared.settings.text(self.session, setting.name, **self.owners())
        return One(CONFIGURATION.key, self.shown(setting, value, scope))

    def describe(self, subject: Entity | None) -> str:  # noqa: ARG002 - a setting is no object
        """See Command.describe."""
        scope, _ = self.scope()
        shown = HIDDEN if self.setting().secret else self.value
        return f"{self.name} {self.name_} ({scope}): {'back to default' if self.value is None else shown}"

    def _checked(self, setting: Setting, value: str) -> str:
        try:
            return setting.check(value)
        except ValueError as error:
            raise refuse("value", str(error)) from error
