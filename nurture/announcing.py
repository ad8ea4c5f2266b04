"""What the practice's other programs may hear about people, by signed webhooks.

Ids only: no address, no name, no programme and no answer, since each of them says something about
somebody's health. Whoever may know more asks the admin for it by the id.
"""

from django.utils.translation import gettext_lazy as _

from cms.integrations import webhooks
from nurture.models import Enrolment, Subscriber

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


def about_subscriber(event: str, subscriber: Subscriber) -> None:
    webhooks.announce(event, {"subscriber": str(subscriber.public_id)})


def about_enrolment(event: str, row: Enrolment) -> None:
    webhooks.announce(
        event,
        {"subscriber": str(row.subscriber.public_id), "enrolment": str(row.public_id)},
    )
