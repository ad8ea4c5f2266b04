"""Which programmes are on offer, in the words of the reader's language.

A person is enrolled in the source: a translation has steps and people of its own no more than a
name of its own. So each programme is offered once.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils.translation import get_language_info
from wagtail.models import Page

from nurture.models import Sequence


@dataclass(frozen=True, slots=True)
class Offer:
    """`sequence` is what a signup starts, `words` the row that tells of it to this reader."""

    sequence: Sequence
    words: Sequence
    translated: bool

    @property
    def key(self) -> str:
        return str(self.sequence.translation_key.hex)

    @property
    def title(self) -> str:
        return self.words.title

    @property
    def goal(self) -> str:
        return self.words.goal

    @property
    def what_to_expect(self) -> str:
        return self.words.what_to_expect

    @property
    def diagnosis(self) -> str:
        return str(self.words.diagnosis.title)

    @property
    def diagnosis_id(self) -> str:
        """The same in every language, as the content API has it."""
        return str(self.words.diagnosis.translation_key)

    @property
    def language(self) -> str:
        """The code of the language of its mails."""
        return str(self.words.locale.language_code)

    @property
    def language_name(self) -> str:
        """As the reader calls it."""
        return str(get_language_info(self.language)["name_translated"])


def offers(language: str, *, about: Collection[int] | None = None) -> list[Offer]:
    """All that are published, or those about these diagnosis pages, in whatever language."""
    elder = Sequence.objects.filter(
        translation_key=OuterRef("translation_key"), pk__lt=OuterRef("pk")
    )
    sources = Sequence.objects.filter(
        ~Exists(elder), live=True, diagnosis__live=True, plan_number__gt=0
    )
    if about is not None:
        keys = Page.objects.filter(pk__in=about).values("translation_key")
        sources = sources.filter(diagnosis__translation_key__in=keys)
    rows = list(sources.select_related("diagnosis", "locale").order_by("pk"))
    words = in_language(rows, language)
    return [
        Offer(row, words.get(row.pk, row), row.locale.language_code == language or row.pk in words)
        for row in rows
    ]


def in_language(rows: list[Sequence], language: str) -> dict[int, Sequence]:
    """The live translations of sources, by the source's primary key."""
    keys = {row.translation_key: row.pk for row in rows}
    found = Sequence.objects.filter(
        translation_key__in=keys, locale__language_code=language, live=True, diagnosis__live=True
    )
    return {keys[row.translation_key]: row for row in found.select_related("diagnosis", "locale")}
