import uuid
from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from nurture.domain.states import (
    CLAIMABLE,
    LEASED,
    OPEN,
    MessageKind,
    MessageState,
    Reason,
)
from nurture.models.choices import column, known, values
from nurture.models.quick import QuickToRead


def new_message_id() -> str:
    """Fixed before the first attempt and never changed: it is how we recognise our own mail."""
    return f"<{uuid.uuid4().hex}@{settings.MAIL_DOMAIN}>"


class MessageQuerySet(models.QuerySet["Message"]):
    def open(self) -> Self:
        """Those of which the end is not known yet."""
        return self.filter(state__in=values(OPEN))

    def claimable(self) -> Self:
        """Those that a sender may take now, by the database's own clock."""
        return self.filter(state__in=values(CLAIMABLE), next_attempt_at__lte=Now())


class Message(QuickToRead):
    """One e-mail to one address: the outbox row, and afterwards the record of what happened.

    Each mail is inserted once and written three times, and each time PostgreSQL writes to all
    indexes. So a column that is mostly null has one of its other rows only, and none is there
    twice: `turn_once_per_enrolment` finds the messages of an enrolment, too.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = column(MessageKind)
    dedupe_key = models.CharField(max_length=80, blank=True)
    subscriber = models.ForeignKey(
        "nurture.Subscriber", on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    address = models.EmailField(max_length=254)
    address_hash = models.CharField(max_length=64)
    enrolment = models.ForeignKey(
        "nurture.Enrolment", on_delete=models.CASCADE, null=True, related_name="messages",
        db_index=False,
    )  # fmt: skip
    turn = models.PositiveIntegerField(null=True)
    step_version = models.ForeignKey(
        "nurture.StepVersion", on_delete=models.PROTECT, null=True, related_name="messages"
    )
    choice = models.CharField(max_length=40, blank=True)  # which exercises: domain.alternatives
    consent = models.ForeignKey(
        "nurture.Consent", on_delete=models.CASCADE, null=True, db_index=False
    )
    check_in = models.ForeignKey(
        "nurture.CheckIn", on_delete=models.CASCADE, null=True, related_name="notices",
        db_index=False,
    )  # fmt: skip
    correction = models.ForeignKey(
        "nurture.Correction", on_delete=models.PROTECT, null=True, db_index=False
    )
    message_id = models.CharField(max_length=160, default=new_message_id)

    state = column(MessageState, default=MessageState.QUEUED)
    reason = column(Reason, default=Reason.NONE, blank=True)
    planned_for = models.DateTimeField()  # programme time
    expires_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(db_default=Now())  # machine time, as all below
    attempts = models.PositiveSmallIntegerField(default=0)
    resent = models.BooleanField(default=False)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    # In doubt, and until then sent again by the same provider, which drops a second one.
    repeat_until = models.DateTimeField(null=True)
    composed_at = models.DateTimeField(null=True)  # what its Date says, if that must not change
    submitted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    provider = models.CharField(max_length=20, blank=True, db_default="")  # who was given it
    smtp_code = models.PositiveSmallIntegerField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True)  # SHA-256 of the bytes that left
    created_at = models.DateTimeField(db_default=Now())

    objects = MessageQuerySet.as_manager()

    class Meta:
        permissions = [("recall", "Can see who received what, and call it back")]
        indexes = [
            models.Index(
                fields=["kind", "next_attempt_at", "id"],
                condition=Q(state__in=values(CLAIMABLE)),
                name="message_claimable",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(state__in=values(LEASED)),
                name="message_leased",
            ),
            models.Index(fields=["subscriber", "planned_for"], name="message_of_subscriber"),
            models.Index(
                fields=["closed_at"],
                condition=Q(state=MessageState.UNKNOWN.value),
                name="message_in_doubt",
            ),
            *(
                models.Index(
                    fields=[name], condition=Q(**{f"{name}__isnull": False}), name=f"message_{name}"
                )
                for name in ("consent", "check_in", "correction")
            ),
            # Tiny, since rows lie in the order in which they were written.
            BrinIndex(fields=["created_at"], name="message_by_age", autosummarize=True),
        ]
        constraints = [
            known("state", MessageState),
            known("kind", MessageKind),
            # By a constraint: `unique=True` adds a second index, for prefixes.
            models.UniqueConstraint(fields=["message_id"], name="message_id_once"),
            models.UniqueConstraint(fields=["enrolment", "turn"], name="turn_once_per_enrolment"),
            models.UniqueConstraint(
                fields=["enrolment"],
                condition=Q(state__in=values(OPEN)),
                name="one_open_message_per_enrolment",
            ),
            models.UniqueConstraint(
                fields=["kind", "dedupe_key"],
                condition=~Q(dedupe_key=""),
                name="planned_once_per_key",
            ),
            models.CheckConstraint(
                condition=~Q(kind=MessageKind.PROGRAMME.value)
                | Q(enrolment__isnull=False, turn__isnull=False, step_version__isnull=False),
                name="programme_mail_has_its_place",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=values(LEASED))
                | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="leased_message_has_a_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.public_id}"
