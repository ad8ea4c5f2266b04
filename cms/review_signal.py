"""Tells other apps, by `cms.public`, that a page may have gained or lost its place in review."""

from typing import Any

from django.db.models.signals import post_delete
from wagtail.models import Page
from wagtail.signals import page_published, page_unpublished

from cms import public
from cms.models import HealthPage


def connect() -> None:
    page_published.connect(review_changed, dispatch_uid="a publication may change a review")
    page_unpublished.connect(review_changed, dispatch_uid="who is not live is not in review")
    # Every kind of page has its row of the base, so each deletion comes by once.
    post_delete.connect(page_deleted, sender=Page, dispatch_uid="what is gone is not in review")


def review_changed(sender: Any, instance: Any, **_kwargs: Any) -> None:
    if issubclass(sender, HealthPage):
        tell(instance.pk)


def page_deleted(instance: Page, **_kwargs: Any) -> None:
    tell(instance.pk)


def tell(page_id: int) -> None:
    public.review_may_have_changed.send(sender=None, page_ids=frozenset({page_id}))
