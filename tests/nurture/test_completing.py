"""The end of a programme, seen from two connections."""

from cms.integrations.models import WebhookEndpoint, WebhookEvent
from nurture import announcing, preferences, sending
from nurture.domain.states import EnrolmentState, MessageState
from nurture.models import Enrolment, Message
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA
from tests.factories import published_sequence
from tests.nurture.steps import elsewhere, planned


def test_a_programme_that_was_stopped_in_the_same_instant_is_not_completed(
    committed: None, relay: smtp.Relay
) -> None:
    """Another connection stops it while its last mail is at the relay."""
    WebhookEndpoint.objects.create(
        name="booking", url="https://booking.example.org/hook", events=[announcing.COMPLETED]
    )
    planned(ANNA.joins(), published_sequence(steps=1))
    row = Enrolment.objects.get()

    def stops() -> None:
        elsewhere(lambda: preferences.leave(row))

    relay.before(smtp.Phase.DOT, stops)
    sending.send_claimed(PROGRAMME)

    assert Message.objects.get().state == MessageState.ACCEPTED
    assert Enrolment.objects.get().state == EnrolmentState.STOPPED
    assert not WebhookEvent.objects.exists()
