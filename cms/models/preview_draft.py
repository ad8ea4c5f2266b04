from django.conf import settings
from django.db import models
from wagtail.models import Page


class PreviewDraft(models.Model):
    """A page as somebody is writing it, compiled, for whoever holds the token to it."""

    key = models.CharField(max_length=32, unique=True)
    # What is typed takes the place of what was typed before, for each person, page and window.
    slot = models.CharField(max_length=300, null=True, unique=True)  # noqa: DJ001
    page = models.ForeignKey(Page, on_delete=models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    body = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"preview draft {self.pk}"
