"""Instance groups: labels an account gives to its machines."""

from __future__ import annotations

from sqlalchemy import ColumnElement, update

from stratoform.model.compute import InstanceGroup, Vm

from .frame.base import EVERYONE, Command
from .frame.owned import OwnedList, Owner
from .frame.params import Ref, Text
from .rules.places import demand_free_name
from .views.compute import INSTANCE_GROUP


class CreateInstanceGroup(Owner, roles=EVERYONE, view=INSTANCE_GROUP):
    """Creates a group for virtual machines."""

    name_ = Text("Name of the group.").required

    def run(self) -> InstanceGroup:
        """See Command.run."""
        owner = self.owner()
        demand_free_name(self.session, "name", self.name_, InstanceGroup, InstanceGroup.account_id == owner.id)
        group = InstanceGroup(name=self.name_, account_id=owner.id)
        self.session.add(group)
        return group


class ListInstanceGroups(OwnedList, roles=EVERYONE, view=INSTANCE_GROUP):
    """Lists groups of virtual machines."""

    keyword_columns = (InstanceGroup.name,)

    id = Ref(InstanceGroup, "Only this group.")
    name_ = Text("Only the group of this name.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        return [InstanceGroup.removed.is_(None), *self.owned_conditions(InstanceGroup),
                *self.matching({"id": InstanceGroup.id, "name": InstanceGroup.name})]


class UpdateInstanceGroup(Command, roles=EVERYONE, view=INSTANCE_GROUP):
    """Renames a group."""

    id = Ref(InstanceGroup, "The group.").required
    name_ = Text("Its new name.")

    def check(self) -> None:
        """See Command.check."""
        if self.name_ is not None:
            demand_free_name(self.session, "name", self.name_, InstanceGroup, InstanceGroup.id != self.id.id,
                             InstanceGroup.account_id == self.id.account_id)

    def run(self) -> InstanceGroup:
        """See Command.run."""
        self.assign(self.id, {"name": "name"})
        return self.id


class DeleteInstanceGroup(Command, roles=EVERYONE):
    """Deletes a group; the machines in it are in none then."""

    id = Ref(InstanceGroup, "The group.").required

    def run(self) -> None:
        """See Command.run."""
        self.session.execute(update(Vm).where(Vm.group_id == self.id.id).values(group_id=None)
                             .execution_options(synchronize_session=False))
        self.session.delete(self.id)
