"""A correction on its way: two who click at once, the relay, and who leaves in between."""

from datetime import UTC, datetime, timedelta

from nurture import sending
from nurture.domain.states import TRANSACTIONAL, MessageState
from nurture.models import Message, Suppression
from nurture.models.suppression import address_hash
from tests import smtp
from tests.cast import ANNA, BEN
from tests.nurture.steps import at_once
from tests.nurture.test_correcting import corrections, send, sent_to, written


def test_two_clicks_at_the_same_moment_send_once(committed: None) -> None:
    row = written(sent_to(ANNA, BEN))

    assert sorted(at_once([lambda: send(row, 2)] * 2)) == [0, 2]
    assert len(corrections()) == 2


def test_a_correction_arrives_with_the_persons_name(committed: None, relay: smtp.Relay) -> None:
    row = written(sent_to(ANNA))
    send(row, 1)
    now = datetime.now(UTC)
    Message.objects.update(expires_at=now + timedelta(days=1))

    sending.send_claimed(TRANSACTIONAL)

    letter = relay.mails[0].message
    assert letter["Subject"] == "A correction to an e-mail from us"
    body = letter.get_body(("plain",))
    assert body is not None
    assert "Hello Anna,\n\nplease do ten lifts, not thirty." in body.get_content().replace("\r", "")
    assert Message.objects.get(kind="correction").state == MessageState.ACCEPTED


def test_who_unsubscribes_after_the_click_gets_no_correction_any_more(
    committed: None, relay: smtp.Relay
) -> None:
    send(written(sent_to(ANNA)), 1)
    Message.objects.update(expires_at=datetime.now(UTC) + timedelta(days=1))
    Suppression.objects.create(address_hash=address_hash(ANNA.address), reason="unsubscribed")

    sending.send_claimed(TRANSACTIONAL)

    assert not relay.mails
    assert Message.objects.get(kind="correction").reason == "suppressed"
