"""One door to the database: read, or write with bounded retries.

SQLite (WAL) takes its write lock at BEGIN, so a transaction that will write never fails half-way;
MariaDB runs at READ COMMITTED, and a deadlock's loser is simply run again.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

T = TypeVar("T")

ATTEMPTS = 12
"""How often a transaction that lost a race is run before its error is the caller's."""
WRITERS = 4
"""Transactions the jobs of one process have under way at a time (SQLite: one). All threads share one core, so with more
of them each would only hold its locks for longer, and requests would wait behind them."""
IDLE = 1.0
"""Seconds after which a connection is asked whether it still stands before it is used."""


class Lost(Exception):  # noqa: N818 - a race is lost, nothing is wrong
    """A guard (generation, state) was taken by someone else meanwhile: run the transaction again."""


def _sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        # LIKE tells cases apart, as on MariaDB: tags and the paths of domains are compared by it.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000",
                       "case_sensitive_like=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _mariadb(engine: Engine) -> None:
    """Asks a connection that was idle whether it still stands; one that was used a moment ago does."""
    @event.listens_for(engine, "checkin")
    def _rest(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("rests since", time.monotonic()) < IDLE:
            return
        try:
            connection.ping(reconnect=False)
        except Exception as error:
            raise DisconnectionError from error  # the pool opens another one


class _Gate(threading.local, AbstractContextManager[None]):
    """Lets so many threads in at a time; a thread that is in may come in again."""

    def __init__(self, places: threading.Semaphore) -> None:
        self._places = places
        self._depth = 0  # of this thread

    def __enter__(self) -> None:
        if self._depth == 0:
            self._places.acquire()
        self._depth += 1

    def __exit__(self, *_exc: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._places.release()


class _Writing(Session):
    """A transaction's session. It keeps what it loaded, so that nothing is read twice."""


@event.listens_for(_Writing, "loaded_as_persistent")
def _keep(session: Session, row: Any) -> None:
    session.info.setdefault("kept", []).append(row)


class Database:
    """The sessions of one database.

    Args:
        url: SQLAlchemy URL, ``sqlite:///path`` or ``mysql+pymysql://...``.
        pool_size: connections kept; as many more may be opened under load.
    """

    def __init__(self, url: str, pool_size: int = 16) -> None:
        if url.startswith("sqlite"):
            # The file's own lock orders the writers: threads wait there, not for a connection.
            self.engine = create_engine(
                url, poolclass=QueuePool, pool_size=pool_size, max_overflow=pool_size, hide_parameters=True,
                connect_args={"check_same_thread": False, "timeout": 30},
            )
            _sqlite(self.engine)
        else:
            self.engine = create_engine(
                url, pool_size=pool_size, max_overflow=pool_size, pool_recycle=1800, hide_parameters=True,
                pool_reset_on_return=None,  # sessions end their transactions themselves: it would be a round trip more
                isolation_level="READ COMMITTED", connect_args={"charset": "utf8mb4"},
            )
            _mariadb(self.engine)
        self._writer = self.engine.execution_options(writing=True)
        self._gate: AbstractContextManager[None] = nullcontext()

    def for_workers(self) -> Database:
        """The same database for the threads that run jobs: WRITERS of their transactions are under way at a time."""
        twin = copy(self)
        twin._gate = _Gate(  # noqa: SLF001 - its own twin
            threading.BoundedSemaphore(1 if self.engine.dialect.name == "sqlite" else WRITERS))
        return twin

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; what it loaded stays readable afterwards."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Runs ``work(session)`` in one transaction and commits it.

        ``work`` may run several times (a lost race, a deadlock) and must have no effect outside the session.

        Returns:
            What ``work`` returned in the run that was committed.

        Raises:
            Lost: the race was lost ATTEMPTS times.
            Exception: what ``work`` raised; nothing was written then.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._gate, _Writing(self._writer, expire_on_commit=False) as session, session.begin():
                    return work(session)
            except (Lost, DBAPIError) as error:
                if attempt == ATTEMPTS or not _may_retry(error):
                    raise
            time.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 6)))  # noqa: S311 - jitter, not a secret
        raise AssertionError

    def close(self) -> None:
        """Closes every idle connection."""
        self.engine.dispose()


@contextmanager
def rebuilding(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction may alter tables that rows of others point at.

    SQLite alters a table by putting another one in its place, which foreign keys would forbid: they are let go for so
    long and looked at before the commit (sqlite.org, "Making Other Kinds Of Table Schema Changes").

    Raises:
        RuntimeError: rows point at rows that are not there; nothing was changed.
    """
    with engine.execution_options(writing=True).connect() as connection:
        if engine.dialect.name != "sqlite":
            yield connection
            connection.commit()
            return
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # has an effect only outside of transactions
        try:
            yield connection
            broken = {row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}
            if broken:
                msg = f"rows of {', '.join(sorted(broken))} point at rows that are not there"
                raise RuntimeError(msg)
            connection.commit()
        finally:
            connection.rollback()
            raw.execute("PRAGMA foreign_keys=ON")


def _may_retry(error: Exception) -> bool:
    if isinstance(error, Lost):
        return True
    if isinstance(error, IntegrityError):
        # Two transactions took the same free address, name or number: the loser looks again. A duplicate that
        # is no race is found by the command's own check on that second look, and refused in words.
        return True
    code = getattr(getattr(error, "orig", None), "args", (None,))[0]
    return code in {1213, 1205, "database is locked"}
