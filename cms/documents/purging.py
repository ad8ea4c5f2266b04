"""Tells the caches in front of us what to forget, by Wagtail's frontend cache back ends.

Every back end is told addresses. One that has a method `purge_keys` is told surrogate keys as well:
only those reach an address with a query (see `cms.caches`). The rows of changes are the outbox, so
a purge that could not be rung for goes with the next round.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from wagtail.contrib.frontend_cache.utils import get_backends

from cms.models import Change

AT_ONCE = 200

PATHS = {
    "article": "articles",
    "clinician": "clinicians",
    "diagnosis": "diagnoses",
    "exercise": "exercises",
    "region": "regions",
}


def purge() -> int:
    """How many changes caches were told of. The caches are called outside of any transaction; when
    we die in between, they are told twice."""
    done = 0
    backends = get_backends()
    while changes := list(Change.objects.filter(purged=False).order_by("pk")[:AT_ONCE]):
        for backend in backends.values():
            tell(backend, changes)
        mark(changes)
        done += len(changes)
    return done


def tell(backend: Any, changes: list[Change]) -> None:
    backend.purge_batch(sorted({url for change in changes for url in urls(change)}))
    if purge_keys := getattr(backend, "purge_keys", None):
        purge_keys(sorted({key for change in changes for key in keys(change)}))


def mark(changes: list[Change]) -> None:
    """Not what changed again meanwhile."""
    with transaction.atomic():
        for change in changes:
            Change.objects.filter(pk=change.pk, at=change.at).update(purged=True)


def keys(change: Change) -> Iterable[str]:
    yield key_of(change.type, change.key, change.locale)
    yield key_of_list(change.type)
    yield "search"


def urls(change: Change) -> Iterable[str]:
    """The page of our own, and what the API says about it without a query."""
    yield f"{settings.SITE_URL}{change.path}"
    if path := PATHS.get(change.type):
        yield f"{settings.SITE_URL}/api/v1/{path}/"
        yield f"{settings.SITE_URL}/api/v1/{path}/{change.key}/"
    if change.type == "site":
        yield f"{settings.SITE_URL}/api/v1/site/"


def key_of(document_type: str, key: object, locale: str) -> str:
    """The surrogate key of a document. When it changes, caches are told to forget it."""
    return f"{document_type}-{key}-{locale}"


def key_of_list(document_type: str) -> str:
    return f"list-{document_type}"
