"""Statements that PostgreSQL keeps prepared, and several of them on one trip.

Django binds values in the client, so the server would plan each of ours anew, for longer than it
runs it. Who waits for an answer to each of a few statements waits mostly for the processor.

PostgreSQL would still plan them at each call, because a plan for these very values looks cheaper by
more than planning seems to cost; measured, to plan took twice as long as to run (decision 0042).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

PLAN_ONCE = "SET plan_cache_mode = force_generic_plan"

told: "WeakSet[psycopg.Connection[Any]]" = WeakSet()


def run(statement: str, values: Mapping[str, Any]) -> CursorWrapper:
    """With the answer still to be fetched; within `one_trip`, after that."""
    connection.ensure_connection()
    if connection.connection not in told:
        with connection.wrap_database_errors:
            connection.connection.execute(PLAN_ONCE)
        told.add(connection.connection)
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    bare: Any = psycopg.Cursor(connection.connection)
    cursor: CursorWrapper = wrapped(bare)
    cursor.execute(statement, values)
    return cursor


@contextmanager
def one_trip() -> Iterator[None]:
    """What runs inside goes to the server at once and is one transaction, or part of the caller's.

    The server commits when all of it has run; before the block has ended nothing is certain.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
