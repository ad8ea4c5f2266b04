"""Statements that PostgreSQL keeps prepared, and several of them on one trip.

Django binds values in the client, so the server would plan each of ours anew, for longer than it
runs it. Who waits for an answer to each of a few statements waits mostly for the processor.

PostgreSQL would still plan them at each call, because a plan for these very values looks cheaper by
more than planning seems to cost; measured, to plan took twice as long as to run (decision 0042).
"""

import select
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

# Whose plan is kept runs for milliseconds, but may look costly enough to be compiled for a hundred.
PLAN_ONCE = "SET plan_cache_mode = force_generic_plan; SET jit = off"

told: "WeakSet[psycopg.Connection[Any]]" = WeakSet()


def prepare() -> None:
    connection.ensure_connection()
    if connection.connection not in told:
        with connection.wrap_database_errors:
            connection.connection.execute(PLAN_ONCE)
        told.add(connection.connection)


def run(statement: str, values: Mapping[str, Any]) -> CursorWrapper:
    """With the answer still to be fetched; on a `Trip`, at its end."""
    prepare()
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    bare: Any = psycopg.Cursor(connection.connection)
    cursor: CursorWrapper = wrapped(bare)
    cursor.execute(statement, values)
    return cursor


class Trip:
    """Statements on their way to the server, all at once, with answers to be fetched at the end.

    Before `end` nothing is certain. The server commits meanwhile, and this thread is free; whoever
    asks the database something else waits for the end first. `fd` can be read when it is near.
    """

    def __init__(self) -> None:
        prepare()
        self.ended = False
        self.answers: list[CursorWrapper] = []
        self.fd: int = connection.connection.fileno()
        self._opened = ExitStack()

    def begin(self, asked: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        there = connection.connection
        whole = not connection.in_atomic_block
        with ExitStack() as opened:
            opened.enter_context(connection.wrap_database_errors)
            if whole:
                opened.push(take_back)
            opened.enter_context(there.pipeline())
            if whole:
                there.execute("BEGIN")
            self.answers = [run(statement, values) for statement, values in asked]
            if whole:
                there.execute("COMMIT")
            there.pgconn.send_flush_request()
            while there.pgconn.flush():
                select.select([], [self.fd], [])
            opened.enter_context(connection.execute_wrapper(self._end_first))
            self._opened = opened.pop_all()

    def end(self) -> None:
        """Raises what went wrong on the way; nothing is written then."""
        self.ended = True
        self._opened.close()

    def _end_first(self, execute: Callable[..., Any], *given: Any) -> Any:
        self.end()
        return execute(*given)


def set_out(*asked: tuple[str, Mapping[str, Any]]) -> Trip:
    """One transaction, or part of the caller's."""
    trip = Trip()
    trip.begin(asked)
    return trip


def take_back(kind: type[BaseException] | None, *_error: object) -> None:
    if kind is not None:
        with suppress(psycopg.Error):
            connection.connection.rollback()
