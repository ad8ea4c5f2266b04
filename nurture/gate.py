"""Clinical review at the door: a mail whose pages have lost their review is held, not sent.

Whether a version's pages are in review is copied onto the version, so that the fence stays one
statement. The copy follows the CMS's signal, and a sweep repairs it when a date has passed.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from cms import public
from nurture.domain.states import MessageState, Reason
from nurture.models import Message, StepVersion


def connect() -> None:
    public.review_may_have_changed.connect(on_change, dispatch_uid="hold what is not in review")


def on_change(page_ids: Collection[int], **_kwargs: Any) -> None:
    keys = [str(page_id) for page_id in page_ids]
    refresh(StepVersion.objects.filter(page_revisions__has_any_keys=keys))


def is_open(page_ids: Iterable[int]) -> bool:
    """Whether none of these pages has lost its review by today."""
    return not public.lost_review(frozenset(page_ids))


@transaction.atomic
def refresh(versions: "QuerySet[StepVersion] | None" = None) -> int:
    """Copy the state of review onto versions, all by default; how many changed."""
    all_or_these = StepVersion.objects.all() if versions is None else versions
    rows = all_or_these.exclude(page_revisions={})
    pages = {pk: frozenset(map(int, used)) for pk, used in rows.values_list("pk", "page_revisions")}
    out = public.lost_review(frozenset().union(*pages.values())) if pages else frozenset()
    shut = [pk for pk, used in pages.items() if used & out]
    changed = StepVersion.objects.filter(pk__in=shut, in_review=True).update(in_review=False)
    again = list(
        StepVersion.objects.filter(pk__in=set(pages) - set(shut), in_review=False)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    StepVersion.objects.filter(pk__in=again).update(in_review=True)
    let_out(again)
    return changed + len(again)


def let_out(versions: Collection[int]) -> None:
    """Mails that waited for these versions go out, as far as their week has not passed."""
    held = Message.objects.filter(
        state=MessageState.HELD, reason=Reason.OUT_OF_REVIEW, step_version__in=versions
    )
    held.update(state=MessageState.QUEUED, reason=Reason.NONE, next_attempt_at=Now())
