import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Correction(models.Model):
    """A mail that puts right what a version said, or an exercise in it. It is sent once.

    `page` and `revision` narrow it to an exercise: then it goes to all who got this revision of it
    in this language, in whatever mail.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(
        "nurture.StepVersion", on_delete=models.CASCADE, related_name="corrections"
    )
    page = models.PositiveIntegerField(null=True)
    revision = models.PositiveBigIntegerField(null=True)
    subject = models.CharField(max_length=100)
    text = models.TextField(max_length=4_000)
    created_at = models.DateTimeField(auto_now_add=True)
    # Who sent it, when, and to how many. Nothing of it changes from then on.
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    people = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "page", "revision"],
                condition=Q(sent_at__isnull=True),
                nulls_distinct=False,
                name="one_correction_is_written_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(people__isnull=False),
                name="sent_correction_says_to_how_many",
            ),
        ]

    def __str__(self) -> str:
        return f"correction {self.public_id}"

    @property
    def language(self) -> str:
        return str(self.version.locale.language_code)
