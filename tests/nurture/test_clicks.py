"""Counting clicks: where the practice wants it, of those who agreed, and leading nowhere else."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as installation
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from nurture import clicks, consent, privacy, sending
from nurture.domain.states import ConsentAction, ConsentTopic, MessageState
from nurture.mail import links
from nurture.models import Click, Consent, ConsentText, Message, Sequence, Subscriber
from nurture.sending import PROGRAMME
from nurture.web import evenly
from tests import smtp
from tests.cast import ANNA
from tests.factories import checkin, published_sequence, step, text
from tests.nurture.steps import planned

pytestmark = pytest.mark.django_db

TARGET = "https://video.example/bridge?a=1&b=2"
BODY = f'<p><a href="{TARGET}">See it</a> <a href="https://other.example/">And this</a></p>'
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1"
COUNTED = re.compile(rf"{re.escape(installation.SITE_URL)}(/r/[\w-]{{52}}/)")


@pytest.fixture(autouse=True)
def _wanted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEASURE_CLICKS = True
    monkeypatch.setattr(evenly, "LEAST_SECONDS", 0.0)


@pytest.fixture
def sequence() -> Sequence:
    return published_sequence(steps=[step(text(BODY), checkin())])


def sent(relay: smtp.Relay, sequence: Sequence, **person: Any) -> str:
    """The HTML of Anna's first mail, as it arrived."""
    planned(ANNA.joins(**person), sequence)
    sending.send_claimed(PROGRAMME)
    body = relay.mails[-1].message.get_body(("html",))
    assert body is not None
    found: str = body.get_content()
    return found


@pytest.fixture
def message(relay: smtp.Relay, sequence: Sequence) -> Message:
    """A mail of somebody who agreed, sent an hour ago."""
    sent(relay, sequence, measured=True)
    Message.objects.update(submitted_at=timezone.now() - timedelta(hours=1))
    return Message.objects.select_related("subscriber").get(state=MessageState.ACCEPTED)


def path(message: Message, number: int = 1) -> str:
    return links.click(message, number).removeprefix(installation.SITE_URL)


def visit(message: Message, number: int = 1, *, agent: str = PHONE) -> Any:
    return Client().get(path(message, number), headers={"User-Agent": agent})


# ------------------------------------------------------------------ what stands in the mail


def test_nothing_is_rewritten_for_those_who_did_not_agree(
    relay: smtp.Relay, sequence: Sequence
) -> None:
    mail = sent(relay, sequence)

    assert not COUNTED.search(mail)
    assert "https://video.example/bridge?a=1&amp;b=2" in mail


def test_nothing_is_rewritten_where_the_practice_does_not_want_it(
    relay: smtp.Relay, sequence: Sequence, settings: Settings
) -> None:
    settings.MEASURE_CLICKS = False

    assert not COUNTED.search(sent(relay, sequence, measured=True))


def test_of_those_who_agreed_links_lead_by_our_own_site_and_say_nothing(
    relay: smtp.Relay, sequence: Sequence
) -> None:
    mail = sent(relay, sequence, measured=True)

    assert len(COUNTED.findall(mail)) == 2
    assert "video.example" not in mail
    body = relay.mails[-1].message.get_body(("plain",))
    assert body is not None
    assert "https://video.example/bridge?a=1&b=2" in body.get_content()


def test_ways_out_preferences_and_answers_are_never_counted(
    relay: smtp.Relay, sequence: Sequence
) -> None:
    mail = sent(relay, sequence, measured=True)

    own = {link for link in re.findall(r'href="([^"]+)"', mail) if not COUNTED.match(link)}
    assert {link.split("/")[3] for link in own} == {"u", "m", "k"}


def test_an_editor_cannot_write_such_a_link(sequence: Sequence) -> None:
    with pytest.raises(Exception, match="is not a field"):
        published_sequence(steps=[step(text("<p>{{click_url_1}}</p>"))])


def test_no_mail_has_a_picture_that_tells_who_opened_it(
    relay: smtp.Relay, sequence: Sequence
) -> None:
    mail = sent(relay, sequence, measured=True)

    assert not [src for src in re.findall(r'src="([^"]+)"', mail) if "?" in src or "/r/" in src]


# ------------------------------------------------------------------ following one


def test_following_a_link_leads_on_and_counts_once(message: Message) -> None:
    responses = [visit(message), visit(message)]

    assert {(one.status_code, one["Location"]) for one in responses} == {(302, TARGET)}
    assert responses[0]["Referrer-Policy"] == "no-referrer"
    assert "no-store" in responses[0]["Cache-Control"]
    assert list(Click.objects.by_people().values_list("number", flat=True)) == [1]


@pytest.mark.parametrize("number", [0, 3, 40, 255])
def test_a_number_that_the_mail_does_not_have_leads_nowhere(message: Message, number: int) -> None:
    assert visit(message, number).status_code == 404


def test_no_address_in_a_request_leads_anywhere(message: Message) -> None:
    asked = "?url=https://evil.example/&next=//evil.example"

    response = Client().get(path(message) + asked, headers={"User-Agent": PHONE})

    assert response["Location"] == TARGET


def test_a_made_up_link_is_not_found(message: Message) -> None:
    made_up = path(message)[:-3] + ("AA/" if path(message)[-3:-1] != "AA" else "BB/")

    assert Client().get(made_up).status_code == 404


@pytest.mark.parametrize("agent", ["", "Barracuda/1.0", "Mozilla/5.0 (compatible; bingbot/2.0)"])
def test_programs_that_say_so_are_led_on_and_not_counted(message: Message, agent: str) -> None:
    assert visit(message, agent=agent)["Location"] == TARGET
    assert not Click.objects.exists()


def test_what_only_looks_ahead_is_not_counted(message: Message) -> None:
    for name in ("Purpose", "Sec-Purpose"):
        Client().get(path(message), headers={"User-Agent": PHONE, name: "prefetch"})
    Client().head(path(message), headers={"User-Agent": PHONE})

    assert not Click.objects.exists()


def test_what_comes_right_after_the_mail_was_a_program(message: Message) -> None:
    Message.objects.update(submitted_at=timezone.now())

    visit(message)

    assert not Click.objects.by_people().exists()


def test_all_links_at_once_were_a_program_and_a_person_still_counts_later(
    message: Message,
) -> None:
    noon = timezone.now()
    for number in (1, 2):
        clicks.record(clicks.followed(message.public_id, number), now=noon)
    assert not Click.objects.by_people().exists()

    clicks.record(clicks.followed(message.public_id, 2), now=noon + timedelta(hours=1))

    assert [row.number for row in Click.objects.by_people()] == [2]


def test_taking_it_back_ends_the_counting_also_in_old_mails(message: Message) -> None:
    consent.forbid_clicks(message.subscriber, source="preferences")

    assert visit(message)["Location"] == TARGET
    assert not Click.objects.exists()


# ------------------------------------------------------------------ agreeing


def signup(client: Client, sequence: Sequence, **fields: Any) -> Any:
    body = {
        "address": ANNA.address,
        "programme": sequence.translation_key.hex,
        "consent": True,
        "consent_number": ConsentText.current("en-us").number,
        "clicks_number": ConsentText.current("en-us", ConsentTopic.CLICKS).number,
        **fields,
    }
    return client.post("/api/v1/signup/", json.dumps(body), content_type="application/json")


def confirmed(now: datetime | None = None) -> Subscriber:
    request = Consent.objects.get(action=ConsentAction.REQUESTED)
    consent.confirm(request.public_id, now=now or timezone.now(), source="link")
    return Subscriber.objects.get()


def test_the_box_is_there_unticked_and_with_a_text_of_its_own(
    client: Client, sequence: Sequence
) -> None:
    page = client.get("/signup/").content.decode()

    box = re.search(r"<input[^>]*name=\"clicks\"[^>]*>", page)
    assert box
    assert "checked" not in box[0]
    assert "required" not in box[0]
    assert ConsentText.current("en-us", ConsentTopic.CLICKS).text in page


def test_where_nothing_is_counted_nobody_is_asked(
    client: Client, sequence: Sequence, settings: Settings
) -> None:
    settings.MEASURE_CLICKS = False

    assert 'name="clicks"' not in client.get("/signup/").content.decode()
    assert client.get("/api/v1/signup/").json()["clicks_text"] == ""
    assert signup(client, sequence, clicks=True).status_code == 202
    assert not confirmed().measured


def test_agreeing_counts_once_it_is_confirmed_and_its_words_are_kept(
    client: Client, sequence: Sequence
) -> None:
    signup(client, sequence, clicks=True)
    assert not Subscriber.objects.get().measured

    person = confirmed()

    assert person.measured
    row = Consent.objects.get(action=ConsentAction.CLICKS_ALLOWED)
    assert row.text == ConsentText.current("en-us", ConsentTopic.CLICKS)
    assert row.text != ConsentText.current("en-us")


def test_another_text_than_the_one_that_was_shown_is_not_agreed_to(
    client: Client, sequence: Sequence
) -> None:
    assert signup(client, sequence, clicks=True, clicks_number=7).status_code == 422


def test_agreeing_to_mail_is_not_agreeing_to_be_counted(client: Client, sequence: Sequence) -> None:
    signup(client, sequence)

    assert not confirmed().measured


def test_one_can_change_ones_mind_on_the_own_page(client: Client) -> None:
    anna = ANNA.joins()
    page = links.preferences(anna, since=timezone.now()).removeprefix(installation.SITE_URL)
    assert "Counting clicks" in client.get(page).content.decode()

    client.post(page, {"action": "clicks", "clicks": "on"})
    assert Subscriber.objects.get().measured
    client.post(page, {"action": "clicks"})

    assert not Subscriber.objects.get().measured
    assert list(Consent.objects.order_by("pk").values_list("action", flat=True)) == [
        ConsentAction.CLICKS_ALLOWED,
        ConsentAction.CLICKS_FORBIDDEN,
    ]


def test_leaving_takes_it_back_and_coming_back_asks_anew(message: Message) -> None:
    consent.withdraw(message.subscriber.public_id, source="link")

    assert not Subscriber.objects.get().measured


# ------------------------------------------------------------------ whose data it is


def test_clicks_are_in_the_copy_and_gone_after_an_erasure(
    message: Message, settings: Settings, tmp_path: Any
) -> None:
    settings.ERASURE_LOG = tmp_path / "erasures.log"
    visit(message)

    copy = privacy.export(message.subscriber)
    erased = privacy.erase(message.subscriber.public_id, now=timezone.now())

    assert copy["clicks_counted"] is True
    assert [one["link"] for one in copy["mails"][0]["clicks"]] == [TARGET]
    assert erased.is_complete
    assert not Click.objects.exists()
    assert visit(message).status_code == 404
