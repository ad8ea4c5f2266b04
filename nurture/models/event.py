from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from nurture.domain.states import EventKind
from nurture.models.choices import column, known, values

# What says that mail is not wanted, or cannot arrive.
BAD_NEWS = values({EventKind.HARD_BOUNCE, EventKind.REFUSED, EventKind.COMPLAINED})


class Event(models.Model):
    """What a provider said about a mail. Append-only; only `message` is filled in later, if the
    event came before we knew which mail it is about.

    `reference` is what it calls the mail: our own id or the Message-ID. Whom it names is not kept:
    who got the mail is the message's to say, and nobody else's.
    """

    kind = column(EventKind)
    source = models.CharField(max_length=40)  # a provider's name, or "mailbox"
    key = models.CharField(max_length=64)  # the same for the same event, however often it comes
    reference = models.CharField(max_length=255)
    message = models.ForeignKey(
        "nurture.Message", on_delete=models.CASCADE, null=True, related_name="events"
    )
    code = models.CharField(max_length=40, blank=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(message__isnull=True), name="event_unmatched"
            ),
            models.Index(
                fields=["received_at"], condition=Q(kind__in=BAD_NEWS), name="event_bad_news"
            ),
        ]
        constraints = [
            known("kind", EventKind),
            models.UniqueConstraint(fields=["source", "key"], name="event_counted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.source}"
