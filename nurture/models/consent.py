import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from nurture.domain.states import ConsentAction, ConsentTopic
from nurture.models.choices import column, known

FIRST_TEXT = _(
    "I agree to receive e-mails with health information and exercises for the topic that I chose. "
    "My choice of topic says something about my health; I agree that it is stored to send these "
    "e-mails and for nothing else. I can stop at any time with one click in any e-mail."
)
FIRST_TEXT_ABOUT_CLICKS = _(
    "I also agree that the practice counts which links in these e-mails I open, to make them "
    "better. I can take this back at any time on my own page, and get the same e-mails either way."
)
FIRST_TEXTS = {ConsentTopic.MAIL: FIRST_TEXT, ConsentTopic.CLICKS: FIRST_TEXT_ABOUT_CLICKS}


class ConsentText(models.Model):
    """What a person agrees to, word by word. A text is never edited: a new one follows it."""

    about = column(ConsentTopic, default=ConsentTopic.MAIL)
    language = models.CharField(max_length=12)
    number = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            known("about", ConsentTopic),
            models.UniqueConstraint(
                fields=["about", "language", "number"], name="consent_text_numbered_by_topic"
            ),
        ]

    def __str__(self) -> str:
        topic = "" if self.about == ConsentTopic.MAIL else f"{self.about} "
        return f"{topic}{self.language} {self.number}"

    @classmethod
    def current(cls, language: str, about: ConsentTopic = ConsentTopic.MAIL) -> "ConsentText":
        """The newest text of a language. The very first one is ours."""
        newest = cls.objects.filter(about=about, language=language).order_by("-number").first()
        if newest:
            return newest
        with override(language):
            first = str(FIRST_TEXTS[about])
        return cls.objects.get_or_create(
            about=about, language=language, number=1, defaults={"text": first}
        )[0]


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
