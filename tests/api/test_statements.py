"""Reading on a path of its own: prepared, and again when the connection has died meanwhile."""

import pytest
from django.db import OperationalError, connection, transaction

from cms.api import statements

OWN_PROCESS = "SELECT pg_backend_pid()"
PREPARED = "SELECT statement FROM pg_prepared_statements"


def kill(process: int) -> None:
    """As a restart of PostgreSQL would."""
    with connection.copy().cursor() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
        other.db.close()


def test_a_read_survives_the_death_of_its_connection(committed: None) -> None:
    ((before,),) = statements.tuples(OWN_PROCESS, [])
    kill(before)

    ((after,),) = statements.tuples(OWN_PROCESS, [])

    assert after != before


def test_inside_a_transaction_it_is_told(committed: None) -> None:
    with pytest.raises(OperationalError):
        read_and_lose_the_connection_in_a_transaction()

    connection.close()


@transaction.atomic
def read_and_lose_the_connection_in_a_transaction() -> None:
    ((process,),) = statements.tuples(OWN_PROCESS, [])
    kill(process)
    statements.tuples(OWN_PROCESS, [])


def test_what_is_asked_often_is_prepared(committed: None) -> None:
    for number in range(5):
        statements.tuples("SELECT %s::int", [number])

    assert ("SELECT $1::int",) in statements.tuples(PREPARED, [])
