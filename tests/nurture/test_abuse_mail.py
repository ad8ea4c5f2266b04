"""What a mail gives away, and what can be smuggled into it. Read from the wire, raw and decoded."""

import json
import re
import time
from contextlib import suppress
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from nurture import checkins, preferences, sending
from nurture.authoring import correcting
from nurture.domain import personalise
from nurture.domain.states import TRANSACTIONAL, MessageKind, MessageState, Reason
from nurture.models import Message, Sequence, StepVersion, Subscriber
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA, BEN, CLARA
from tests.factories import checkin, diagnosis_page, published_sequence, step, text
from tests.nurture.steps import asks, planned

pytestmark = pytest.mark.django_db

CONDITIONS = ["Diastasis recti", "Urge incontinence", "Sacroiliitis", "Vulvodynia"]
WARNING_SIGN = 5


def all_kinds(relay: smtp.Relay, sequence: Sequence) -> dict[MessageKind, smtp.Mail]:
    """Everything that can be mailed about a programme, once each."""
    now = timezone.now()
    asks(BEN, sequence)
    message = planned(ANNA.joins(), sequence, now=now)
    asks(ANNA, sequence)
    sending.send_claimed(PROGRAMME)
    assert message.step_version is not None
    correction = correcting.prepare(message.step_version)
    correction.text = "Hello {{first_name}}, please do ten lifts, not thirty."
    correction.save()
    correcting.send(correction.pk, confirmed=1, by=None, now=now)
    checkins.record(message.public_id, WARNING_SIGN, now=now, source="link")
    clara = CLARA.joins()
    preferences.mail_link(MessageKind.LINKS, clara, now=now)
    preferences.mail_link(MessageKind.EXPORT, clara, now=now)
    # Anna takes part no more after the warning sign, so she would be asked; this is the notice.
    preferences.mail_link(MessageKind.ENROLLED, clara, now=now)
    sending.send_claimed(TRANSACTIONAL)
    kinds = dict(Message.objects.values_list("message_id", "kind"))
    return {MessageKind(kinds[mail.message_id]): mail for mail in relay.mails}


def outside_of_the_words(mail: smtp.Mail) -> str:
    """Envelope, headers of all parts, and every address in the body."""
    message = mail.message
    pieces = [mail.sender, *mail.recipients]
    for part in message.walk():
        pieces += [f"{name}: {value}" for name, value in part.items()]
        if part.get_content_maintype() == "text":
            pieces += re.findall(r'https?://[^\s"<>]+|mailto:[^\s"<>]+|cid:\S+', part.get_content())
    return "\n".join(pieces)


def whole(mail: smtp.Mail) -> str:
    parts = [part for part in mail.message.walk() if part.get_content_maintype() == "text"]
    decoded = [str(part.get_content()) for part in parts]
    return "\n".join([mail.content.decode("utf-8", "replace"), *decoded])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_no_mail_names_the_condition_where_others_look(
    relay: smtp.Relay, settings: Settings, condition: str
) -> None:
    """Each kind of mail for each condition. A notice does not even say it in its words."""
    settings.BOUNCE_ADDRESS = "bounces@larkfield.example"
    settings.BOUNCE_MAILBOX_URL = "imaps://a:b@mail.example/INBOX"
    sequence = published_sequence(
        diagnosis=diagnosis_page(title=condition, synonyms=[]),
        title=f"Twelve weeks with {condition}",
        steps=[step(text(f"<p>About {condition}.</p>"), checkin())],
    )

    mails = all_kinds(relay, sequence)

    words = [word for word in condition.lower().split() if len(word) > 3]
    assert set(mails) == set(MessageKind)
    for kind, mail in mails.items():
        seen = outside_of_the_words(mail) if kind is MessageKind.PROGRAMME else whole(mail)
        assert not re.search(rf"\b({'|'.join(words)})\b", seen, re.IGNORECASE), kind
        assert sequence.title.lower() not in seen.lower()
    assert not [name for mail in relay.mails for name in mail.message if "tag" in name.lower()]


def test_no_mail_loads_anything_that_is_made_for_one_person(relay: smtp.Relay) -> None:
    sequence = published_sequence(steps=[step(text(), checkin())])
    for person in (ANNA, BEN):
        planned(person.joins(), sequence)
    sending.send_claimed(PROGRAMME)

    loaded = [set(re.findall(r'(?:src|background)="([^"]*)"', whole(mail))) for mail in relay.mails]

    assert loaded[0] == loaded[1]


# ------------------------------------------------------------------ header injection


EVIL = "Hello\r\nBcc: eve@example.org"


def test_a_line_break_in_a_row_fails_that_mail_alone(relay: smtp.Relay) -> None:
    """As if somebody had got past every form. The sender goes on with the next one."""
    sequence = published_sequence(steps=1)
    bad = planned(ANNA.joins(), sequence)
    Message.objects.filter(pk=bad.pk).update(message_id=f"<{EVIL}@x>")
    planned(BEN.joins(), sequence)

    sending.send_claimed(PROGRAMME)

    bad.refresh_from_db()
    assert (bad.state, bad.reason) == (MessageState.FAILED, Reason.CANNOT_COMPOSE)
    assert [mail.recipients for mail in relay.mails] == [(BEN.address,)]


def test_a_line_break_in_a_subject_becomes_a_space(relay: smtp.Relay) -> None:
    planned(ANNA.joins(), published_sequence(steps=1))
    StepVersion.objects.update(subject=EVIL)

    sending.send_claimed(PROGRAMME)

    (mail,) = relay.mails
    assert mail.recipients == (ANNA.address,)
    assert mail.message["Bcc"] is None
    assert mail.message["Subject"] == "Hello  Bcc: eve@example.org"


@pytest.mark.parametrize("setting", ["MAIL_FROM", "PRACTICE_NAME", "PRACTICE_ADDRESS"])
def test_a_line_break_in_a_setting_adds_no_header(
    relay: smtp.Relay, settings: Settings, setting: str
) -> None:
    good = str(getattr(settings, setting))
    setattr(settings, setting, f"{good}\r\nBcc: eve@example.org")
    asks(ANNA, published_sequence(steps=1))

    sending.send_claimed(TRANSACTIONAL)

    assert not [mail for mail in relay.mails if mail.message["Bcc"]]
    assert not [mail for mail in relay.mails if mail.recipients != (ANNA.address,)]


@pytest.mark.parametrize(
    "address",
    ['"anna@x"@example.org', "anna@example.org,eve@example.org", "anna@[127.0.0.1]", "a" * 9_999],
)
def test_an_address_is_one_recipient_or_none(relay: smtp.Relay, address: str) -> None:
    message = planned(ANNA.joins(), published_sequence(steps=1))
    Message.objects.filter(pk=message.pk).update(address=address[:254])

    sending.send_claimed(PROGRAMME)

    assert all(len(mail.recipients) == 1 for mail in relay.mails)
    assert not [mail for mail in relay.mails if "eve" in str(mail.recipients)]


# ------------------------------------------------------------------ templates in what people type

PROBES = [
    "{{ 7*7 }}",
    "{% include 'cms/base.html' %}",
    "{{ settings.SECRET_KEY }}",
    "{{ request }}",
    "{0.__class__}",
    "%(address)s",
    "${7*7}",
]


@pytest.mark.parametrize("probe", PROBES)
def test_code_in_a_name_is_a_name(relay: smtp.Relay, probe: str) -> None:
    person = ANNA.joins()
    Subscriber.objects.update(first_name=probe)
    person.refresh_from_db()
    planned(person, published_sequence(steps=[step(text("<p>Hi {{first_name}}!</p>"))]))

    sending.send_claimed(PROGRAMME)

    body = relay.mails[0].message.get_body(("plain",))
    assert body is not None
    assert f"Hi {probe}!" in body.get_content()


@pytest.mark.parametrize("probe", ["{% include 'cms/base.html' %}", "{0.__class__}", "${7*7}"])
def test_code_in_an_editors_text_is_text(relay: smtp.Relay, probe: str) -> None:
    planned(ANNA.joins(), published_sequence(steps=[step(text(f"<p>See {probe}</p>"))]))

    sending.send_claimed(PROGRAMME)

    body = relay.mails[0].message.get_body(("plain",))
    assert body is not None
    assert probe in body.get_content()


@pytest.mark.parametrize("probe", ["{{ 7*7 }}", "{{ settings.SECRET_KEY }}", "{{ request }}"])
def test_a_field_that_is_not_on_the_list_is_refused_at_publishing(probe: str) -> None:
    with pytest.raises(Exception, match="is not a field"):
        published_sequence(steps=[step(text(f"<p>{probe}</p>"))])


# ------------------------------------------------------------------ too much of it


LONG = {
    "spaces without end": "{{" + " " * 200_000,
    "many fields": "{{first_name}}" * 10_000,
    "many beginnings": "{{ " * 100_000,
    "a long fallback": "{{first_name|" + "a " * 100_000 + "}}",
    "many ends": "}}" * 100_000,
}


@pytest.mark.parametrize("kind", LONG)
def test_fields_are_found_in_time_that_grows_with_the_text_only(kind: str) -> None:
    began = time.process_time()

    personalise.into_html(LONG[kind], {"first_name": "Anna"})
    with_error(LONG[kind])

    assert time.process_time() - began < 2


def with_error(text: str) -> None:
    with suppress(personalise.UnknownField):
        personalise.check(text)


@pytest.mark.parametrize(
    "body",
    [
        {"first_name": "N" * 1_000_000},
        {"address": "a" * 1_000_000 + "@example.org"},
        {"tags": ["x"] * 100_000},
        {"programme": "\u202e" * 500_000},
    ],
)
def test_a_megabyte_in_a_field_is_refused_in_a_moment(client: Client, body: dict[str, Any]) -> None:
    began = time.process_time()

    statuses = [
        client.post("/signup/", {**body, "consent": "on"}).status_code,
        client.post(
            "/api/v1/signup/", json.dumps(body), content_type="application/json"
        ).status_code,
    ]

    assert time.process_time() - began < 3
    assert statuses[0] in {400, 422}
    assert statuses[1] == 413
    assert not Subscriber.objects.exists()
