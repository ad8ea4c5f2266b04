"""What editors see of sequences in the admin."""

from typing import Any
from uuid import uuid4

from django.db import transaction
from django.urls import URLPattern, path
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    HelpPanel,
    MultiFieldPanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
)
from wagtail.models import TaskState
from wagtail.snippets.views.snippets import CopyView, EditView, SnippetViewSet

from nurture.authoring import (
    workbench,
    workbench_correction,
    workbench_people,
    workbench_timeline,
)
from nurture.authoring.forms import SequenceForm
from nurture.models import Closure, Sequence

MAILS = [HelpPanel(template="nurture/admin/mails_panel.html"), "steps"]
PROGRAMME = ["title", "diagnosis", "goal", "what_to_expect", "notice"]
TIMING = [
    MultiFieldPanel(
        [FieldPanel("weekdays"), FieldRowPanel([FieldPanel("opens"), FieldPanel("closes")])],
        heading=_("When mails may arrive, in the subscriber's own time"),
    ),
    MultiFieldPanel(
        [FieldPanel("asks"), FieldPanel("entry"), FieldPanel("start_on")], heading=_("Starting")
    ),
    MultiFieldPanel([FieldPanel("exit_on"), FieldPanel("goal_event")], heading=_("Ending")),
    "frequency_class",
]
PUBLICATION = [HelpPanel(template="nurture/admin/approval_panel.html"), PublishingPanel()]


def with_new_keys(sequence: Sequence) -> Sequence:
    """A copy is another sequence: nobody who had a step of the first has had one of the second."""
    steps = list(sequence.steps.raw_data)
    sequence.steps = [{**step, "id": str(uuid4())} for step in steps]
    sequence.title = _now("Copy of %(title)s") % {"title": sequence.title}
    return sequence


class SequenceCopyView(CopyView):
    def get_initial_form_instance(self) -> Sequence:
        sequence: Sequence = super().get_initial_form_instance()
        return with_new_keys(sequence)


class SequenceEditView(EditView):
    def workflow_action_action(self) -> Any:
        """Wagtail expects that the step of the workflow is still there; a double click ends it."""
        with transaction.atomic():
            return self.act_once()

    def act_once(self) -> Any:
        state = self.object.current_workflow_task_state
        if state is not None:
            TaskState.objects.select_for_update().get(pk=state.pk)
        if self.object.current_workflow_task is None:
            messages.info(self.request, _now("This was decided a moment ago; see its history."))
            return None
        return super().workflow_action_action()


class SequenceViewSet(SnippetViewSet):
    model = Sequence
    icon = "mail"
    menu_label = _("Sequences")
    add_to_admin_menu = True
    menu_order = 250
    list_display = ("title", "diagnosis", "live", "plan_number")
    list_filter = ("diagnosis", "live")
    search_fields = ("title",)
    copy_view_class = SequenceCopyView
    edit_view_class = SequenceEditView
    edit_handler = TabbedInterface(
        [
            ObjectList(PROGRAMME, heading=_("Programme")),
            ObjectList(MAILS, heading=_("Mails")),
            ObjectList(TIMING, heading=_("Timing and people")),
            ObjectList(PUBLICATION, heading=_("Review and publication")),
        ],
        base_form_class=SequenceForm,
    )


class ClosureViewSet(SnippetViewSet):
    model = Closure
    icon = "calendar"
    menu_label = _("Clinic closures")
    add_to_admin_menu = True
    menu_order = 251
    list_display = ("name", "first", "last")
    panels = ["name", "first", "last"]


def workbench_urls() -> list[URLPattern]:
    here = "sequences/<int:pk>"
    return [
        path(f"{here}/timeline/", workbench_timeline.timeline, name="sequence_timeline"),
        path(f"{here}/effect/", workbench.effect, name="sequence_effect"),
        path(f"{here}/people/", workbench_people.people, name="sequence_people"),
        path(f"{here}/calendar/", workbench.calendar, name="sequence_calendar"),
        path(f"{here}/versions/", workbench.versions, name="sequence_versions"),
        path(f"{here}/recall/", workbench.recalled, name="sequence_recall"),
        path(f"{here}/corrections/", workbench_correction.begin, name="sequence_correction_new"),
        path(
            f"{here}/corrections/<uuid:public_id>/",
            workbench_correction.correction,
            name="sequence_correction",
        ),
        path(f"{here}/test/", workbench.test_send, name="sequence_test"),
        path(f"{here}/hints/", workbench.hints, name="sequence_hints"),
    ]
