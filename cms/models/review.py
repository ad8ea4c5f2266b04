"""Who approved what, and when; and what becomes of an approval when a page is published."""

from datetime import date
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log
from wagtail.models import Revision

from cms import review
from cms.models.clinicians import ClinicianPage

MINOR_EDIT, LOST = "cms.review.minor_edit", "cms.review.lost"  # in the page's history


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def of(self, page: Any, fingerprint: str) -> "ApprovalQuerySet":
        """Those of one substance of the page, newest first."""
        page_id = page.alias_of_id or page.pk
        return self.filter(page_id=page_id, fingerprint=fingerprint).order_by("-pk")


class Approval(models.Model):
    """A clinician stands behind the substance of a page. Written once, never changed.

    A typo fix makes an approval too, carried over from the one before: same clinician, same dates,
    new substance.
    """

    page = models.ForeignKey(
        "wagtailcore.Page", on_delete=models.CASCADE, related_name="clinical_approvals"
    )
    revision = models.ForeignKey(
        "wagtailcore.Revision", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    clinician = models.ForeignKey(
        ClinicianPage, on_delete=models.SET_NULL, null=True, related_name="approvals"
    )
    clinician_name = models.CharField(max_length=400)  # as it was, whatever becomes of the page
    reviewed_on = models.DateField()
    next_due = models.DateField()
    substance = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    carried_over = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("clinical approval")
        indexes = [models.Index(fields=["page", "fingerprint"], name="approvals_of_a_substance")]

    def __str__(self) -> str:
        return f"page {self.page_id}, {self.reviewed_on}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An approval is never changed.")
        super().save(*args, **kwargs)


def approve(version: Any, revision: Revision, *, clinician: ClinicianPage, today: date) -> Approval:
    """Keep that `clinician` stands behind this version. It counts once the version is live."""
    substance = version.substance()
    return Approval.objects.create(
        page_id=version.pk,
        revision=revision,
        clinician=clinician,
        clinician_name=clinician.full_name,
        reviewed_on=today,
        next_due=review.months_after(today, version.review_interval),
        substance=substance,
        fingerprint=review.fingerprint(substance),
    )


def settle(live: Any, version: Any, revision: Revision, *, user: Any) -> dict[str, Any]:
    """What the page's row says about its review once `version` stands in the place of `live`."""
    substance = version.substance()
    fingerprint = review.fingerprint(substance)
    approval = approval_for(live, fingerprint)
    if approval and approval.fingerprint != fingerprint and in_force(live):
        approval = carried_over(live, version, revision, substance, user=user) or approval
    return {
        "live_fingerprint": fingerprint,
        "approved_fingerprint": approval.fingerprint if approval else "",
        "last_reviewed": approval.reviewed_on if approval else None,
        "next_review_due": approval.next_due if approval else None,
    }


def in_force(live: Any) -> bool:
    return live.last_reviewed is not None and not live.changed_since_review


def approval_for(live: Any, fingerprint: str) -> Approval | None:
    """The approval of this very substance, unless a newer one took its place; else the last one.

    So going back to a text that a clinician has since replaced does not bring its approval back.
    """
    current = Approval.objects.of(live, live.approved_fingerprint).first()
    same = Approval.objects.of(live, fingerprint)
    if current is not None:
        same = same.filter(pk__gte=current.pk)
    return same.first() or current


def carried_over(
    live: Any, version: Any, revision: Revision, substance: dict[str, Any], *, user: Any
) -> Approval | None:
    """The approval of a typo fix; None, and a line in the history, for any other change."""
    approvals = live.last_approvals
    before = approvals[0].substance
    changed = version.labels(review.changed_fields(before, substance))
    beyond = version.labels(review.beyond_wording(before, substance))
    if beyond or not version.minor_edit:
        data = {"fields": changed, "beyond": beyond if version.minor_edit else []}
        log(live, LOST, user=user, revision=revision, data=data)
        return None
    log(live, MINOR_EDIT, user=user, revision=revision, data={"fields": changed})
    for approval in reversed(approvals):
        carried = Approval.objects.create(
            page_id=live.pk,
            revision=revision,
            clinician=approval.clinician,
            clinician_name=approval.clinician_name,
            reviewed_on=approval.reviewed_on,
            next_due=approval.next_due,
            substance=substance,
            fingerprint=review.fingerprint(substance),
            carried_over=True,
        )
    return carried
