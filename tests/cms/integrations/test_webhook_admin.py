"""Webhooks as a person in the admin meets them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cms.integrations import sender, signing
from cms.integrations.models import WebhookDelivery, WebhookEndpoint
from cms.models import User
from tests.cms import clinic
from tests.cms.integrations.conftest import EVENT, announced, endpoint
from tests.cms.integrations.receiver import Receiver, answers

pytestmark = pytest.mark.usefixtures("rings")
HOOKS = "/admin/integrations/webhooks"
LOG = "/admin/integrations/deliveries"


@pytest.fixture
def boss(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.org", "secret"))
    return client


def form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "website",
        "url": "https://hooks.example.org/",
        "events": [EVENT],
        "active": "on",
        **changes,
    }


def text(response: Any) -> str:
    return str(response.content.decode())


def test_a_webhook_shows_its_secret_once(boss: Client) -> None:
    response = boss.post(f"{HOOKS}/new/", form())

    row = WebhookEndpoint.objects.get()
    secret = signing.secret(row.nonce)
    assert secret in text(response)
    assert "no-store" in response["Cache-Control"]
    for page in (f"{HOOKS}/", f"{HOOKS}/edit/{row.pk}/"):
        assert secret not in text(boss.get(page))


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://hooks.example.org/"},
        {"url": "https://127.0.0.1/"},
        {"url": "https://redis/"},
        {"url": "https://user:pw@hooks.example.org/"},
        {"events": []},
        {"events": ["page.eaten"]},
        {"name": ""},
    ],
    ids=str,
)
def test_what_could_never_work_is_refused_at_once(boss: Client, changes: dict[str, Any]) -> None:
    response = boss.post(f"{HOOKS}/new/", form(**changes))

    assert response.status_code == 200
    assert not WebhookEndpoint.objects.exists()


def test_a_test_goes_out_at_a_click_and_its_way_can_be_followed(
    boss: Client, receiver: Receiver
) -> None:
    receiver.behaviours["/hook"] = answers(500, b"<script>no database</script>")
    hook = endpoint(receiver.url())

    boss.post(f"{HOOKS}/test/{hook.pk}/")
    sender.run()

    delivery = WebhookDelivery.objects.get()
    page = text(boss.get(f"{LOG}/{delivery.pk}/"))
    assert "refused 500" in page
    assert "&lt;script&gt;no database" in page
    assert "webhook.test" in page
    assert "refused 500" in text(boss.get(f"{HOOKS}/edit/{hook.pk}/"))


def test_a_delivery_is_sent_again_at_a_click(boss: Client, receiver: Receiver) -> None:
    endpoint(receiver.url())
    announced()
    sender.run()

    boss.post(f"{LOG}/{WebhookDelivery.objects.get().pk}/again/")
    sender.run()

    assert len(receiver.posts) == 2


def test_a_new_secret_is_shown_once_and_both_count(boss: Client) -> None:
    hook = endpoint("https://hooks.example.org/")
    before = hook.nonce

    response = boss.post(f"{HOOKS}/secret/{hook.pk}/")

    hook.refresh_from_db()
    assert signing.secret(hook.nonce) in text(response)
    assert hook.nonces == [hook.nonce, before]


def test_the_log_is_filtered_by_webhook_and_state(boss: Client) -> None:
    first, second = endpoint("https://a.example.org/"), endpoint("https://b.example.org/")
    announced()

    everything = text(boss.get(f"{LOG}/"))
    of_one = text(boss.get(f"{LOG}/?endpoint={first.pk}&state=queued"))
    none = text(boss.get(f"{LOG}/?endpoint={second.pk}&state=failed"))

    assert [page.count("page.published") > 0 for page in (everything, of_one, none)] == [
        True,
        True,
        False,
    ]


def test_the_dashboard_says_what_does_not_arrive(boss: Client) -> None:
    assert "Webhooks that do not arrive" not in text(boss.get("/admin/"))

    endpoint(
        "https://a.example.org/",
        active=False,
        switched_off_at=timezone.now(),
        switched_off_because="failing",
    )
    endpoint("https://b.example.org/", failing_since=timezone.now() - timedelta(days=2))

    page = text(boss.get("/admin/"))
    assert "switched off after 5 days" in page
    assert "failing for 2" in page


def test_switching_on_again_forgets_the_failures(boss: Client) -> None:
    long_ago = timezone.now() - timedelta(days=20)
    hook = endpoint(
        "https://hooks.example.org/", active=False, failing_since=long_ago, switched_off_at=long_ago
    )

    boss.post(f"{HOOKS}/edit/{hook.pk}/", form())

    hook.refresh_from_db()
    assert (hook.active, hook.failing_since, hook.switched_off_at) == (True, None, None)


@pytest.mark.parametrize(
    "address", [f"{HOOKS}/", f"{HOOKS}/edit/1/", f"{LOG}/", f"{LOG}/1/", f"{HOOKS}/new/"]
)
def test_an_editor_sees_nothing_of_it(client: Client, db: None, address: str) -> None:
    endpoint("https://hooks.example.org/", id=1)
    announced()
    WebhookDelivery.objects.update(id=1)
    client.force_login(clinic.user("eve", "Editors"))

    assert client.get(address).status_code == 302


def test_an_editor_changes_nothing(client: Client, db: None) -> None:
    hook = endpoint("https://hooks.example.org/")
    client.force_login(clinic.user("eve", "Editors"))

    client.post(f"{HOOKS}/secret/{hook.pk}/")
    client.post(f"{HOOKS}/test/{hook.pk}/")

    hook.refresh_from_db()
    assert hook.previous_nonce == ""
    assert not WebhookDelivery.objects.exists()


def test_nothing_is_done_by_following_a_link(boss: Client) -> None:
    hook = endpoint("https://hooks.example.org/")

    assert boss.get(f"{HOOKS}/test/{hook.pk}/").status_code == 405
    assert boss.get(f"{HOOKS}/secret/{hook.pk}/").status_code == 405
