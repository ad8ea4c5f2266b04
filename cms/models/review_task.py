"""The step of a Wagtail workflow that only a clinician may take."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, Task, TaskState, Workflow, WorkflowPage, WorkflowTask

from cms import rights
from cms.models import review
from cms.models.base import HealthPage
from cms.models.clinicians import ClinicianPage, clinician_of

APPROVE, REJECT = "approve", "reject"
WAGTAILS_OWN = "Moderators approval"


class ClinicalReviewState(TaskState):
    """One round of the step. It refuses whoever is no clinician, by whatever way they come."""

    revision: Any
    publishes = True  # see cms.workflow

    def approve(self, user: Any = None, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            clinician = self._clinician(user)
            self._hold_drafts()
            self._follow(user)
            page = self.revision.as_object()
            if isinstance(page, HealthPage):
                review.approve(page, self.revision, clinician=clinician, today=timezone.localdate())
            return super().approve(user, *args, **kwargs)

    def reject(self, user: Any = None, *args: Any, **kwargs: Any) -> Any:
        self._clinician(user)
        return super().reject(user, *args, **kwargs)

    def _clinician(self, user: Any) -> ClinicianPage:
        clinician = clinician_of(user)
        if clinician is None:
            raise PermissionDenied("Only a clinician may do this.")
        return clinician

    def _hold_drafts(self) -> None:
        """A draft that is saved meanwhile waits: it would need another approval at once."""
        state = self.workflow_state
        rows = state.base_content_type.model_class().objects.filter(pk=state.object_id)
        list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))

    def _follow(self, user: Any) -> None:
        """Who edits and approves in one go approves the text as edited."""
        latest = self.revision.content_object.get_latest_revision()
        if latest != self.revision and latest.user_id == user.pk:
            self.revision = latest

    class Meta:
        verbose_name = _("clinical review state")


def in_progress(task_state: Any) -> bool:
    """Whether it is still to be decided; nobody else decides before the transaction ends."""
    rows = TaskState.objects.filter(pk=task_state.pk, status=TaskState.STATUS_IN_PROGRESS)
    return bool(rows.select_for_update().values_list("pk", flat=True))


class ClinicalReviewTask(Task):
    """Any user who is linked to a live clinician page may approve or ask for changes."""

    task_state_class = ClinicalReviewState

    class Meta:
        verbose_name = _("clinical review")
        verbose_name_plural = _("clinical reviews")

    @classmethod
    def get_description(cls) -> str:
        return _now("A clinician (a user linked to a live clinician page) approves this task")

    def user_can_access_editor(self, _obj: Any, user: Any) -> bool:
        return clinician_of(user) is not None

    def locked_for_user(self, _obj: Any, user: Any) -> bool:
        return not (user.is_superuser or clinician_of(user))

    def user_can_lock(self, _obj: Any, user: Any) -> bool:
        return clinician_of(user) is not None

    def get_actions(self, _obj: Any, user: Any) -> list[tuple[str, Any, bool]]:
        if clinician_of(user) is None:
            return []
        return [
            (REJECT, _("Request changes"), True),
            (APPROVE, _("Approve and publish"), False),
            (APPROVE, _("Approve with comment"), True),
        ]

    def get_task_states_user_can_moderate(self, user: Any, **_kwargs: Any) -> Any:
        if clinician_of(user) is None:
            return TaskState.objects.none()
        return self.task_states.filter(status=TaskState.STATUS_IN_PROGRESS)

    def on_action(self, task_state: Any, user: Any, action_name: str, **kwargs: Any) -> Any:
        """A page that cannot be published as it is goes back, with the reason as the comment.

        A second click finds that somebody has decided already, and changes nothing.
        """
        try:
            with transaction.atomic():
                if not in_progress(task_state):
                    return None
                return super().on_action(task_state, user, action_name, **kwargs)
        except ValidationError as error:
            reason = _now("It cannot be published: %(why)s") % {"why": " ".join(error.messages)}
            state = TaskState.objects.get(pk=task_state.pk).specific
            return super().on_action(state, user, REJECT, comment=reason)


def ensure_workflow() -> None:
    """Once in the life of an installation: the workflow "Clinical review", for all pages, and what
    the groups may do with what is ours.

    It takes the place of the workflow that Wagtail itself brings; one that somebody assigned stays.
    """
    root = Page.objects.filter(depth=1).first()
    if root is None or ClinicalReviewTask.objects.exists():
        return
    rights.ensure_keepers()
    task = ClinicalReviewTask.objects.create(name=_now("Clinical review"))
    workflow = Workflow.objects.create(name=_now("Clinical review"))
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    assigned = WorkflowPage.objects.filter(page=root).select_related("workflow").first()
    if assigned is None or assigned.workflow.name == WAGTAILS_OWN:
        WorkflowPage.objects.update_or_create(page=root, defaults={"workflow": workflow})
