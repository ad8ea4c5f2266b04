"""What the practice's other programs may hear about people, by signed webhooks.

Ids only: no address, no name, no programme and no answer, since each of them says something about
somebody's health. Whoever may know more asks the admin for it by the id. Only where the practice
has set `WEBHOOK_TELLS_DIAGNOSIS` the programme and the diagnosis come along.
"""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from cms.integrations import webhooks
from nurture.models import Enrolment, Sequence, Subscriber

CONFIRMED = "subscriber.confirmed"
UNSUBSCRIBED = "subscriber.unsubscribed"
CHECKED_IN = "programme.checked_in"
WARNING_SIGN = "programme.warning_sign"
COMPLETED = "programme.completed"


def register() -> None:
    webhooks.register(CONFIRMED, _("A subscriber confirmed"))
    webhooks.register(UNSUBSCRIBED, _("A subscriber unsubscribed"))
    webhooks.register(CHECKED_IN, _("A subscriber answered a check-in"))
    webhooks.register(WARNING_SIGN, _("A subscriber reported a warning sign"))
    webhooks.register(COMPLETED, _("A subscriber completed a programme"))


def about_subscriber(event: str, subscriber: Subscriber, sequence: Sequence | None = None) -> None:
    """`sequence` is the programme that the event is about, if it is about one."""
    told: dict[str, Any] = {"subscriber": str(subscriber.public_id)}
    webhooks.announce(event, told | (health(sequence) if sequence else {}))


def about_enrolment(event: str, row: Enrolment) -> None:
    told: dict[str, Any] = {
        "subscriber": str(row.subscriber.public_id),
        "enrolment": str(row.public_id),
    }
    if settings.WEBHOOK_TELLS_DIAGNOSIS:  # a query that nobody else pays for
        sequences = Sequence.objects.select_related("diagnosis")
        told |= health(sequences.get(pk=row.sequence_id))
    webhooks.announce(event, told)


def health(sequence: Sequence) -> dict[str, Any]:
    """What says something about the person's health; nothing unless the practice wants it told."""
    if not settings.WEBHOOK_TELLS_DIAGNOSIS:
        return {}
    diagnosis = sequence.diagnosis
    return {
        "programme": {"id": str(sequence.translation_key), "title": sequence.title},
        "diagnosis": {"id": str(diagnosis.translation_key), "title": str(diagnosis.title)},
    }
