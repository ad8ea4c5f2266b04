import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.admin.widgets import AdminAutoHeightTextInput
from wagtail.models import PreviewableMixin
from wagtail.search import index
from wagtail.snippets.blocks import SnippetChooserBlock

DOI_SITE = "https://doi.org/"
PUBMED = "https://pubmed.ncbi.nlm.nih.gov/"
WRITTEN_BEFORE = re.compile(
    r"^(https?://(dx\.)?doi\.org/|doi:\s*|https?://pubmed\.ncbi\.nlm\.nih\.gov/|pmid:\s*)", re.I
)


class CitationKind(models.TextChoices):
    ARTICLE = "article", _("Journal article")
    GUIDELINE = "guideline", _("Guideline")
    BOOK = "book", _("Book or chapter")
    WEBSITE = "website", _("Website")
    OTHER = "other", _("Other")


class Evidence(models.TextChoices):
    A = "A", _("A: consistent, good-quality evidence")
    B = "B", _("B: limited or inconsistent evidence")
    C = "C", _("C: consensus, usual practice, opinion")


class Design(models.TextChoices):
    REVIEW = "review", _("Systematic review or meta-analysis")
    TRIAL = "trial", _("Randomised trial")
    COHORT = "cohort", _("Cohort study")
    CASE_CONTROL = "case_control", _("Case-control study")
    CROSS_SECTION = "cross_section", _("Cross-sectional study")
    CASES = "cases", _("Case series or report")
    CONSENSUS = "consensus", _("Guideline or consensus")
    OPINION = "opinion", _("Narrative review or opinion")


def bare(identifier: str | None) -> str | None:
    """A DOI or PMID without what people copy along with it; nothing becomes None."""
    return WRITTEN_BEFORE.sub("", (identifier or "").strip()).rstrip("/") or None


class Citation(PreviewableMixin, index.Indexed, models.Model):
    """A published source that our pages lean on, entered once."""

    kind = models.CharField(
        _("kind"), max_length=12, choices=CitationKind.choices, default=CitationKind.ARTICLE
    )
    title = models.CharField(_("title"), max_length=400)
    authors = models.CharField(
        _("authors"), max_length=400, help_text=_("For example: Smith J, Doe A, et al.")
    )
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(1800), MaxValueValidator(2200)]
    )
    journal = models.CharField(_("journal or publisher"), max_length=200, blank=True)
    doi = models.CharField(
        "DOI",
        max_length=200,
        null=True,
        blank=True,
        unique=True,
        validators=[RegexValidator(r"^10\.\d{4,9}/\S+\Z", _("A DOI looks like 10.1000/xyz123."))],
        error_messages={"unique": _("There is a citation with this DOI already.")},
    )
    pmid = models.CharField(
        "PMID",
        max_length=9,
        null=True,
        blank=True,
        unique=True,
        validators=[RegexValidator(r"^[1-9]\d{0,8}\Z", _("A PMID is a number such as 12345678."))],
        error_messages={"unique": _("There is a citation with this PMID already.")},
    )
    url = models.URLField(_("web address"), max_length=500, blank=True)
    evidence_level = models.CharField(
        _("level of evidence"), max_length=1, choices=Evidence.choices, blank=True
    )
    study_design = models.CharField(
        _("study design"), max_length=14, choices=Design.choices, blank=True
    )

    panels = [
        FieldPanel("title", widget=AdminAutoHeightTextInput),
        FieldPanel("authors", widget=AdminAutoHeightTextInput),
        FieldPanel("journal"),
        FieldRowPanel([FieldPanel("kind"), FieldPanel("year")]),
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("doi"), FieldPanel("pmid")]), FieldPanel("url")],
            heading=_("Where to find it"),
            help_text=_("At least one of the three."),
        ),
        FieldRowPanel([FieldPanel("evidence_level"), FieldPanel("study_design")]),
    ]
    search_fields = [
        index.SearchField("title", boost=2),
        index.AutocompleteField("title"),
        index.SearchField("authors"),
        index.AutocompleteField("authors"),
        index.SearchField("journal"),
        index.AutocompleteField("doi"),
        index.AutocompleteField("pmid"),
        index.FilterField("kind"),
        index.FilterField("evidence_level"),
    ]

    class Meta:
        ordering = ["authors", "-year", "title"]
        verbose_name = _("citation")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(doi__isnull=False)
                | models.Q(pmid__isnull=False)
                | ~models.Q(url=""),
                name="citation_can_be_found",
                violation_error_message=_("Give a DOI, a PMID or a web address."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.authors} ({self.year}). {self.title}"

    def clean_fields(self, exclude: Any = None) -> None:
        self.doi, self.pmid = (bare(self.doi) or "").lower() or None, bare(self.pmid)
        super().clean_fields(exclude=exclude)

    def clean(self) -> None:
        super().clean()
        if not (self.doi or self.pmid or self.url):
            raise ValidationError({"doi": _("Give a DOI, a PMID or a web address.")})

    def get_preview_template(self, _request: Any, _mode_name: str) -> str:
        return "cms/citation_preview.html"

    def get_preview_context(self, request: Any, mode_name: str) -> dict[str, Any]:
        """As it stands at the foot of a page."""
        context: dict[str, Any] = super().get_preview_context(request, mode_name)
        return {**context, "supports": _("the statement that an editor names.")}

    @property
    def links(self) -> list[tuple[str, str]]:
        """Label and address, the most lasting first."""
        links = [
            (f"doi:{self.doi}", f"{DOI_SITE}{self.doi}") if self.doi else None,
            (f"PubMed {self.pmid}", f"{PUBMED}{self.pmid}/") if self.pmid else None,
            (self.url.removeprefix("https://"), self.url) if self.url and not self.doi else None,
        ]
        return [link for link in links if link]


class CitationBlock(blocks.StructBlock):
    """A source, and which statement of the page rests on it."""

    citation = SnippetChooserBlock("cms.Citation")
    supports = blocks.CharBlock(
        max_length=300, required=False, label=_("What it supports"), help_text=_("In a few words.")
    )

    class Meta:
        icon = "openquote"
        label = _("Citation")
