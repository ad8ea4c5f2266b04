"""Counting what happened, by the day, so that somebody can see it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.db.models import Sum

from nurture.domain.counted import Counted
from nurture.models import Tally

ADD = """
    INSERT INTO nurture_tally (day, what, number)
    VALUES ((now() AT TIME ZONE 'UTC')::date, %s, %s)
    ON CONFLICT (day, what) DO UPDATE SET number = nurture_tally.number + excluded.number
"""


def count(numbers: Mapping[Counted, int]) -> None:
    """Add to today's tallies, always in the same order. Nothing is written for zeros."""
    with connection.cursor() as cursor:
        for what in sorted(numbers):
            if numbers[what]:
                cursor.execute(ADD, [what.value, numbers[what]])


def of_days(days: int) -> dict[Counted, int]:
    """The sums of the last days, today included."""
    since: date = datetime.now(UTC).date() - timedelta(days=days - 1)
    sums = Tally.objects.filter(day__gte=since).values_list("what").annotate(Sum("number"))
    return {Counted(what): number for what, number in sums}
