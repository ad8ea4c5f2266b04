import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from nurture.domain.states import ConsentAction
from nurture.models.choices import column, known

FIRST_TEXT = _(
    "I agree to receive e-mails with health information and exercises for the topic that I chose. "
    "My choice of topic says something about my health; I agree that it is stored to send these "
    "e-mails and for nothing else. I can stop at any time with one click in any e-mail."
)


class ConsentText(models.Model):
    """What a person agrees to, word by word. A text is never edited: a new one follows it."""

    language = models.CharField(max_length=12)
    number = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["language", "number"], name="consent_text_numbered")
        ]

    def __str__(self) -> str:
        return f"{self.language} {self.number}"

    @classmethod
    def current(cls, language: str) -> "ConsentText":
        """The newest text of a language. The very first one is ours."""
        newest = cls.objects.filter(language=language).order_by("-number").first()
        if newest:
            return newest
        with override(language):
            first = str(FIRST_TEXT)
        return cls.objects.get_or_create(language=language, number=1, defaults={"text": first})[0]


class Consent(models.Model):
    """One thing that a person said about being mailed. Append-only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscriber = models.ForeignKey(
        "nurture.Subscriber", on_delete=models.CASCADE, related_name="consents"
    )
    action = column(ConsentAction)
    sequence = models.ForeignKey("nurture.Sequence", on_delete=models.PROTECT, null=True)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, null=True)
    answers = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="answer")
    # What a request said about the person, kept apart until it is confirmed: a stranger who knows
    # an address changes nothing about whom it belongs to.
    given = models.JSONField(default=dict)
    source = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["subscriber", "action", "created_at"]),
            models.Index(fields=["action", "created_at"]),
        ]
        constraints = [
            known("action", ConsentAction),
            models.UniqueConstraint(fields=["answers"], name="consent_answered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.public_id}"
