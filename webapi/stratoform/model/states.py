"""States and the moves between them. A state has a sentence saying what is true in it; a move is guarded by SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value


@dataclass(frozen=True)
class State:
    """One state: what is true in it, and whether a job is under way that will leave it."""

    meaning: str
    transitional: bool = False


class WrongState(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """The row is not in a state the move starts from.

    Attributes:
        state: the state it is in now (None: the row is gone).
        allowed: the states the move starts from.
    """

    def __init__(self, move: str, state: str | None, allowed: Collection[str]) -> None:
        super().__init__(f"cannot {move} in state {state}; it must be {' or '.join(sorted(allowed))}")
        self.state = state
        self.allowed = tuple(sorted(allowed))


class StateTable:
    """The states of one kind of row and the only moves between them.

    Args:
        states: name to State.
        moves: name of the move to (states it starts from, state it ends in).
    """

    def __init__(self, states: Mapping[str, State], moves: Mapping[str, tuple[tuple[str, ...], str]]) -> None:
        for name, (sources, target) in moves.items():
            unknown = {*sources, target} - set(states)
            if unknown:
                msg = f"move {name!r} speaks of undeclared states {sorted(unknown)}"
                raise ValueError(msg)
        self.states = dict(states)
        self.moves = dict(moves)

    def move(self, session: Session, row: Any, name: str, **values: Any) -> None:
        """Makes the move in the database, in one guarded statement, and in the row object.

        Being already where the move ends is success: a repeated step must find its own work.

        Raises:
            WrongState: the row is in a state from which this move does not start.
        """
        sources, target = self.moves[name]
        table = type(row)
        session.flush()
        done = cast("CursorResult[Any]", session.execute(
            update(table)
            .where(table.id == row.id, table.state.in_((*sources, target)))
            .values(state=target, **values)
            .execution_options(synchronize_session=False)
        ))
        if done.rowcount == 0:
            session.refresh(row)
            raise WrongState(name, row.state, sources)
        for column, value in {"state": target, **values}.items():
            set_committed_value(row, column, value)

    def require(self, row: Any, name: str) -> None:
        """Raises WrongState unless the move could start now (used by read-only checks)."""
        sources, _ = self.moves[name]
        if row.state not in sources:
            raise WrongState(name, row.state, sources)
