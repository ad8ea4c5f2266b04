"""Who got what: the versions of a step, who received each, and how to put something right."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _
from wagtail.models import Page

from nurture.domain.states import WENT_OUT
from nurture.models import Message, Sequence, StepVersion
from nurture.models.choices import values

MOST_LINES = 80


@dataclass(frozen=True, slots=True)
class Told:
    """A version with what changed in it and how many people got it."""

    version: StepVersion
    changed: list[str]
    people: int
    last_sent: Any
    exercises: list[tuple[str, str]]  # the page and what it is called today


def sent(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Those that went out, or most probably did: a recall had rather reach one too many."""
    return messages.filter(state__in=values(WENT_OUT))


def versions(sequence: Sequence) -> list[Told]:
    """Every version of every step, newest first."""
    rows = StepVersion.objects.filter(step__sequence=sequence).select_related("step", "locale")
    counted = rows.annotate(
        people=Count(
            "messages__subscriber",
            filter=Q(messages__state__in=values(WENT_OUT)),
            distinct=True,
        ),
        last_sent=Max("messages__closed_at", filter=Q(messages__state__in=values(WENT_OUT))),
    ).order_by("step__position", "step", "locale", "number")
    titles = titles_of({page for row in counted for page in row.page_revisions})
    before: dict[tuple[int, int], StepVersion] = {}
    told = []
    for row in counted:
        key = (row.step_id, row.locale_id)
        shown = [(page, titles.get(page, page)) for page in row.page_revisions]
        told.append(Told(row, changes(before.get(key), row), row.people, row.last_sent, shown))
        before[key] = row
    return sorted(told, key=lambda one: (one.version.step.position, -one.version.number))


def titles_of(pages: set[str]) -> dict[str, str]:
    rows = Page.objects.filter(pk__in=list(map(int, pages))).values_list("pk", "title")
    return {str(pk): title for pk, title in rows}


def changes(before: StepVersion | None, after: StepVersion) -> list[str]:
    """What a reader of the text part would notice, as lines that begin with + or -."""
    if before is None:
        return []
    old, new = (
        f"{one.subject}\n{one.preheader}\n{one.text}".splitlines() for one in (before, after)
    )
    lines = [line for line in unified_diff(old, new, lineterm="", n=0) if line[:2] not in SKIPPED]
    return [line for line in lines if line.strip("+-").strip()][:MOST_LINES]


SKIPPED = {"--", "++", "@@"}


def who_got(
    *, version: int | None = None, page: int | None = None, revision: int | None = None
) -> QuerySet[Message]:
    """The messages with this version, or with this revision of an exercise in them."""
    rows = sent(Message.objects.select_related("subscriber", "step_version__step"))
    if version is not None:
        return rows.filter(step_version=version).order_by("subscriber", "pk")
    wanted: Mapping[str, int | None] = {str(page): revision}
    return rows.filter(step_version__page_revisions__contains=wanted).order_by("subscriber", "pk")


def corrective() -> dict[str, str]:
    """The draft of a mail that puts something right. A person finishes and sends it."""
    text = _(
        "Hello {{first_name}},\n\nan e-mail that we sent you needs a correction.\n\n"
        "[Which mail it was, what was wrong, and what to do instead.]\n\n"
        "If you have done it as it was written and feel worse, please stop and call us.\n"
    )
    return {"subject": _("A correction to an e-mail from us"), "text": text}
