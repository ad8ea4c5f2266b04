"""Statements under way: what is certain when, and what others see of it."""

import pytest
from django.db import DataError, connection

from nurture import statements
from nurture.models import Suppression

pytestmark = pytest.mark.usefixtures("committed")

ADD = """
    INSERT INTO nurture_suppression (address_hash, reason, created_at)
    VALUES (%(hash)s, 'unsubscribed', now()) RETURNING address_hash
"""
NONSENSE = "SELECT 1 / %(nothing)s::int"


def test_all_of_a_trip_is_written_at_its_end() -> None:
    trip = statements.set_out((ADD, {"hash": "a"}), (ADD, {"hash": "b"}))

    trip.end()

    assert [answer.fetchall() for answer in trip.answers] == [[("a",)], [("b",)]]
    assert Suppression.objects.count() == 2
    assert connection.get_autocommit()


def test_who_asks_meanwhile_waits_for_the_end() -> None:
    trip = statements.set_out((ADD, {"hash": "a"}))

    seen = Suppression.objects.count()

    assert (seen, trip.ended) == (1, True)
    trip.end()  # once more does no harm


def test_a_trip_that_fails_has_written_nothing_and_leaves_the_connection_as_it_was() -> None:
    with pytest.raises(DataError):  # at the end, or before if the server is quick
        statements.set_out((ADD, {"hash": "a"}), (NONSENSE, {"nothing": 0})).end()

    assert not Suppression.objects.exists()
    statements.set_out((ADD, {"hash": "b"})).end()
    assert Suppression.objects.count() == 1
