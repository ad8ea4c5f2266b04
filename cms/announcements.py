"""Tells webhooks what becomes of public pages and redirects, in the transaction that did it.

It looks at the rows before and after a save, not at Wagtail's signals: some of those come after the
commit, and a process that is killed in between would lose the event. So publishing by a person, by
schedule or by program, expiry, unpublishing, moving and a new slug are all seen at one place.
"""

from copy import copy
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, PageViewRestriction
from wagtail.query import PageQuerySet

from cms.documents.pages import DOCUMENTS
from cms.integrations import webhooks

PUBLISHED, UNPUBLISHED = "page.published", "page.unpublished"
MOVED, DELETED = "page.moved", "page.deleted"
REDIRECT_CHANGED, REDIRECT_DELETED = "redirect.changed", "redirect.deleted"
EVENTS = {
    PUBLISHED: _("A page was published, or published again"),
    UNPUBLISHED: _("A page was unpublished, has expired or became private"),
    MOVED: _("A published page has a new address, and all pages below it"),
    DELETED: _("A published page was deleted"),
    REDIRECT_CHANGED: _("A redirect was added or changed"),
    REDIRECT_DELETED: _("A redirect was deleted"),
}
# A save of none of these changes nothing for readers: a draft, a lock, a search index.
PUBLIC_FIELDS = frozenset({"live", "last_published_at", "url_path", "slug"})


@dataclass(frozen=True, slots=True)
class Before:
    """What a page's row said before a save."""

    live: bool
    last_published_at: Any
    url_path: str


def connect() -> None:
    """Once, when the app starts."""
    for name, label in EVENTS.items():
        webhooks.register(name, label)
    for signal, receiver in (
        (pre_save, remember),
        (post_save, page_saved),
        (pre_delete, page_deleted),
        (post_save, restriction_saved),
        (post_delete, restriction_deleted),
        (post_save, redirect_saved),
        (post_delete, redirect_deleted),
    ):
        signal.connect(receiver, dispatch_uid=f"{receiver.__name__} for webhooks")


# ------------------------------------------------------------------ pages


def remember(instance: Any, update_fields: Any = None, **_signal: Any) -> None:
    if not isinstance(instance, Page) or not touches_readers(update_fields):
        return
    rows = Page.objects.filter(pk=instance.pk)
    row = rows.values_list("live", "last_published_at", "url_path").first()
    instance.announced_before = Before(*row) if row else Before(False, None, "")  # noqa: FBT003


def page_saved(instance: Any, **_signal: Any) -> None:
    before = instance.__dict__.pop("announced_before", None)
    if before is None or is_private(instance):
        return
    if before.live and not instance.live:
        tell(UNPUBLISHED, instance)
    if before.live and instance.live and before.url_path != instance.url_path:
        tell(MOVED, instance, old_path=path_of(instance, before.url_path), below=below(instance))
    if instance.live and published(instance, before):
        tell(PUBLISHED, instance)


def page_deleted(sender: Any, instance: Any, **_signal: Any) -> None:
    if sender is Page and instance.live and not is_private(instance):
        tell(DELETED, instance)


def restriction_saved(instance: Any, *, created: bool = False, **_signal: Any) -> None:
    """A page that became private is gone for readers."""
    if isinstance(instance, PageViewRestriction) and created:
        page = Page.objects.filter(pk=instance.page_id, live=True).first()
        if page and not page.get_view_restrictions().exclude(pk=instance.pk).exists():
            tell(UNPUBLISHED, page, below=below(page))


def restriction_deleted(instance: Any, *, origin: Any = None, **_signal: Any) -> None:
    """Without the restriction the page is there again, unless it is being deleted itself."""
    if isinstance(instance, PageViewRestriction) and not isinstance(origin, Page | PageQuerySet):
        page = Page.objects.filter(pk=instance.page_id, live=True).first()
        if page and not is_private(page):
            tell(PUBLISHED, page, below=below(page))


def touches_readers(update_fields: Any) -> bool:
    return update_fields is None or bool(PUBLIC_FIELDS.intersection(update_fields))


def published(page: Page, before: Before) -> bool:
    return not before.live or page.last_published_at != before.last_published_at


def is_private(page: Page) -> bool:
    return bool(page.get_view_restrictions().exists())


def below(page: Page) -> int:
    """How many published pages stand under it: the event is about them as well."""
    return int(page.get_descendants().live().count())


def tell(event: str, page: Any, **more: Any) -> None:
    webhooks.announce(event, {"page": identity(page), **more})


def identity(page: Any) -> dict[str, Any]:
    """Which page it is. Nothing here is a secret: the address of a public page is public."""
    model: Any = ContentType.objects.get_for_id(page.content_type_id).model_class()
    kinds = DOCUMENTS.get(model, {})
    return {
        "id": page.pk,
        "key": str(page.translation_key),
        "type": next((kind.value for kind in kinds), None),
        "locale": page.locale.language_code,
        "path": path_of(page, page.url_path),
    }


def path_of(page: Any, url_path: str) -> str | None:
    """The path on its site; None for a page outside of every site."""
    somewhere = copy(page)
    somewhere.url_path = url_path
    parts = somewhere.get_url_parts()
    return parts[2] if parts else None


# ------------------------------------------------------------------ redirects


def redirect_saved(instance: Any, **_signal: Any) -> None:
    if isinstance(instance, Redirect):
        webhooks.announce(REDIRECT_CHANGED, {"redirect": described(instance)})


def redirect_deleted(instance: Any, **_signal: Any) -> None:
    if isinstance(instance, Redirect):
        webhooks.announce(REDIRECT_DELETED, {"redirect": described(instance)})


def described(redirect: Redirect) -> dict[str, Any]:
    return {
        "id": redirect.pk,
        "old_path": redirect.old_path,
        "to": redirect.link,
        "permanent": redirect.is_permanent,
        "at": timezone.now().isoformat(timespec="milliseconds"),
    }
