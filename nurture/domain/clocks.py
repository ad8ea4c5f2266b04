"""What clocks and calendars show where a person lives.

The written rule for clock changes: a wall time that a change skips is moved forward by the size
of the gap; one that happens twice means the first. Zones are resolved at the target date.
"""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=4_096)
def instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The UTC instant at which clocks in `zone` show `wall` on `day`, by the rule above."""
    return datetime.combine(day, wall.replace(fold=0), tzinfo=zone).astimezone(UTC)


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """The last instant at which clocks show the start of `day`: from then on it is that day."""
    midnight = datetime.combine(day, time(0), tzinfo=zone)
    return max(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def is_skipped(day: date, wall: time, zone: ZoneInfo) -> bool:
    return instant(day, wall, zone).astimezone(zone).replace(tzinfo=None) != datetime.combine(
        day, wall
    )


def is_repeated(day: date, wall: time, zone: ZoneInfo) -> bool:
    second = datetime.combine(day, wall.replace(fold=1), tzinfo=zone).astimezone(UTC)
    return second > instant(day, wall, zone)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    return aware(moment).astimezone(zone).date()


def aware(moment: datetime) -> datetime:
    """The moment itself. Raises `ValueError` for a naive one, which means nothing to us."""
    if moment.utcoffset() is None:
        raise ValueError(f"naive datetime: {moment.isoformat()}")
    return moment
