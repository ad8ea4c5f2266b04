import json
from datetime import date, time
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.fields import StreamField
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    PreviewableMixin,
    RevisionMixin,
    TranslatableMixin,
    WorkflowMixin,
)
from wagtail.search import index

from cms import review
from cms.ticked import TickedField
from nurture.blocks import StepsBlock
from nurture.blocks.planning import DATES, EntryBlock
from nurture.domain.schedule import NeverOpens, Window
from nurture.models.approval import SequenceApproval
from nurture.models.weekdays import WeekdaysField, every_weekday

# Authoring stands above the models and compiles what is published; it listens to this. A receiver
# that raises stops the publication, since both happen in one transaction.
publishing = Signal()


class FrequencyClass(models.TextChoices):
    PROGRAMME = "programme", _("Programme")
    NEWSLETTER = "newsletter", _("Newsletter")


class OutsideEvent(models.TextChoices):
    """What booking software can report."""

    BOOKED = "booked", _("booked an evaluation")
    ATTENDED = "attended", _("came to an appointment")
    DISCHARGED = "discharged", _("was discharged")


class ExitEvent(models.TextChoices):
    BOOKED = OutsideEvent.BOOKED.value, OutsideEvent.BOOKED.label
    ATTENDED = OutsideEvent.ATTENDED.value, OutsideEvent.ATTENDED.label
    DISCHARGED = OutsideEvent.DISCHARGED.value, OutsideEvent.DISCHARGED.label
    CHANGED_DIAGNOSIS = "changed_diagnosis", _("changed the diagnosis")
    FINISHED_ANOTHER = "finished_another", _("finished another programme")


class GoalEvent(models.TextChoices):
    BOOKED = OutsideEvent.BOOKED.value, OutsideEvent.BOOKED.label
    ATTENDED = OutsideEvent.ATTENDED.value, OutsideEvent.ATTENDED.label
    DISCHARGED = OutsideEvent.DISCHARGED.value, OutsideEvent.DISCHARGED.label
    FINISHED = "finished", _("finished the programme")


PREVIEW_COOKIE = "mail_preview"
PREVIEW_CHOICES = ("step", "view", "who")
# What a clinician's approval covers: all that people get, and when.
APPROVED_FIELDS = (
    "title", "diagnosis_id", "goal", "what_to_expect", "weekdays", "opens", "closes", "asks",
    "start_on", "exit_on",
)  # fmt: skip


class Sequence(
    index.Indexed,
    WorkflowMixin,
    DraftStateMixin,
    LockableMixin,
    RevisionMixin,
    PreviewableMixin,
    TranslatableMixin,
    models.Model,
):
    """A programme of e-mails for a diagnosis."""

    title = models.CharField(
        _("title"), max_length=120, help_text=_("Shown on the signup page. No diagnosis in it.")
    )
    diagnosis = models.ForeignKey(
        "cms.DiagnosisPage", on_delete=models.PROTECT, related_name="+", verbose_name=_("diagnosis")
    )
    goal = models.CharField(_("goal"), max_length=300)
    what_to_expect = models.CharField(_("what to expect"), max_length=300)
    notice = models.CharField(
        _("notice"), max_length=300, blank=True, help_text=_("Shown at the end of each mail.")
    )
    weekdays = WeekdaysField(default=every_weekday, verbose_name=_("weekdays"))
    opens = models.TimeField(_("from"), default=time(8))
    closes = models.TimeField(_("until"), default=time(20))
    frequency_class = models.CharField(
        _("kind of mail"),
        max_length=20,
        choices=FrequencyClass,
        default=FrequencyClass.PROGRAMME,
        help_text=_("When a person would get too many mails, programmes come before newsletters."),
    )
    asks = TickedField(
        choices=DATES,
        verbose_name=_("the signup asks for"),
        help_text=_("Steps can wait for these dates, and conditions can ask about them."),
    )
    entry = StreamField(
        EntryBlock(required=False),
        verbose_name=_("who may start"),
        blank=True,
        help_text=_("All must hold. Without any, everybody may."),
    )
    start_on = models.CharField(
        _("also starts when"), max_length=30, choices=OutsideEvent, blank=True
    )
    exit_on = TickedField(
        choices=ExitEvent.choices,
        verbose_name=_("ends early when the person"),
        help_text=_("Nothing more is sent then."),
    )
    goal_event = models.CharField(
        _("the goal is reached when the person"),
        max_length=30,
        choices=GoalEvent,
        default=GoalEvent.FINISHED,
        help_text=_("It is counted. It ends the programme only if it is ticked above, too."),
    )
    steps = StreamField(StepsBlock(), verbose_name=_("steps"), min_num=1)
    plan_number = models.PositiveIntegerField(default=0, editable=False)

    search_fields = [index.SearchField("title"), index.AutocompleteField("title")]

    exclude_fields_in_copy = ["plan_number"]

    class Meta(TranslatableMixin.Meta):
        verbose_name = _("sequence")
        verbose_name_plural = _("sequences")

    def __str__(self) -> str:
        return self.title

    @property
    def window(self) -> Window:
        return Window(frozenset(self.weekdays), self.opens, self.closes)

    def clean(self) -> None:
        super().clean()
        try:
            _window = self.window
        except NeverOpens as error:
            raise ValidationError({"weekdays": str(error)}) from None

    def with_content_json(self, content: Any) -> "Sequence":
        """A revision holds what an editor wrote; where the plan stands is the row's to say."""
        written: Sequence = super().with_content_json(content)
        row = Sequence.objects.filter(pk=self.pk)
        written.plan_number = row.values_list("plan_number", flat=True).get()
        return written

    def publish(self, revision: Any, *args: Any, **kwargs: Any) -> None:
        """Publish and compile, or neither. Raises what the compiler raises."""
        with transaction.atomic():
            # Two at once would read the same plan number.
            Sequence.objects.select_for_update(no_key=True).get(pk=self.pk)
            super().publish(revision, *args, **kwargs)
            row = Sequence.objects.get(pk=self.pk)
            if row.live and row.live_revision_id == revision.pk:  # else it is only scheduled
                publishing.send(sender=Sequence, sequence=row)

    # ------------------------------------------------------------------ how it is looked at

    def get_preview_template(self, _request: HttpRequest, _mode_name: str) -> str:
        """It calls up into authoring, which stands above the models, through a template tag."""
        return "nurture/admin/preview.html"

    def get_preview_context(self, request: HttpRequest, mode_name: str) -> dict[str, Any]:
        context: dict[str, Any] = super().get_preview_context(request, mode_name)
        return {**context, "asked": self._asked(request)}

    def make_preview_request(
        self,
        original_request: HttpRequest | None = None,
        preview_mode: str | None = None,
        extra_request_attrs: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The choice of step, view and person; a cookie keeps it while the editor writes on."""
        asked = original_request.GET.dict() if original_request else {}
        chosen = {name: asked[name] for name in PREVIEW_CHOICES if name in asked}
        attributes = {**(extra_request_attrs or {}), "chosen": chosen}
        response: HttpResponse = super().make_preview_request(
            original_request, preview_mode, attributes
        )
        if chosen:
            response.set_cookie(
                PREVIEW_COOKIE, urlencode(chosen), httponly=True, samesite="Lax", path="/admin/"
            )
        return response

    @staticmethod
    def _asked(request: HttpRequest) -> dict[str, str]:
        kept = dict(parse_qsl(request.COOKIES.get(PREVIEW_COOKIE, "")))
        return {**kept, **getattr(request, "chosen", {})}

    # ------------------------------------------------------------------ what the review is worth

    @property
    def fingerprint(self) -> str:
        """Equal for content that says and does the same."""
        content = {name: getattr(self, name) for name in APPROVED_FIELDS}
        streams = {name: getattr(self, name).get_prep_value() for name in ("entry", "steps")}
        said = json.dumps({**content, **streams}, sort_keys=True, default=str)
        return sha256(said.encode()).hexdigest()

    @property
    def last_approval(self) -> SequenceApproval | None:
        return self.approvals.order_by("-pk").first()

    def review_status(self, *, today: date | None = None) -> review.Status:
        """What the last approval is worth for this content, draft or live."""
        approval = self.last_approval
        return review.status(
            last_reviewed=approval.reviewed_on if approval else None,
            next_due=approval.next_due if approval else None,
            changed=approval is not None and approval.fingerprint != self.fingerprint,
            today=today or timezone.localdate(),
        )
