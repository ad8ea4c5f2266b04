from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
)
from wagtail.fields import StreamField
from wagtail.models import Orderable, Revision
from wagtail.search import index

from cms import languages, openness, progressions
from cms.blocks import line
from cms.contraindications import CONTRAINDICATIONS
from cms.dosage import Dosage
from cms.exercise_blocks import DosageBlock, MistakeBlock, StepBlock, dosage_of
from cms.forms import ExercisePageForm
from cms.media_blocks import MediaBlock
from cms.models.base import HealthPage, long_text
from cms.models.named_regions import NamedRegion, regions_panel
from cms.models.pictures import refuse_undescribed, renditions_of
from cms.ticked import TickedField


class Kind(models.TextChoices):
    STRENGTH = "strength", _("Strength")
    MOBILITY = "mobility", _("Mobility")
    STRETCH = "stretch", _("Stretch")
    BALANCE = "balance", _("Balance")
    AEROBIC = "aerobic", _("Aerobic")
    NEUROMOTOR = "neuromotor", _("Neuromotor")
    ISOMETRIC = "isometric", _("Isometric")
    BREATHING = "breathing", _("Breathing")


class Level(models.TextChoices):
    BEGINNER = "beginner", _("Beginner")
    INTERMEDIATE = "intermediate", _("Intermediate")
    ADVANCED = "advanced", _("Advanced")


class Position(models.TextChoices):
    LYING = "lying", _("Lying")
    SIDE_LYING = "side_lying", _("Lying on the side")
    KNEELING = "kneeling", _("Kneeling")
    HANDS_AND_KNEES = "hands_and_knees", _("Hands and knees")
    SITTING = "sitting", _("Sitting")
    STANDING = "standing", _("Standing")


class Laterality(models.TextChoices):
    BOTH = "both", _("Both sides together")
    EACH_SIDE = "each_side", _("Each side by itself")
    ALTERNATING = "alternating", _("Alternating sides")


NOT_YET = 0  # the key of a page that is not saved
SELF = _("Choose another exercise than this one.")
LOOP = _(
    "This closes a loop: by the links that are live, the one is harder than the other already."
)


def lines(label: Any, help_text: Any, *, max_num: int = 20) -> StreamField:
    """A list of short texts."""
    return StreamField(
        [("line", line(label, max_length=300))],
        verbose_name=label,
        blank=True,
        max_num=max_num,
        help_text=help_text,
    )


def standing_for(locale_id: int | None, *, around: int = NOT_YET) -> dict[int, int]:
    """Which exercise stands for which in a language: see `cms.progressions`. `around` is taken for
    live. One query."""
    rows = ExercisePage.objects.order_by("pk").values_list(
        "pk", "translation_key", "locale_id", "live"
    )
    versions = (progressions.Version(*row) for row in rows)
    return progressions.standing_for(
        (one._replace(live=one.live or one.page == around) for one in versions), locale_id
    )


def live_links(stands: dict[int, int], *, around: int = NOT_YET) -> list[tuple[int, int, str]]:
    """The links (from, to, kind) between those that stand for others, except those that start at
    `around`. One query."""
    links = ExerciseLink.objects.exclude(page=around).values_list("page_id", "to_id", "kind")
    return [
        (here, stands[there], kind)
        for here, there, kind in links
        if stands.get(here) == here and there in stands
    ]


class ExercisePage(HealthPage):
    """One movement: how to do it, how much, and when to stop."""

    other_names = lines(_("also called"), _("Names that people and colleagues search for."))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    level = models.CharField(_("level"), max_length=20, choices=Level.choices)
    position = models.CharField(_("position"), max_length=20, choices=Position.choices)
    laterality = models.CharField(
        _("sides"), max_length=20, choices=Laterality.choices, default=Laterality.BOTH
    )
    drawing = models.ForeignKey(
        "cms.Picture",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("drawing"),
        help_text=_("The picture itself carries the description for people who cannot see it."),
    )
    media = StreamField(
        MediaBlock(),
        verbose_name=_("more pictures and films"),
        blank=True,
        help_text=_("Other views of the movement. A film needs its transcript."),
    )
    purpose = models.TextField(
        _("why it helps"), max_length=800, help_text=_("What it trains, and what that is good for.")
    )
    steps = StreamField(
        [("step", StepBlock())],
        verbose_name=_("steps"),
        min_num=1,
        max_num=20,
        help_text=_("In the order of doing. Four to six steps are easy to follow."),
    )
    cues = lines(
        _("cues"),
        _("A few words each, to think of during the movement. Three are plenty."),
        max_num=10,
    )
    mistakes = StreamField(
        [("mistake", MistakeBlock())], verbose_name=_("mistakes"), blank=True, max_num=10
    )
    dosage = StreamField(
        [("dosage", DosageBlock())],
        verbose_name=_("default dosage"),
        min_num=1,
        max_num=1,
        help_text=_("Leave out what does not apply. The page says it as one sentence."),
    )
    stop_if = models.TextField(
        _("stop if"),
        max_length=500,
        help_text=_("When to stop at once, and what to do then. Every mail repeats it."),
    )
    contraindications = lines(
        _("not without asking a clinician if"), _("One reason each, in the reader's words.")
    )
    contraindication_tags = TickedField(
        choices=CONTRAINDICATIONS,
        verbose_name=_("not for people who said"),
        help_text=_("Mails bring the substitute of this exercise to them, or wait for the clinic."),
    )
    precautions = lines(_("take care if"), _("When to make it easier, and how."))
    equipment = lines(
        _("equipment"), _("Nothing, if the list is empty. The catalogue filters by it.")
    )
    home_alternative = models.CharField(
        _("at home instead"),
        max_length=300,
        blank=True,
        help_text=_("What does the same job at home."),
    )
    primary_muscles = lines(_("primary muscles"), _("What does the work."))
    secondary_muscles = lines(_("secondary muscles"), _("What helps."))
    joints = lines(_("joints"), _("What moves or is held steady."))

    content_panels = [
        *HealthPage.content_panels,
        FieldRowPanel([FieldPanel("kind"), FieldPanel("level")]),
        FieldRowPanel([FieldPanel("position"), FieldPanel("laterality")]),
        regions_panel(
            "regions",
            heading=_("Regions"),
            help_text=_("The parts of the body that it is for. The catalogue filters by them."),
        ),
        "drawing",
        "media",
        "purpose",
        "steps",
        "cues",
        "mistakes",
        "dosage",
        MultiFieldPanel(
            [
                FieldPanel("stop_if"),
                FieldPanel("contraindications"),
                FieldPanel("contraindication_tags"),
                FieldPanel("precautions"),
            ],
            heading=_("Safety"),
        ),
        InlinePanel("links", heading=_("Easier, harder, instead"), label=_("Link")),
        MultiFieldPanel(
            [
                FieldPanel(name)
                for name in (
                    "equipment",
                    "home_alternative",
                    "primary_muscles",
                    "secondary_muscles",
                    "joints",
                    "other_names",
                )
            ],
            heading=_("Details"),
            classname="collapsed",
        ),
    ]
    search_fields = [
        *HealthPage.search_fields,
        index.SearchField("other_names", boost=2),
        index.SearchField("purpose"),
        index.FilterField("kind"),
        index.FilterField("level"),
        index.FilterField("position"),
    ]

    base_form_class = ExercisePageForm

    parent_page_types = ["cms.ExerciseIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("exercise")
        verbose_name_plural = _("exercises")

    def clean(self) -> None:
        super().clean()
        refuse_undescribed(self, "drawing")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        pictures = [step.value["picture"] for step in self.steps if step.value["picture"]]
        models.prefetch_related_objects(pictures, renditions_of(""))
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return {**context, "days": list(WEEKDAYS_ABBR.values())}

    @property
    def default_dosage(self) -> Dosage:
        return dosage_of(self.dosage[0].value) if self.dosage else Dosage()

    def link_faults(self, links: Iterable[tuple[int, str]]) -> dict[int, Any]:
        """What is wrong with links (to, kind) of this page beside those that are live elsewhere,
        by their position. A link leads to the translation in this page's language, if it is live.
        """
        here = self.pk or NOT_YET
        stands = standing_for(self.locale_id, around=here)
        own = [(here, stands.get(to, to), kind) for to, kind in links]
        ups = progressions.rungs(live_links(stands, around=here))
        faults = dict.fromkeys(progressions.closing(ups, own), LOOP)
        return faults | {n: SELF for n, (_here, to, _kind) in enumerate(own) if to == here}

    def publish(self, revision: Revision, user: Any = None, **kwargs: Any) -> Any:
        """Raises ValidationError for a loop. Two drafts may be fine alone and a loop together."""
        version = revision.as_object()
        faults = version.link_faults([(link.to_id, link.kind) for link in version.links.all()])
        if faults:
            raise ValidationError([*{str(fault) for fault in faults.values()}])
        return super().publish(revision, user=user, **kwargs)

    def steps_up(self) -> list["ExercisePage"]:
        """What is the next step after this one, by links from either side."""
        return self._steps(self._rungs())

    def steps_down(self) -> list["ExercisePage"]:
        return self._steps(progressions.upside_down(self._rungs()))

    def _rungs(self) -> progressions.Rungs:
        return progressions.rungs(live_links(standing_for(self.locale_id)))

    def _steps(self, ways: progressions.Rungs) -> list["ExercisePage"]:
        found = ExercisePage.objects.live().public().filter(pk__in=ways.get(self.pk, ()))
        return list(found.order_by("path"))

    @cached_property
    def whole_ladder(self) -> list["ExercisePage"]:
        """Everything below this exercise, itself, and everything above, in an order in which no
        step goes down; empty if it stands alone. Each in this page's language if it is there.
        Three queries."""
        ups = self._rungs()
        below = progressions.above(progressions.upside_down(ups), self.pk)
        above = progressions.above(ups, self.pk)
        if not below and not above:
            return []
        order = [*progressions.in_order(ups, below), self.pk, *progressions.in_order(ups, above)]
        pages = openness.readable(ExercisePage.objects).in_bulk({*order} - {self.pk})
        return [
            self if pk == self.pk else pages[pk] for pk in order if pk == self.pk or pk in pages
        ]

    @cached_property
    def region_list(self) -> list[Any]:
        """The regions that a reader may see, in order, in the page's language where they are."""
        rows = list(self.regions.select_related("region"))
        followed = languages.follow(rows, "region", self)
        return self.openness.only(row.region for row in followed)

    @cached_property
    def ladder(self) -> list["ExerciseLink"]:
        """Where to go from here, to exercises that a reader may see, in order, each in this page's
        language if it is there."""
        links = self.links.select_related("to__drawing")
        links = list(links.prefetch_related(renditions_of("to__drawing")))
        followed = languages.follow(links, "to", self, among=pictured())
        return [link for link in followed if self.openness.allows(link.to)]


def pictured() -> Any:
    """Exercises as cards show them, with their drawings in two queries for all."""
    exercises = ExercisePage.objects.select_related("drawing")
    return exercises.prefetch_related(renditions_of("drawing"))


class ExerciseRegion(NamedRegion):
    """A part of the body that an exercise is for."""

    page = ParentalKey(ExercisePage, on_delete=models.CASCADE, related_name="regions")

    class Meta(NamedRegion.Meta):
        verbose_name_plural = _("regions")
        constraints = [
            models.UniqueConstraint(fields=["page", "region"], name="region_once_per_exercise"),
        ]


class ExerciseLink(Orderable):
    """A way from one exercise to another, and when to take it."""

    class Kind(models.TextChoices):
        PROGRESSION = "progression", _("Harder")
        REGRESSION = "regression", _("Easier")
        VARIATION = "variation", _("Variation")
        SUBSTITUTE = "substitute", _("Instead")

    page = ParentalKey(ExercisePage, on_delete=models.CASCADE, related_name="links")
    to = models.ForeignKey(ExercisePage, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    criterion = models.CharField(_("when"), max_length=300)

    panels = [FieldPanel("to"), FieldPanel("kind"), long_text("criterion")]

    class Meta(Orderable.Meta):
        verbose_name = _("link to another exercise")
        verbose_name_plural = _("links to other exercises")
        constraints = [
            models.UniqueConstraint(fields=["page", "to", "kind"], name="exercise_link_once"),
            models.CheckConstraint(
                condition=~models.Q(page=models.F("to")), name="exercise_link_leaves_its_page"
            ),
        ]

    def clean(self) -> None:
        super().clean()
        if self.to_id is not None and self.to_id == self.page_id:
            raise ValidationError({"to": SELF})
