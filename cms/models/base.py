from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import (
    FieldPanel,
    HelpPanel,
    MultiFieldPanel,
    ObjectList,
    TabbedInterface,
)
from wagtail.admin.widgets import AdminAutoHeightTextInput
from wagtail.fields import StreamField
from wagtail.models import Page, Revision
from wagtail.search import index
from wagtail.utils.decorators import cached_classmethod

from cms import review, substance
from cms.forms import HealthPageForm
from cms.models.citations import CitationBlock
from cms.models.clinicians import ClinicianPage
from cms.models.front_end import OnFrontEnd
from cms.models.review import Approval, settle

TWO_YEARS = 24  # months

# What the page's row knows about its review. A draft never carries it: it is set by publishing.
REVIEW_FIELDS = ("last_reviewed", "next_review_due", "approved_fingerprint", "live_fingerprint")
NOT_SUBSTANCE = frozenset(
    {*REVIEW_FIELDS, "notice", "author", "review_interval", "change_summary", "minor_edit"}
)


def long_text(name: str) -> FieldPanel:
    """For texts of more than a line, which would else be cut off while one writes."""
    return FieldPanel(name, widget=AdminAutoHeightTextInput)


class HealthPage(OnFrontEnd):
    """What every page about health carries: a summary, a notice, and its clinical review.

    An approval belongs to a substance (see `cms.substance`). Publishing any other substance leaves
    the approval behind; only what was marked as a typo fix, and is one, takes it along.
    """

    summary = models.CharField(
        _("summary"), max_length=300, help_text=_("One or two sentences, in the reader's words.")
    )
    notice = models.CharField(
        _("notice"),
        max_length=300,
        blank=True,
        help_text=_("Shown above the page, for example while the content is only a sample."),
    )
    citations = StreamField(
        [("citation", CitationBlock())],
        verbose_name=_("sources"),
        blank=True,
        help_text=_("Shown as a list of references at the foot of the page."),
    )
    author = models.ForeignKey(
        ClinicianPage,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    review_interval = models.PositiveSmallIntegerField(
        _("months between reviews"), default=TWO_YEARS
    )
    change_summary = models.CharField(
        _("what changed"),
        max_length=300,
        blank=True,
        help_text=_("For the clinician who reviews this version, and for the history."),
    )
    minor_edit = models.BooleanField(
        _("only typos were fixed; the approval stays"),
        default=False,
        help_text=_(
            "For changes of wording alone. A changed number, choice, link or order, and anything "
            "added or removed, needs a review all the same. Each use is shown in the history."
        ),
    )
    last_reviewed = models.DateField(_("last reviewed"), null=True, blank=True, editable=False)
    next_review_due = models.DateField(_("next review due"), null=True, blank=True, editable=False)
    approved_fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    live_fingerprint = models.CharField(max_length=64, blank=True, editable=False)

    content_panels = [*Page.content_panels, long_text("summary")]
    promote_panels = [*Page.promote_panels, long_text("notice")]
    review_panels = [
        MultiFieldPanel(
            [
                HelpPanel(template="cms/admin/review_panel.html"),
                FieldPanel("minor_edit"),
                long_text("change_summary"),
            ],
            heading=_("Clinical review"),
        ),
        FieldPanel("author"),
        FieldPanel("review_interval"),
        FieldPanel("citations"),
    ]
    search_fields = [*Page.search_fields, index.SearchField("summary")]
    exclude_fields_in_copy = [*REVIEW_FIELDS, "minor_edit"]

    base_form_class = HealthPageForm
    checked_as_draft = False  # while the editor's form checks an unfinished draft

    class Meta:
        abstract = True

    @cached_classmethod  # type: ignore[untyped-decorator]  # Wagtail's own kind of class method
    def get_edit_handler(cls) -> Any:  # noqa: N805
        """Wagtail's tabs, and one for the clinical review beside the content."""
        tabs = [
            ObjectList(cls.content_panels, heading=_("Content")),
            ObjectList(cls.review_panels, heading=_("Review")),
            ObjectList(cls.promote_panels, heading=_("Promote")),
            ObjectList(cls.settings_panels, heading=_("Settings")),
        ]
        return TabbedInterface(tabs, base_form_class=cls.base_form_class).bind_to_model(cls)

    # ------------------------------------------------------------------ what the review is worth

    @property
    def changed_since_review(self) -> bool:
        return self.approved_fingerprint != self.live_fingerprint

    def review_status(self, *, today: date | None = None) -> review.Status:
        return review.status(
            last_reviewed=self.last_reviewed,
            next_due=self.next_review_due,
            changed=self.changed_since_review,
            today=today or timezone.localdate(),
        )

    @cached_property
    def last_approvals(self) -> list[Approval]:
        """What stands behind the date of the last review, newest first, one for each clinician."""
        if self.last_reviewed is None:
            return []
        approvals = Approval.objects.of(self, self.approved_fingerprint)
        newest: dict[str, Approval] = {}
        for approval in approvals.select_related("clinician"):
            newest.setdefault(approval.clinician_name, approval)
        return list(newest.values())

    @property
    def reviewers(self) -> list[ClinicianPage]:
        """The clinicians who approved it, as far as they still have a page."""
        return [approval.clinician for approval in self.last_approvals if approval.clinician]

    @property
    def draft_changes(self) -> list[str]:
        """For editors: the names of the fields in which this version differs from the approved."""
        if not self.last_approvals:
            return []
        before = self.last_approvals[0].substance
        return self.labels(review.changed_fields(before, self.substance()))

    def labels(self, names: Iterable[str]) -> list[str]:
        """As editors know the fields; rows that hang on a page are called by what they are."""
        fields = {field.name: field for field in self._meta.get_fields()}
        return [label_of(fields[name]) if name in fields else name for name in names]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Authors and reviewers are named with a link only where anybody may read their pages."""
        people = [self.author, *self.reviewers]
        self.openness.only(people)
        return super().get_context(request, *args, **kwargs)  # type: ignore[no-any-return]

    # ------------------------------------------------------------------ how it changes

    def substance(self) -> dict[str, Any]:
        return substance.of(self, leaving_out=NOT_SUBSTANCE)

    def with_content_json(self, content: dict[str, Any]) -> Any:
        """A version of the page says what it says; its review is the page's own."""
        version = super().with_content_json(content)
        source = self.alias_of.specific if self.alias_of_id else self
        for name in REVIEW_FIELDS:
            setattr(version, name, getattr(source, name))
        return version

    def publish(self, revision: Revision, user: Any = None, **kwargs: Any) -> Any:
        """Settle what the review is worth for this version and publish it, or neither."""
        with transaction.atomic():
            version = revision.as_object()
            if not version.go_live_at or version.go_live_at <= timezone.now():
                self._settle(version, revision, user)
            return super().publish(revision, user=user, **kwargs)

    def _settle(self, version: Any, revision: Revision, user: Any) -> None:
        live = type(self).objects.select_for_update().get(pk=self.pk)
        settled = settle(live, version, revision, user=user)
        # Publishing reads the version again, by way of the page that the revision holds.
        for page in (self, revision.content_object):
            for name, value in settled.items():
                setattr(page, name, value)
        if version.minor_edit:
            revision.content = {**revision.content, "minor_edit": False}
            revision.save(update_fields=["content"])


def label_of(field: Any) -> str:
    label = getattr(field, "verbose_name", "") or field.related_model._meta.verbose_name_plural
    return str(label)
