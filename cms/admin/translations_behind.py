"""Translations that are older than what they translate, and what their source has changed since.

The source is the oldest page of those that are one in several languages. A publication counts if it
changed what readers read: an approval alone, or another author, leaves no translation behind.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery
from wagtail.models import Page, PageLogEntry, Revision

from cms import review
from cms.models.reviewed import health_page_types

PUBLISHED = ("wagtail.publish", "wagtail.publish.scheduled")


@dataclass(frozen=True, slots=True)
class Behind:
    """`before` is the version of the source that was live when the translation was published last;
    None if its history does not reach back so far. `changed` are names of fields and rows."""

    source: Any
    before: int | None
    changed: tuple[str, ...]


def find(pages: Any) -> dict[int, Behind]:
    """Those of the live `pages` that are behind, by key. A few queries, and some more for what the
    blocks of each source lead to."""
    late = list(candidates(pages))
    sources = {
        page.pk: page for page in Page.objects.filter(pk__in={p.source for p in late}).specific()
    }
    live = {source.live_revision_id for source in sources.values()}
    contents = Revision.objects.in_bulk({*live, *(page.before for page in late)} - {None})
    found = {}
    for page in late:
        source = sources[page.source]
        before, now = contents.get(page.before), contents.get(source.live_revision_id)
        changed = differing(source, before, now) if before and now else ()
        if changed or not (before and now):
            found[page.pk] = Behind(source, before and before.pk, changed)
    return found


def candidates(pages: Any) -> Any:
    """With `source` and `before`. An alias follows its source by itself."""
    same = Page.objects.filter(translation_key=OuterRef("translation_key")).order_by("pk")
    then = PageLogEntry.objects.filter(
        page=OuterRef("source"), action__in=PUBLISHED, timestamp__lte=OuterRef("last_published_at")
    ).order_by("-timestamp")
    return (
        pages.live()
        .filter(Q(alias_of=None))
        .type(*health_page_types())
        .annotate(
            source=Subquery(same.values("pk")[:1]),
            source_live=Subquery(same.values("live")[:1]),
            source_published=Subquery(same.values("last_published_at")[:1]),
            before=Subquery(then.values("revision")[:1]),
        )
        .exclude(pk=F("source"))
        .filter(source_live=True, source_published__gt=F("last_published_at"))
        .order_by()
    )


def differing(source: Any, before: Revision, now: Revision) -> tuple[str, ...]:
    """Fields and rows of which readers read something else, in the order of the model."""
    old, new = (source.with_content_json(version.content).substance() for version in (before, now))
    changed = review.changed_fields(old, new)
    return tuple(name for name in {**new, **old} if name in changed)
