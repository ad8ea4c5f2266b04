"""What goes live and what goes away at its hour. What cannot is told in its history and left alone.

Wagtail's own command ends with the first object that fails, and with it everything after it.
"""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from wagtail.log_actions import log as write_history
from wagtail.models import DraftStateMixin, Page, PageLogEntry, Revision
from wagtail.models.audit_log import ModelLogEntry

log = logging.getLogger(__name__)

FAILED = "cms.schedule.failed"  # in the object's history


def run() -> int:
    """Do all that is due; how many could not be done. The next call tries those again."""
    todo = [*expiries(), *publications()]
    return sum(not attempted(act, live, revision) for act, live, revision in todo)


Todo = tuple[Callable[[], Any], Any, Revision | None]


def expiries() -> Iterator[Todo]:
    for model in scheduled_models():
        due = model.objects.filter(live=True, expire_at__lt=timezone.now())
        for live in due.order_by("expire_at", "pk"):
            yield partial(expire, live), live, None


def publications() -> Iterator[Todo]:
    due = Revision.objects.filter(approved_go_live_at__lt=timezone.now())
    for revision in due.order_by("approved_go_live_at", "pk"):
        yield partial(go_live, revision), revision.content_object, revision


def scheduled_models() -> list[Any]:
    snippets = [
        model
        for model in apps.get_models()
        if issubclass(model, DraftStateMixin) and not issubclass(model, Page)
    ]
    return [Page, *snippets]


def expire(live: Any) -> None:
    live.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")


def go_live(revision: Revision) -> None:
    revision.publish(log_action="wagtail.publish.scheduled")


def attempted(act: Callable[[], Any], live: Any, revision: Revision | None) -> bool:
    """One object by itself: whatever it raises, the others go on."""
    try:
        with transaction.atomic():
            act()
    except Exception as error:  # noqa: BLE001  # the others are not to blame
        tell(live, revision, error)
        return False
    return True


def tell(live: Any, revision: Revision | None, error: Exception) -> None:
    """Once for each attempt that an editor planned, not every minute. Never with a title."""
    said = " ".join(error.messages) if isinstance(error, ValidationError) else ""
    if live is None or told_already(live, revision, said):
        return
    log.error("%s %s: not at its hour: %s", live._meta.label, live.pk, type(error).__name__)
    write_history(live, FAILED, revision=revision, data={"why": said})


def told_already(live: Any, revision: Revision | None, said: str) -> bool:
    entries: Any = PageLogEntry.objects if isinstance(live, Page) else ModelLogEntry.objects
    known = entries.for_instance(live).filter(action=FAILED, revision=revision)
    if revision is None:
        known = known.filter(timestamp__gte=live.expire_at)
    return bool(known.filter(data__why=said).exists())
