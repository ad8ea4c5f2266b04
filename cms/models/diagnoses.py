from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail import blocks
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    MultiFieldPanel,
    MultipleChooserPanel,
    PageChooserPanel,
)
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page
from wagtail.search import index

from cms import codes, languages, openness
from cms.blocks import RedFlagBlock, SectionBlock, line
from cms.models.base import HealthPage, long_text
from cms.models.exercises import ExercisePage, pictured
from cms.models.named_regions import NamedRegion, regions_panel
from cms.models.pictures import renditions_of

RELATED = ["cms.DiagnosisPage", "cms.ArticlePage", "cms.ExercisePage", "cms.RegionPage"]
WEEKS_A_MONTH = 4.33
SAID_IN_WEEKS = 16  # longer times are easier to picture in months


class CodeBlock(blocks.StructBlock):
    system = blocks.ChoiceBlock(
        choices=[(system, system) for system in (codes.ICD_10, codes.ICD_11, codes.SNOMED)],
        label=_("System"),
    )
    value = blocks.CharBlock(
        max_length=20, label=_("Code"), help_text=_("For example M53.3. Check it in the register.")
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        fits = codes.fits(cleaned["system"], cleaned["value"])
        if not self.is_deferred_validation and not fits:
            error = ValidationError(_("This is no code of %(s)s.") % {"s": cleaned["system"]})
            raise blocks.StructBlockValidationError(block_errors={"value": error})
        return cleaned

    class Meta:
        icon = "code"
        label = _("Code")
        label_format = "{system} {value}"


class DiagnosisPage(HealthPage):
    """What a person has, how to tell, when to worry, and what helps."""

    synonyms = StreamField(
        [("synonym", line(_("Synonym"), max_length=120))],
        verbose_name=_("synonyms"),
        blank=True,
        max_num=20,
        help_text=_("Other names that people search for. None of them ever stands in a subject."),
    )
    codes = StreamField([("code", CodeBlock())], verbose_name=_("codes"), blank=True, max_num=20)
    who = models.TextField(
        _("who it affects"),
        max_length=600,
        blank=True,
        help_text=_("One or two sentences: age, life, sport, work."),
    )
    sections = StreamField(
        [("section", SectionBlock())],
        verbose_name=_("sections"),
        min_num=1,
        max_num=20,
        help_text=_("In the order of the page. The first one is open when the page loads."),
    )
    red_flags = StreamField(
        [("red_flag", RedFlagBlock())],
        verbose_name=_("red flags"),
        min_num=1,
        max_num=20,
        help_text=_("Signs that need help, and how fast. At least one."),
    )
    differentials = StreamField(
        [("differential", line(_("Differential"), max_length=200))],
        verbose_name=_("what else it could be"),
        blank=True,
        max_num=20,
    )
    recovery_weeks_from = models.PositiveSmallIntegerField(_("recovery from (weeks)"), null=True)
    recovery_weeks_to = models.PositiveSmallIntegerField(_("recovery to (weeks)"), null=True)
    recovery_note = models.TextField(
        _("about recovery"),
        max_length=600,
        blank=True,
        help_text=_("What makes it quicker or slower, and what is normal on the way."),
    )

    content_panels = [
        *HealthPage.content_panels,
        "who",
        "red_flags",
        "sections",
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("recovery_weeks_from"), FieldPanel("recovery_weeks_to")]),
                FieldPanel("recovery_note"),
            ],
            heading=_("Recovery"),
        ),
        MultipleChooserPanel(
            "exercises",
            chooser_field_name="exercise",
            heading=_("Exercises"),
            label=_("Exercise"),
            max_num=20,
            help_text=_("From gentle to demanding, each with the reason why it fits."),
        ),
        MultipleChooserPanel(
            "related",
            chooser_field_name="target",
            heading=_("Related pages"),
            label=_("Page"),
            max_num=8,
            help_text=_("Diagnoses that are easily mixed up with this one, and what to read next."),
        ),
        regions_panel(
            "more_regions",
            heading=_("Other regions"),
            help_text=_("Besides the region above this page: their pages list the diagnosis too."),
        ),
        MultiFieldPanel(
            [FieldPanel("synonyms"), FieldPanel("codes"), FieldPanel("differentials")],
            heading=_("Names and codes"),
            classname="collapsed",
        ),
    ]
    search_fields = [
        *HealthPage.search_fields,
        index.SearchField("synonyms", boost=2),
        index.SearchField("sections"),
    ]

    parent_page_types = ["cms.RegionPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("diagnosis")
        verbose_name_plural = _("diagnoses")

    def clean(self) -> None:
        super().clean()
        low, high = self.recovery_weeks_from, self.recovery_weeks_to
        if self.checked_as_draft or low is None or high is None:
            return
        if high < low:
            raise ValidationError({"recovery_weeks_to": _("The upper end is below the lower end.")})

    @property
    def recovery(self) -> str:
        """The expected time in words, in months where weeks would be hard to picture."""
        low, high = self.recovery_weeks_from, self.recovery_weeks_to
        if not low or not high:
            return ""
        if high > SAID_IN_WEEKS:
            low, high = round(low / WEEKS_A_MONTH), round(high / WEEKS_A_MONTH)
            return _now("%(low)s to %(high)s months") % {"low": low, "high": high}
        return _now("%(low)s to %(high)s weeks") % {"low": low, "high": high}

    @cached_property
    def exercise_list(self) -> list[Any]:
        """The exercises that a reader may see, in order, with their pictures, in three queries.

        In a copy that waits for its translation, each one in this page's language if it is there.
        """
        links = self.exercises.select_related("exercise__drawing").prefetch_related(
            renditions_of("exercise__drawing")
        )
        followed = languages.follow(list(links), "exercise", self, among=pictured())
        return [link for link in followed if self.openness.allows(link.exercise)]

    @cached_property
    def related_list(self) -> list[Any]:
        """The related pages that a reader may see, in order, each in this page's language if it is
        there; a query for each type."""
        rows = list(self.related.select_related("target"))
        wanted = [row.target.pk for row in languages.follow(rows, "target", self)]
        targets = openness.readable(Page.objects).filter(pk__in=wanted).specific()
        by_key = {page.pk: page for page in targets}
        return [by_key[key] for key in wanted if key in by_key]

    @property
    def named_diagnoses(self) -> list[int]:
        """The diagnosis pages that this page is about, by primary key."""
        return [self.pk] if self.pk else []


class DiagnosisExercise(Orderable):
    """An exercise that fits a diagnosis, and why."""

    page = ParentalKey(DiagnosisPage, on_delete=models.CASCADE, related_name="exercises")
    exercise = models.ForeignKey(ExercisePage, on_delete=models.CASCADE, related_name="+")
    why = models.CharField(_("why it fits"), max_length=400)

    panels = [FieldPanel("exercise"), long_text("why")]

    class Meta(Orderable.Meta):
        verbose_name_plural = _("exercises")
        constraints = [
            models.UniqueConstraint(
                fields=["page", "exercise"], name="exercise_once_per_diagnosis"
            ),
        ]


class DiagnosisRegion(NamedRegion):
    """A region that lists a diagnosis besides the one that it stands below."""

    page = ParentalKey(DiagnosisPage, on_delete=models.CASCADE, related_name="more_regions")

    class Meta(NamedRegion.Meta):
        verbose_name_plural = _("other regions")
        constraints = [
            models.UniqueConstraint(fields=["page", "region"], name="region_once_per_diagnosis"),
        ]


class DiagnosisRelated(Orderable):
    """A page that readers of a diagnosis may want next."""

    page = ParentalKey(DiagnosisPage, on_delete=models.CASCADE, related_name="related")
    target = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")

    panels = [PageChooserPanel("target", RELATED)]

    class Meta(Orderable.Meta):
        verbose_name = _("related page")
        verbose_name_plural = _("related pages")
        constraints = [
            models.UniqueConstraint(fields=["page", "target"], name="related_once_per_diagnosis"),
        ]
