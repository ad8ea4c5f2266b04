from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a token opens beyond what everybody may read."""

    DRAFTS = "drafts", _("Drafts: read pages as they stand in the editor")
    CHANGES = "changes", _("Changes: follow the feed of what changed")
    HIGHER_LIMITS = "higher_limits", _("Higher limits: for builders of static sites")
    EVENTS = "events", _("Events: read what happened to mails and programmes")


class ApiToken(models.Model):
    """Somebody's key to the API. The secret itself is not here: only its hash."""

    name = models.CharField(
        _("name"), max_length=80, help_text=_("Where it is used, for example: website build.")
    )
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope.choices),
        verbose_name=_("what it may do"),
        default=list,
        blank=True,
    )
    expires_at = models.DateTimeField(_("expires"))
    public_id = models.CharField(max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("made by"),
    )
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("API token")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=sorted(Scope.values)),
                name="apitoken_scopes_are_known",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> Any:
        """In words, for the list of tokens."""
        if self.revoked_at:
            return _("Revoked")
        return _("Expired") if self.expires_at <= timezone.now() else _("In use")
