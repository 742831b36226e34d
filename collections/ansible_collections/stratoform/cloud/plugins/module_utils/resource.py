# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one base of every module that declares an object of the cloud.

A module is a subclass that names its commands, its fields and its states; finding, planning, diff,
check mode and exit happen here. ``docs/adding_a_module.md`` shows how little a new one needs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Callable, NamedTuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.stratoform.cloud.plugins.module_utils import planner
from ansible_collections.stratoform.cloud.plugins.module_utils.api import Api, only
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError, NotFoundError
from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.planner import Named, Plan
from ansible_collections.stratoform.cloud.plugins.module_utils.reference import Directory
from ansible_collections.stratoform.cloud.plugins.module_utils.settings import read_settings

Item = Mapping[str, Any]
"""An object as a list command answers it."""

ABSENT = None
PRESENT_OR_ABSENT: Mapping[str, Mapping[str, Any] | None] = {"present": {}, "absent": ABSENT}

API_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "api_url": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "api_secret": {"type": "str", "no_log": True},
    "api_timeout": {"type": "float"},
    "api_http_method": {"type": "str", "choices": ["get", "post"]},
    "api_config": {"type": "path"},
    "api_region": {"type": "str"},
    "validate_certs": {"type": "bool"},
    "wait_timeout": {"type": "float"},
}


class Outcome(NamedTuple):
    """What a module found and did: ``item`` is the object afterwards, empty when there is none."""

    changed: bool
    before: dict[str, Any]
    after: dict[str, Any]
    item: dict[str, Any]


class Resource:
    """One kind of object, and the one object of it that a task declares.

    Subclasses set the class attributes; the few that need more than one command for a verb override
    ``create``, ``change``, ``remove`` or ``settle``.
    """

    noun: str
    """The kind, as the module and its return value are called."""
    lists: str
    creates: str
    updates: str | None = None
    deletes: str
    """The API's commands. Without an update command nothing can be changed."""
    fields: Sequence[Field] = ()
    states: Mapping[str, Mapping[str, Any] | None] = PRESENT_OR_ABSENT
    """Each state and the field values it stands for; None: there shall be no such object."""
    listing: Mapping[str, Any] = {}
    """Fixed parameters of the list command."""
    replaceable: bool = False
    """Deleting and creating anew stands in for the missing update command (nothing hangs on the object)."""
    waits: bool = False
    """The module has the option ``wait``."""
    rules: Mapping[str, Any] = {}
    """What AnsibleModule checks between options: ``required_if``, ``mutually_exclusive``, ..."""

    def __init__(self, options: Mapping[str, Any], api: Api) -> None:
        self.options = options
        self.api = api
        self.directory = Directory(api, options)
        self.doing = "find"
        self.warnings: list[str] = []

    def converge(self, check_mode: bool) -> Outcome:
        """Make the object what the options say, or in check mode tell what that would change.

        May run any number of times: the second run finds nothing to do.

        Raises:
            CloudError: "Failed to <verb> <kind> '<name>': <cause>".
        """
        try:
            item = self.find()
            self.doing = "change"
            todo = planner.plan(self.current(item), self.desired(item), self.immutable())
            if not check_mode:
                item = self.carry_out(todo, item)
        except CloudError as error:
            raise CloudError(f"Failed to {self.doing} {self.title}: {error}", error.code) from error
        return Outcome(todo.verb is not None, planner.shown(todo.before), planner.shown(todo.after), dict(item or {}))

    def find(self) -> Item | None:
        """The object the key options tell, or None.

        A name that leads nowhere (a pod in a zone yet to be made) means there is no such object.
        """
        try:
            narrowed = {field.narrows: self.value(field) for field in self.fields if field.narrows}
            wanted = {field.name: self.comparable(field) for field in self.fields if field.key}
        except NotFoundError:
            return None
        items = self.api.list(self.lists, **self.listing, **narrowed)
        keys = [field for field in self.fields if field.key and wanted[field.name] is not None]
        return self.choose(
            [item for item in items if not any(planner.differs(key.current(item), wanted[key.name]) for key in keys)]
        )

    def choose(self, found: Sequence[Item]) -> Item | None:
        """The one object among those that carry the declared keys."""
        ids = {item.get("id"): item for item in found}
        if len(ids) > 1:
            raise CloudError("there are {} such objects ({})".format(len(ids), ", ".join(str(key) for key in ids)))
        return found[0] if found else None

    def current(self, item: Item | None) -> dict[str, Any] | None:
        """The fields the cloud shows of the object, ready for comparison.

        What narrowed the list is right by being listed, even where the answer does not repeat it.
        """
        if item is None:
            return None
        values = [(field, field.current(item)) for field in self.fields if field.shown is not None]
        return {field.name: value for field, value in values if value is not None or not field.narrows}

    def desired(self, item: Item | None) -> dict[str, Any] | None:  # noqa: ARG002 subclasses decide by what is there
        """The declared fields, ready for comparison; None when there shall be no such object."""
        if self.states[self.options["state"]] is ABSENT:
            return None
        declared = {field.name: self.comparable(field) for field in self.fields if field.describes}
        return {name: value for name, value in declared.items() if value is not None}

    def immutable(self) -> Collection[str]:
        """The fields an existing object cannot change."""
        if self.replaceable:
            return ()
        return [field.name for field in self.fields if field.immutable or not self.updates]

    def carry_out(self, todo: Plan, item: Item | None) -> Item | None:
        """Do what was planned and wait until the object has come to rest."""
        if todo.verb == planner.DELETE and item is not None:
            self.doing = "delete"
            self.remove(item)
            return None
        if todo.verb == planner.CREATE:
            self.doing = "create"
            item = self.complete(self.create())
        elif todo.verb == planner.UPDATE and item is not None:
            item = self.change(item, todo.changes)
        return item if item is None else self.settle(item)

    def create(self) -> Item:
        """Make the object; gives back what the API answered."""
        return self.send(self.creates, **self.arguments(field for field in self.fields if field.on != UPDATE))

    def complete(self, item: Item) -> Item:
        """Set on a new object what only the update command takes."""
        late = [field.name for field in self.fields if field.on == UPDATE]
        desired, current = self.desired(item) or {}, self.current(item) or {}
        left = [name for name in late if name in desired and planner.differs(current.get(name), desired[name])]
        return self.change(item, left) if left else item

    def change(self, item: Item, names: Collection[str]) -> Item:
        """Give the object's fields ``names`` their declared values.

        Mappings are sent whole, with the keys nobody declared: the API replaces them.
        """
        if self.replaceable:
            self.remove(item)
            return self.create()
        fields = [field for field in self.fields if field.name in names and field.on != CREATE]
        maps = [field for field in fields if field.type == "dict"]
        merged = {field.parameter: {**(field.current(item) or {}), **self.value(field)} for field in maps}
        answer = self.send(str(self.updates), id=item["id"], **{**self.arguments(fields), **merged})
        return answer if "id" in answer else self.find() or item

    def remove(self, item: Item) -> None:
        """Delete the object."""
        self.send(self.deletes, id=item["id"])

    def settle(self, item: Item) -> Item:
        """Wait until the object can be used; most can at once."""
        return item

    def watch(self, item: Item, ready: Callable[[Item], bool], status: str) -> Item:
        """Ask for the object until it is ``ready``, unless the task does not want to wait.

        Raises:
            CloudError: it did not get there in time; the sentence tells what ``status`` said last.
        """
        latest = item

        def look() -> Item | None:
            nonlocal latest
            if not ready(latest):
                latest = self.find() or {}
            return latest if ready(latest) else None

        if self.options.get("wait") is False:
            return item
        return self.api.until(look, lambda: f"its {status}, {latest.get(status)!r}, did not become a good one")

    def send(self, command: str, **params: Any) -> dict[str, Any]:
        """Run a command, to its end unless the task does not want to wait."""
        if self.options.get("wait") is False:
            return only(command, self.api.call(command, **params))
        return self.api.run(command, **params)

    def arguments(self, fields: Any) -> dict[str, Any]:
        """The API's parameters for those of ``fields`` that were declared."""
        return {field.parameter: self.value(field) for field in fields if field.parameter}

    def value(self, field: Field) -> Any:
        """What a field declares, as the API takes it; None when it declares nothing."""
        raw = self.raw(field)
        if field.pairs and raw:
            return [{"key": key, "value": value} for key, value in raw.items()]
        if raw is None or not field.reference:
            return raw
        named = self.named(field.reference, raw)
        return [one.id for one in named] if isinstance(named, list) else named.id

    def comparable(self, field: Field) -> Any:
        """What a field declares, ready for comparison; a name nothing carries yet equals nothing."""
        raw = self.raw(field)
        if raw is None:
            return None
        if not field.reference:
            return field.tidy(raw)
        if field.key:
            return self.named(field.reference, raw)
        try:
            return self.named(field.reference, raw)
        except NotFoundError:
            return [Named(name) for name in raw] if isinstance(raw, list) else Named(raw)

    def raw(self, field: Field) -> Any:
        """What a field declares, as it was written."""
        if field.option:
            return self.options.get(field.name)
        return (self.states[self.options["state"]] or {}).get(field.name)

    def named(self, kind: str, raw: Any) -> Any:
        """The object, or the objects, of that kind that ``raw`` names."""
        if isinstance(raw, list):
            return [self.directory.find(kind, name) for name in raw]
        return self.directory.find(kind, raw)

    @property
    def title(self) -> str:
        """The object as an error speaks of it: ``pod 'pod1'``."""
        keys = [str(self.options[field.name]) for field in self.fields if field.key and self.options.get(field.name)]
        return "{} {!r}".format(self.noun.replace("_", " "), keys[0] if keys else "")

    @classmethod
    def argument_spec(cls) -> dict[str, Any]:
        """All options of the module."""
        spec: dict[str, Any] = {name: dict(argument) for name, argument in API_ARGUMENTS.items()}
        spec.update({field.name: field.argument for field in cls.fields if field.option})
        spec["state"] = {"type": "str", "choices": list(cls.states), "default": next(iter(cls.states))}
        if cls.waits:
            spec["wait"] = {"type": "bool", "default": True}
        return spec


def perform(kind: type[Resource], options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """A module's result from its checked options.

    Raises:
        CloudError: see Resource.converge.
    """
    resource = kind(options, Api(read_settings(options)))
    outcome = resource.converge(check_mode)
    result: dict[str, Any] = {"changed": outcome.changed, kind.noun: outcome.item}
    result["diff"] = {"before": outcome.before, "after": outcome.after}
    result["warnings"] = list(dict.fromkeys(resource.warnings))
    return result


def failure(error: CloudError) -> dict[str, Any]:
    """What a module says of an error: the sentence, and the API's code where there is one."""
    return {"msg": str(error), **({"errorcode": error.code} if error.code else {})}


def run(kind: type[Resource]) -> None:
    """The entry point of a module: the only place that exits."""
    module = AnsibleModule(argument_spec=kind.argument_spec(), supports_check_mode=True, **kind.rules)
    try:
        result = perform(kind, module.params, module.check_mode)
    except CloudError as error:
        module.fail_json(**failure(error))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)
