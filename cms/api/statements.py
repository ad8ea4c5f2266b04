"""Reading by prepared statements: PostgreSQL would plan ours for longer than it runs them.

Django binds values in the client, so nothing of it is ever prepared; and it asks a kept connection
in each request whether it still lives. Here a read that meets a dead connection is done again on a
new one, which costs nothing as long as all is well.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import InterfaceError, NotSupportedError, OperationalError, connection

# The last: a column got another type under a statement that was prepared before.
MAY_HELP_TO_CONNECT_AGAIN = (OperationalError, InterfaceError, NotSupportedError)


def tuples(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a SELECT."""
    try:
        return read(statement, values)
    except MAY_HELP_TO_CONNECT_AGAIN:
        if connection.in_atomic_block:
            raise
        connection.close()
        return read(statement, values)


def read(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    connection.ensure_connection()
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    bare: Any = psycopg.Cursor(connection.connection)  # binds in the server, unlike Django's
    with wrapped(bare) as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
