"""Sagas: multi-step work declared as a table of (step, do, undo)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

S = TypeVar("S")
"""What the product hands to its steps: database, hosts, settings. The engine only passes it on."""

P = TypeVar("P")
D = TypeVar("D")
Output = Mapping[str, Any] | None


@dataclass
class Context(Generic[S]):
    """What a step sees: the job's arguments, what earlier steps gave, and the product's services."""

    job_id: int
    job_uuid: str
    args: Mapping[str, Any]
    services: S
    report: Callable[[str], None]
    out: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def progress(self, text: str) -> None:
        """Says, to whoever polls the job, what is going on now."""
        self.report(text)


@dataclass(frozen=True)
class Step(Generic[S]):
    """One row of a saga.

    A step must bear being done twice, and undone twice or without having been done: after a crash the engine
    repeats the step that was under way, and a step that fails is undone too.

    Attributes:
        name: unique in its saga; the journal's key and the key of its output in ``Context.out``.
        text: what people read while it runs, e.g. "Copying the template to primary storage".
        do: ``do(ctx, session)`` of a database step runs in the transaction that journals it (exactly once);
            ``do(ctx, plan)`` of an act runs outside any transaction.
        undo: takes it back, ``undo(ctx, session)`` or ``undo(ctx)``; None: nothing to take back.
        in_transaction: do is a database step's.
        undone_in_transaction: undo is.
        plan: of an act: ``plan(ctx, session)`` gathers what it needs, in the transaction that journals its start;
            None: there is nothing to do, the step has succeeded.
        record: of an act: ``record(ctx, session, done)`` writes down what ``do`` gave, in the transaction that journals
            its success, and returns the step's output. Without it, what ``do`` gave is the output.
        early: the plan only reads, and nothing the act before it changes: it is made together with that act's.
    """

    name: str
    text: str
    do: Callable[..., Any]
    undo: Callable[..., None] | None
    in_transaction: bool
    undone_in_transaction: bool
    plan: Callable[[Context[S], Session], Any] | None = None
    record: Callable[[Context[S], Session, Any], Output] | None = None
    early: bool = False


def db(
    name: str, text: str, do: Callable[[Context[S], Session], Output],
    undo: Callable[[Context[S], Session], None] | None = None, *, undo_act: Callable[[Context[S]], None] | None = None,
) -> Step[S]:
    """A step that only changes the database; ``undo_act`` instead of ``undo`` when taking it back needs more."""
    return Step(name, text, do, undo_act or undo, in_transaction=True, undone_in_transaction=undo_act is None)


def act(
    name: str, text: str, do: Callable[[Context[S]], Output], undo: Callable[[Context[S]], None] | None = None,
) -> Step[S]:
    """A step that acts outside the database."""
    return Step(name, text, lambda ctx, _plan: do(ctx), undo, in_transaction=False, undone_in_transaction=False)


def planned(  # noqa: PLR0913 - a table's row; the last three are named
    name: str, text: str, plan: Callable[[Context[S], Session], P | None], do: Callable[[Context[S], P], D], *,
    record: Callable[[Context[S], Session, D], Output] | None = None,
    undo: Callable[[Context[S]], None] | None = None, early: bool = False,
) -> Step[S]:
    """A step that acts outside the database by what ``plan`` read in it; see Step."""
    return Step(name, text, do, undo, in_transaction=False, undone_in_transaction=False, plan=plan, record=record,
                early=early)


@dataclass(frozen=True)
class Saga(Generic[S]):
    """A named table of steps.

    Attributes:
        failed: ``failed(session, args, why)`` is called, when there is one, in the transaction that records the failure
            of a job; ``why`` is for people.
    """

    name: str
    steps: Sequence[Step[S]]
    failed: Callable[[Session, Mapping[str, Any], str], None] | None = None

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        if len(set(names)) != len(names):
            msg = f"saga {self.name!r} has two steps of one name"
            raise ValueError(msg)
