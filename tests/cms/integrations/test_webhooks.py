"""Events on their way to other people's servers, which are real here and rarely behave."""

import threading
import time
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import DjangoAssertNumQueries, Settings
from standardwebhooks import WebhookVerificationError

from cms.integrations import backoff, delivery, doorbell, outbound, sender, signing, webhooks
from cms.integrations.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from cms.integrations.outbound import Answer
from tests.cms.integrations import receiver as receivers
from tests.cms.integrations.conftest import EVENT, announced, endpoint
from tests.cms.integrations.receiver import Receiver, answers, in_turn

pytestmark = pytest.mark.usefixtures("rings")


def later() -> None:
    """The next attempt of everything is due now."""
    WebhookDelivery.objects.update(next_attempt_at=Now())


def seen() -> tuple[str, int]:
    row = WebhookDelivery.objects.get()
    return row.state, row.attempts


def log() -> list[tuple[str, int | None]]:
    return list(WebhookAttempt.objects.values_list("reason", "status_code"))


# ------------------------------------------------------------------ announced


def test_where_nobody_asked_an_event_costs_one_query_and_no_row(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):  # with the two of the savepoint
        announced()

    assert not WebhookEvent.objects.exists()


def test_only_who_asked_for_an_event_hears_of_it(db: None) -> None:
    endpoint("https://a.example.org/")
    endpoint("https://b.example.org/", events=["page.deleted"])
    endpoint("https://c.example.org/", active=False)

    announced()

    assert [row.endpoint.url for row in WebhookDelivery.objects.all()] == ["https://a.example.org/"]


def test_what_was_rolled_back_never_happened(db: None, rings: list[str]) -> None:
    endpoint("https://a.example.org/")

    with transaction.atomic():
        announced()
        transaction.set_rollback(True)

    assert not WebhookDelivery.objects.exists()
    assert rings == []


def test_an_event_nobody_knows_is_a_mistake(db: None) -> None:
    with pytest.raises(KeyError):
        webhooks.announce("page.pubished", {})


def test_a_transaction_rings_once_however_much_it_announces(
    committed: None, rings: list[str]
) -> None:
    endpoint("https://a.example.org/")

    with transaction.atomic():
        announced(5)

    assert rings == ["ring"]


def test_a_broker_that_is_away_costs_nobody_anything(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(doorbell.send_webhooks, "delay", away)
    endpoint("https://a.example.org/")

    announced()

    assert seen() == ("queued", 0)


# ------------------------------------------------------------------ delivered


def test_a_delivery_is_signed_as_the_standard_wants(db: None, receiver: Receiver) -> None:
    hook = endpoint(receiver.url())
    announced()

    sender.run()

    [post] = receiver.posts
    event = WebhookEvent.objects.get()
    assert post.verified(signing.secret(hook.nonce)) == {
        "type": EVENT,
        "timestamp": event.occurred_at.isoformat(timespec="milliseconds"),
        "data": {"page": {"id": 0}},
    }
    assert post.headers["webhook-id"] == f"evt_{event.pk.hex}"
    assert post.headers["content-type"] == "application/json"
    assert seen() == ("delivered", 1)
    assert log() == [("ok", 204)]


def test_a_changed_body_does_not_pass_for_ours(db: None, receiver: Receiver) -> None:
    hook = endpoint(receiver.url())
    announced()
    sender.run()

    [post] = receiver.posts
    forged = receivers.Post(post.path, post.headers, post.body.replace("0", "1"), post.at)

    with pytest.raises(WebhookVerificationError):
        forged.verified(signing.secret(hook.nonce))


def test_a_refused_event_is_sent_again_under_the_same_id(db: None, receiver: Receiver) -> None:
    receiver.behaviours["/hook"] = in_turn(answers(500, b"broken"), answers(200))
    endpoint(receiver.url())
    announced()
    sender.run()
    assert seen() == ("queued", 1)

    later()
    sender.run()

    first, second = receiver.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert seen() == ("delivered", 2)
    assert log() == [("refused", 500), ("ok", 200)]
    assert WebhookEndpoint.objects.get().failing_since is None


def test_an_endpoint_that_never_answers_well_is_given_up_after_a_day(
    db: None, receiver: Receiver
) -> None:
    receiver.behaviours["/hook"] = answers(503)
    endpoint(receiver.url())
    announced()

    for _ in range(len(backoff.WAITS) + 3):
        sender.run()
        later()

    assert seen() == ("failed", len(backoff.WAITS) + 1)
    assert sum(backoff.WAITS, timedelta()) > timedelta(hours=23)


def test_a_receiver_may_ask_for_more_time(db: None, receiver: Receiver) -> None:
    receiver.behaviours["/hook"] = answers(429, Retry_After="3600")
    endpoint(receiver.url())
    announced()

    sender.run()

    row = WebhookDelivery.objects.annotate(wait=F("next_attempt_at") - Now()).get()
    assert timedelta(minutes=59) < row.wait <= timedelta(hours=1)


@pytest.mark.parametrize("wish", ["", "soon", "-5", "99999999999999999999", "1"])
def test_a_strange_wish_neither_hurries_nor_stops_us(wish: str) -> None:
    answer = Answer("refused", 1, 503, retry_after=wish)

    wait = backoff.wait(3, wish=delivery.wish_of(answer), chance=lambda: 0.0)

    assert wait is not None
    assert timedelta(minutes=5) <= wait <= timedelta(hours=8)


def test_an_answer_without_end_is_read_to_its_beginning(db: None, receiver: Receiver) -> None:
    receiver.behaviours["/hook"] = receivers.floods
    endpoint(receiver.url())
    announced()

    began = time.monotonic()
    sender.run()

    [attempt] = WebhookAttempt.objects.all()
    assert time.monotonic() - began < 2
    assert (attempt.reason, len(attempt.answer) <= 300) == ("ok", True)
    assert "\x00" not in attempt.answer


# ------------------------------------------------------------------ slow, gone, nonsense


def test_a_stalling_server_costs_its_time_out(
    db: None, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(outbound.TIMEOUTS, "read", 0.2)
    receiver.behaviours["/hook"] = receivers.stalls(1)
    endpoint(receiver.url())
    announced()

    sender.run()

    assert log() == [("timeout", None)]
    assert seen() == ("queued", 1)


def test_a_dripping_server_is_hung_up_on(
    db: None, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.5)
    receiver.behaviours["/hook"] = receivers.drips
    endpoint(receiver.url())
    announced()

    began = time.monotonic()
    sender.run()

    assert 0.5 <= time.monotonic() - began < 1.5
    assert log() == [("timeout", None)]


def test_a_server_that_speaks_no_http_is_a_bad_answer(db: None, receiver: Receiver) -> None:
    receiver.behaviours["/hook"] = receivers.garbage
    endpoint(receiver.url())
    announced()

    sender.run()

    assert log() == [("bad_answer", None)]


def test_nobody_listening_is_unreachable(db: None, receiver: Receiver) -> None:
    endpoint("http://localhost:1/")
    announced()

    sender.run()

    assert log() == [("unreachable", None)]


def test_one_slow_endpoint_does_not_delay_the_others(committed: None, receiver: Receiver) -> None:
    receiver.behaviours["/slow"] = receivers.stalls(2)
    endpoint(receiver.url("/slow"))
    endpoint(receiver.url("/fast"))
    announced(20)

    began = time.monotonic()
    sender.run(seconds=1)

    slow, fast = receiver.at("/slow"), receiver.at("/fast")
    assert (len(slow), len(fast)) == (2, 20)
    assert max(post.at for post in fast) - began < 1.5


# ------------------------------------------------------------------ two senders, killed senders


def test_two_senders_deliver_each_event_once(committed: None, receiver: Receiver) -> None:
    endpoint(receiver.url("/a"))
    endpoint(receiver.url("/b"))
    announced(20)
    threads = [threading.Thread(target=run_on_own_connection) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(receiver.posts) == 40
    assert len({(post.path, post.headers["webhook-id"]) for post in receiver.posts}) == 40
    assert not WebhookDelivery.objects.exclude(state="delivered", attempts=1).exists()


def run_on_own_connection() -> None:
    try:
        sender.run()
    finally:
        connection.close()


def test_what_a_killed_sender_took_along_goes_out_after_its_lease(
    db: None, receiver: Receiver
) -> None:
    hook = endpoint(receiver.url())
    announced()
    delivery.claim(hook.pk, token=uuid.uuid4(), limit=5)
    assert sender.run() == 0

    WebhookDelivery.objects.update(lease_until=Now() - timedelta(seconds=1))

    assert sender.run() == 1
    assert seen() == ("delivered", 1)


def test_who_lost_the_lease_writes_nothing(db: None) -> None:
    hook = endpoint("https://a.example.org/")
    announced()
    mine, other = uuid.uuid4(), uuid.uuid4()
    [row] = delivery.claim(hook.pk, token=mine, limit=5)
    WebhookDelivery.objects.update(lease_token=other)

    assert not delivery.record(row, Answer("ok", 1, 200), token=mine)
    assert seen() == ("sending", 0)
    assert log() == []


def test_one_process_sends_and_the_others_have_time_for_other_work(
    committed: None, receiver: Receiver
) -> None:
    endpoint(receiver.url())
    announced()
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            assert delivery.lock()
            taken.set()
            done.wait(10)
            delivery.unlock()
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(10)

    sender.run_alone()
    while_held = len(receiver.posts)
    done.set()
    holder.join()
    sender.run_alone()

    assert (while_held, len(receiver.posts)) == (0, 1)


# ------------------------------------------------------------------ secrets


def test_after_a_rotation_both_secrets_fit_for_a_day(db: None, receiver: Receiver) -> None:
    hook = endpoint(receiver.url())
    old = signing.secret(hook.nonce)

    new = webhooks.rotate(hook)
    announced()
    sender.run()

    [post] = receiver.posts
    assert old != new
    assert post.verified(old) == post.verified(new)


def test_after_a_day_the_old_secret_is_nothing(db: None, receiver: Receiver) -> None:
    hook = endpoint(receiver.url())
    old = signing.secret(hook.nonce)
    new = webhooks.rotate(hook)

    WebhookEndpoint.objects.update(previous_until=timezone.now() - timedelta(seconds=1))
    announced()
    sender.run()

    [post] = receiver.posts
    assert post.verified(new)
    with pytest.raises(WebhookVerificationError):
        post.verified(old)


def test_a_new_key_in_front_leaves_known_secrets_valid(
    db: None, receiver: Receiver, settings: Settings
) -> None:
    hook = endpoint(receiver.url())
    known = signing.secret(hook.nonce)
    settings.LINK_KEYS = ["n" * 64, *settings.LINK_KEYS]

    announced()
    sender.run()

    [post] = receiver.posts
    assert post.verified(known) == post.verified(signing.secret(hook.nonce))


def test_a_stolen_database_signs_nothing(db: None) -> None:
    hook = endpoint("https://a.example.org/")

    secret = signing.secret(hook.nonce).removeprefix("whsec_")

    [row] = WebhookEndpoint.objects.values()
    assert secret not in str(row)


# ------------------------------------------------------------------ replay, off and on


def test_a_replay_sends_the_same_event_once_more(db: None, receiver: Receiver) -> None:
    endpoint(receiver.url())
    announced()
    sender.run()

    assert webhooks.replay(WebhookDelivery.objects.get())
    sender.run()

    first, second = receiver.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert log() == [("ok", 204), ("ok", 204)]


def test_what_is_on_its_way_is_not_replayed(db: None) -> None:
    endpoint("https://a.example.org/")
    announced()

    assert not webhooks.replay(WebhookDelivery.objects.get())


def test_an_endpoint_that_says_it_is_gone_is_switched_off(db: None, receiver: Receiver) -> None:
    receiver.behaviours["/hook"] = answers(410)
    endpoint(receiver.url())
    announced(3)

    sender.run()
    announced()

    hook = WebhookEndpoint.objects.get()
    assert (hook.active, hook.switched_off_because) == (False, "gone")
    assert WebhookDelivery.objects.filter(state="failed").count() == 3
    assert WebhookEvent.objects.count() == 3


def test_an_endpoint_that_fails_for_days_is_switched_off(db: None, receiver: Receiver) -> None:
    receiver.behaviours["/hook"] = answers(500)
    endpoint(receiver.url(), failing_since=timezone.now() - timedelta(days=4, hours=23))
    announced()
    sender.run()
    assert WebhookEndpoint.objects.get().active

    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=5, minutes=1))
    later()
    sender.run()

    hook = WebhookEndpoint.objects.get()
    assert (hook.active, hook.switched_off_because) == (False, "failing")
    assert hook.switched_off_at is not None


def test_one_success_ends_the_count_of_days(db: None, receiver: Receiver) -> None:
    endpoint(receiver.url(), failing_since=timezone.now() - timedelta(days=20))
    announced()

    sender.run()

    hook = WebhookEndpoint.objects.get()
    assert (hook.active, hook.failing_since) == (True, None)


def test_a_test_goes_to_one_endpoint_whatever_it_asked_for(db: None, receiver: Receiver) -> None:
    hook = endpoint(receiver.url("/a"), events=["page.deleted"])
    endpoint(receiver.url("/b"))

    webhooks.test(hook)
    sender.run()

    [post] = receiver.posts
    assert post.path == "/a"
    assert post.verified(signing.secret(hook.nonce))["type"] == "webhook.test"


def test_old_events_are_forgotten_unless_they_are_on_their_way(db: None) -> None:
    hook = endpoint("https://a.example.org/")
    announced(2)
    done = WebhookDelivery.objects.order_by("pk").first()
    assert done
    WebhookDelivery.objects.filter(pk=done.pk).update(state="delivered")

    with time_machine.travel(timezone.now() + timedelta(days=31)):
        forgotten = webhooks.forget(older_than=timedelta(days=30))

    assert forgotten == 1
    assert [row.endpoint_id for row in WebhookDelivery.objects.all()] == [hook.pk]
