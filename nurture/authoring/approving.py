"""Sequences go through the same clinical review as pages do."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_migrate
from django.utils import timezone
from wagtail.models import WorkflowContentType
from wagtail.signals import task_approved

from cms import public, review, rights
from nurture.models import Sequence, SequenceApproval

MONTHS_BETWEEN_REVIEWS = 24


def connect() -> None:
    task_approved.connect(on_approved, dispatch_uid="a clinician stands behind a sequence")
    post_migrate.connect(on_migrated, dispatch_uid="sequences go through clinical review")


def on_approved(instance: Any, user: Any, **_kwargs: Any) -> None:
    """Runs in the transaction of the approval, which also publishes."""
    name = public.approving_clinician(instance, user)
    if not name or instance.revision is None:
        return
    approved = instance.revision.as_object()
    if not isinstance(approved, Sequence):
        return
    today = timezone.localdate()
    SequenceApproval.objects.create(
        sequence_id=approved.pk,
        revision=instance.revision,
        clinician_name=name,
        reviewed_on=today,
        next_due=review.months_after(today, MONTHS_BETWEEN_REVIEWS),
        fingerprint=approved.fingerprint,
    )


def on_migrated(sender: Any, **_kwargs: Any) -> None:
    """Once, while there is no sequence yet: what somebody assigned or took away later stays so."""
    if sender.name != "nurture" or Sequence.objects.exists():
        return
    rights.let_in("nurture", "sequence", publish=True)
    rights.let_in("nurture", "closure")
    workflow = public.clinical_workflow()
    kind = ContentType.objects.get_for_model(Sequence)
    if workflow and not WorkflowContentType.objects.filter(content_type=kind).exists():
        WorkflowContentType.objects.create(content_type=kind, workflow=workflow)
