"""Stopping all sending until a person says go.

A restored backup is older than what has happened: its queued mails may have been sent. So the row
remembers in which database it was written, and when it wakes up in another one (a restored dump, a
promoted or recovered server), nothing is planned or sent before `manage.py resume_sending`.
"""

from django.db import connection, transaction
from django.db.models.functions import Now

from nurture import counting
from nurture.domain.counted import Counted
from nurture.domain.states import Braked
from nurture.models import Brake

# A restored dump lies in another cluster or under another object id; a server that was recovered
# from a base backup, or promoted, writes another timeline.
IDENTITY = """
    SELECT system_identifier || '/' || oid || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
    FROM pg_control_system(), pg_database WHERE datname = current_database()
"""


def identity() -> str:
    with connection.cursor() as cursor:
        cursor.execute(IDENTITY)
        return str(cursor.fetchone()[0])


def is_on() -> bool:
    """Whether nothing may be planned or sent. Pulls the brake in a database that is new to it."""
    here = identity()
    row, _first_time = Brake.objects.get_or_create(pk=1, defaults={"identity": here})
    if row.identity != here and not row.pulled:
        pull(Braked.RESTORED)
        counting.count({Counted.BRAKED: 1})
        return True
    return bool(row.pulled)


def pull(reason: Braked) -> None:
    Brake.objects.get_or_create(pk=1, defaults={"identity": identity()})
    Brake.objects.filter(pk=1).update(pulled=reason, pulled_at=Now())


@transaction.atomic
def release() -> None:
    """Go on, in this database."""
    here = identity()
    Brake.objects.update_or_create(
        pk=1, defaults={"identity": here, "pulled": Braked.NO, "pulled_at": None}
    )
