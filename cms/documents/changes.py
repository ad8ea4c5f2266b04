"""What became of the documents, for those who keep a copy."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from cms.models import Change, Document

NUMBERING = 0x636D73  # the advisory lock; any number that nobody else uses

NUMBER = """
    UPDATE cms_change SET number = numbered.number
    FROM (
        SELECT id, nextval('cms_change_numbers') AS number
        FROM (SELECT id FROM cms_change WHERE number IS NULL ORDER BY at, id) AS waiting
    ) AS numbered
    WHERE cms_change.id = numbered.id
"""


def note(documents: Iterable[Document], *, removed: bool = False) -> None:
    """In the transaction of the change. The row gets its number after the commit."""
    now = timezone.now()
    rows: dict[Any, Change] = {
        (document.type, document.key, document.locale): Change(
            type=document.type,
            key=document.key,
            locale=document.locale,
            path=document.path,
            removed=removed,
            at=now,
            number=None,
            purged=False,
        )
        for document in documents
    }
    if not rows:
        return
    Change.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["type", "key", "locale"],
        update_fields=["path", "removed", "at", "number", "purged"],
    )
    waiting = transaction.get_connection().run_on_commit
    if not any(callback is number for _savepoints, callback, _robust in waiting):
        transaction.on_commit(number, robust=True)


def number() -> None:
    """Give numbers to what was committed. One at a time, so a number that is seen is the highest
    for good; whoever dies before this leaves it to the next."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING])
        cursor.execute(NUMBER)
