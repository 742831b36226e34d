"""Commands: one class per API command, which feeds validation, permissions, listApis, documentation and the job row.

The order is the same for every command: parse, resolve and authorise, ``check()`` (reads only), then ``run()`` or the
enqueueing of its job, all but the parsing in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, or_

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Lock, Order
from stratoform.model.base import Entity

from .answer import Answer, Many, One, Plain
from .caller import RoleType
from .context import Context, Shared
from .params import Int, Param, Required, Text, Value, refuse
from .suspended import refuse_suspended
from .tags import TagFilter
from .view import View

EVERYONE = frozenset(RoleType)
ROOT_ONLY = frozenset({RoleType.ADMIN})
OPERATORS = frozenset({RoleType.ADMIN, RoleType.RESOURCE_ADMIN})
ADMINS = frozenset({RoleType.ADMIN, RoleType.RESOURCE_ADMIN, RoleType.DOMAIN_ADMIN})

REGISTRY: dict[str, type[Command]] = {}
"""Every command by its name on the wire."""

STRANGERS: dict[str, type[Command]] = {}
"""Commands of those who have no API key, by name: login and its like (access/declared.py). listApis leaves them out."""

IGNORED = frozenset({"listall", "ctxuserid", "ctxaccountid", "ctxstarteventid", "projectid", "account", "domainid",
                     "isrecursive", "page", "pagesize", "keyword"})
"""Parameters clients send along with any list command; those that do not declare them do not mind."""


class Command:
    """One API command.

    Its docstring's first sentence is the description. Class keywords declare the rest: ``roles`` who may call it,
    ``event`` what its doing is called in the event log, ``view`` what it answers (None: success), ``since``,
    ``stranger`` for what is called without an API key.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    roles: ClassVar[frozenset[RoleType]]
    event: ClassVar[str]
    view: ClassVar[View | None]
    since: ClassVar[str]
    params: ClassVar[Mapping[str, Param[Any]]]
    is_list: ClassVar[bool] = False
    is_async: ClassVar[bool] = False
    flat: ClassVar[bool] = False
    """True: the fields of the answer stand directly under its root."""
    answers_list: ClassVar[bool] = False
    """True: the command is no list, and yet answers a list of what it made."""

    def __init_subclass__(  # noqa: PLR0913 - keywords of a declaration
        cls, *, roles: frozenset[RoleType] | None = None, event: str = "", view: View | None = None, since: str = "",
        name: str = "", stranger: bool = False,
    ) -> None:
        super().__init_subclass__()
        if roles is None:  # a kind of command, not a command
            return
        if not cls.__doc__:
            msg = f"{cls.__name__} has no description"
            raise TypeError(msg)
        cls.description = " ".join(cls.__doc__.split("\n\n")[0].split())
        cls.name = name or cls.__name__[0].lower() + cls.__name__[1:]
        cls.roles, cls.event, cls.view, cls.since = roles, event, view, since
        found: dict[str, Param[Any]] = {}
        for base in reversed(cls.__mro__):
            for value in vars(base).values():
                param = value.param if isinstance(value, Required) else value
                if isinstance(param, Param):
                    found[param.name] = param
        cls.params = found
        registry = STRANGERS if stranger else REGISTRY
        if cls.name in registry:
            msg = f"two commands are called {cls.name}"
            raise TypeError(msg)
        registry[cls.name] = cls

    def __init__(self, context: Context, values: Mapping[str, Any]) -> None:
        self.context = context
        self.values = values
        self.session = context.session
        self.caller = context.caller

    @classmethod
    def parse(cls, given: Mapping[str, Value], caller: Any) -> dict[str, Any]:
        """Typed values of what the wire gave; references are still uuids.

        Raises:
            ApiError: BAD_PARAMETER naming the first wrong, unknown or missing parameter; NOT_PERMITTED.
        """
        values: dict[str, Any] = {}
        for name, value in given.items():
            param = cls.params.get(name)
            if param is None:
                if (cls.is_list and name in IGNORED) or name == "listall":
                    continue
                raise refuse(name, f"{cls.name} has no such parameter; it takes {', '.join(sorted(cls.params))}"
                             if cls.params else f"{cls.name} takes no parameters")
            if param.admin and not caller.is_root:
                raise ApiError(Fault.NOT_PERMITTED, f"Parameter {name} is for root administrators only")
            if value in param.blanks and not param.demanded and not param.takes_empty:
                continue  # clients send empty values for what they leave out
            values[name] = param.parse(value)
        for name, param in cls.params.items():
            if param.demanded and name not in values:
                raise ApiError(Fault.BAD_PARAMETER, f"Unable to execute {cls.name}: parameter {name} is missing")
        return values

    @classmethod
    def ahead(cls, values: Mapping[str, Any], caller: Any, shared: Shared) -> Any:  # noqa: ARG003 - some commands do
        """Asks other machines what the command must know, before any transaction is open; kept as context.learned.

        References in the values are not resolved yet.
        """
        return None

    @classmethod
    def resolved(cls, context: Context, values: Mapping[str, Any]) -> Command:
        """The command with every reference resolved and authorised."""
        command = cls(context, {name: cls.params[name].resolve(value, context) for name, value in values.items()})
        if not cls.is_list:
            refuse_suspended(context.session, cls.name, command.values.values())
        return command

    def check(self) -> None:
        """Refuses what must not be done; reads only. A dry run stops after it."""

    def run(self) -> Answer | Entity | None:
        """Does it, in the transaction of the session. An entity is shown by the command's view; None is success."""
        raise AssertionError(self.name)

    def answer(self, outcome: Answer | Entity | None) -> Answer:
        """The answer for what ``run`` returned."""
        if outcome is None:
            return Plain({"success": True})
        if isinstance(outcome, Entity):
            assert self.view is not None, self.name  # noqa: S101 - a command that returns rows declares how they look
            self.session.flush()
            return One(self.view.key, self.view.one(self.session, self.caller, outcome.id))
        return outcome

    def enqueue(self, order: Order, subject: Entity) -> None:
        """Orders background work that the answer does not wait for, in the command's own transaction."""
        self.context.enqueue(order, self.name, subject)

    def about(self, outcome: Any) -> Entity | None:
        """The object an event about this command speaks of: what came of it, or what ``id`` names."""
        return next((one for one in (outcome, self.values.get("id")) if isinstance(one, Entity)), None)

    def describe(self, subject: Entity | None) -> str:
        """What the event log says is done."""
        label = getattr(subject, "display_name", None) or getattr(subject, "name", None) or self.values.get("name")
        return f"{self.name} {label or ''}".strip()

    def assign(self, row: Entity, columns: Mapping[str, str]) -> None:
        """Sets the row's columns from the parameters that were given (parameter name to column name)."""
        for name, column in columns.items():
            if name in self.values:
                setattr(row, column, self.values[name])

    def refuse_while_used(self, row: Entity, *users: tuple[type[Entity], Any]) -> None:
        """Refuses while live rows of other tables point at this one.

        Args:
            row: what is to go.
            users: (table, its column that points at the row).

        Raises:
            ApiError: IN_USE, naming the first few in the way.
        """
        for entity, column in users:
            found = self.context.all(entity, column == row.id)
            if found:
                kind = entity.__tablename__.replace("_", " ")
                names = ", ".join(str(getattr(other, "name", None) or other.uuid) for other in found[:5])
                raise ApiError(Fault.IN_USE, f"Unable to execute {self.name}: {row.__tablename__.replace('_', ' ')} "
                                             f"still has {len(found)} {kind}(s): {names}",
                               [(other.__tablename__, other.uuid) for other in found[:5]])


class ListCommand(Command):
    """Lists what its view shows: filters, keyword, paging; one query a page."""

    is_list: ClassVar[bool] = True
    keyword_columns: ClassVar[Sequence[Any]] = ()

    keyword = Text("Only objects whose name contains this, in any case.")
    page = Int("Which page, from 1; goes with pagesize.", least=1)
    pagesize = Int("Objects on a page; goes with page.", least=1)

    def conditions(self) -> list[ColumnElement[bool]]:
        """What rows must meet, apart from the keyword."""
        return []

    def matching(self, columns: Mapping[str, Any]) -> list[ColumnElement[bool]]:
        """Conditions of the filters that were given: the column equals the value, or the row id of the object.

        Args:
            columns: parameter name to column.
        """
        given = {name: self.values[name] for name in columns if name in self.values}
        return [
            columns[name] == (value.id if isinstance(value, Entity) else value) for name, value in given.items()
        ]

    def tagged(self) -> list[ColumnElement[bool]]:
        """Conditions of the filter by tags, where a list has one."""
        assert self.view is not None  # noqa: S101 - list commands declare their view
        entity = self.view.entity
        return [] if entity is None else [
            condition for name, param in self.params.items() if isinstance(param, TagFilter) and name in self.values
            for condition in param.conditions(entity, self.values[name])]

    def order(self) -> Sequence[Any]:
        """How rows are ordered; unique, so that pages neither overlap nor skip."""
        assert self.view is not None  # noqa: S101 - list commands declare their view
        assert self.view.entity is not None  # noqa: S101 - see above
        return (self.view.entity.id,)

    def run(self) -> Answer:
        """See Command.run."""
        assert self.view is not None  # noqa: S101 - list commands declare their view
        conditions = self.conditions() + self.tagged()
        if self.keyword is not None:
            like = [column.icontains(self.keyword, autoescape=True) for column in self.keyword_columns]
            conditions.append(or_(*like))
        items, count = self.view.page(self.session, self.caller, conditions, self.order(), self.window())
        return Many(self.view.key, items, count)

    def window(self) -> tuple[int, int]:
        """(rows, offset) of the page asked for.

        Raises:
            ApiError: only one of page and pagesize is given, or the page is larger than default.page.size.
        """
        most = self.context.shared.settings.whole(self.session, "default.page.size")
        if self.page is None and self.pagesize is None:
            return most, 0
        if self.page is None or self.pagesize is None:
            given, missing = ("page", "pagesize") if self.pagesize is None else ("pagesize", "page")
            raise refuse(missing, f"it must be given together with {given}")
        if self.pagesize > most:
            raise refuse("pagesize", f"{self.pagesize} is more than the {most} of setting default.page.size")
        return self.pagesize, (self.page - 1) * self.pagesize


class AsyncCommand(Command):
    """Takes effect in a job. ``prepare`` runs with the request, in the transaction that enqueues the job."""

    is_async: ClassVar[bool] = True
    subject: Entity | None = None
    """In ``run()``, called in the job: the row that ``prepare`` gave."""
    creates: ClassVar[bool] = False
    waits: ClassVar[bool] = False
    """True: the command is synchronous on the wire and the answer waits for the job's end."""

    def prepare(self) -> Entity | None:
        """Makes or finds the object the job is about."""
        raise AssertionError(self.name)

    def order(self, subject: Any) -> Order:
        """The job to run. The default runs ``run()`` again in a job of one step."""
        return Order("command", {"subject": subject.id if subject is not None else None}, self.locks(subject))

    def locks(self, subject: Any) -> tuple[Lock, ...]:
        """What the job must have for itself: the object, unless a command says more."""
        return (lock(subject),) if subject is not None else ()


class WaitingCommand(AsyncCommand):
    """Runs a saga and answers when it ended: synchronous on the wire, resumable below."""

    is_async: ClassVar[bool] = False
    waits: ClassVar[bool] = True


def lock(row: Any, *, exclusive: bool = True) -> Lock:
    """The lock that stands for a row."""
    return Lock(f"{row.__tablename__}:{row.id}", exclusive)
