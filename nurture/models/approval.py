from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class SequenceApproval(models.Model):
    """A clinician stands behind what a sequence says and does. Written once, never changed.

    It belongs to a fingerprint of the content (`Sequence.fingerprint`), so any other content goes
    without it, as it is with pages.
    """

    sequence = models.ForeignKey(
        "nurture.Sequence", on_delete=models.CASCADE, related_name="approvals"
    )
    revision = models.ForeignKey(
        "wagtailcore.Revision", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    clinician_name = models.CharField(max_length=400)
    reviewed_on = models.DateField()
    next_due = models.DateField()
    fingerprint = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("clinical approval of a sequence")
        indexes = [models.Index(fields=["sequence", "fingerprint"], name="approval_of_a_sequence")]

    def __str__(self) -> str:
        return f"sequence {self.sequence_id}, {self.reviewed_on}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An approval is never changed.")
        super().save(*args, **kwargs)
