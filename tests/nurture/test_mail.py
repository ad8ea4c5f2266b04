"""What arrives: headers, parts and bytes, read from the wire."""

import re
from email.message import EmailMessage
from typing import Any

import pytest
from django.conf import settings as installation

from nurture import sending
from nurture.domain.states import TRANSACTIONAL, ConsentAction
from nurture.mail.smtp import dotted
from nurture.models import Message, Sequence, StepVersion
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA, Person
from tests.factories import pictured_exercise, published_sequence, step, text
from tests.nurture.steps import asks, planned

pytestmark = pytest.mark.django_db

# Title, region and synonym of the diagnosis in the factories, and the title of its programme.
TELLING = re.compile(r"\bSI\b|joint|dysfunction|pelvis|sacroiliac|strain|steady weeks", re.I)


def sent(relay: smtp.Relay, person: Person = ANNA, **sequence: Any) -> smtp.Mail:
    """The first mail of a programme, as the relay got it."""
    planned(person.joins(), published_sequence(**{"steps": 1, **sequence}))
    sending.send_claimed(PROGRAMME)
    (mail,) = relay.mails
    return mail


def asked(relay: smtp.Relay, person: Person = ANNA) -> smtp.Mail:
    """The question after a signup, as the relay got it."""
    asks(person, published_sequence(steps=1))
    sending.send_claimed(TRANSACTIONAL)
    (mail,) = relay.mails
    return mail


def parts(mail: smtp.Mail) -> list[EmailMessage]:
    return [part for part in mail.message.walk() if not part.is_multipart()]


def content(mail: smtp.Mail, kind: str) -> str:
    body = mail.message.get_body((kind,))
    assert body is not None
    found: str = body.get_content()
    return found


def headers(mail: smtp.Mail) -> str:
    return "\n".join(f"{name}: {value}" for name, value in mail.message.items())


# ------------------------------------------------------------------ headers


def test_a_programme_mail_goes_to_one_person_from_the_practice(relay: smtp.Relay) -> None:
    mail = sent(relay)

    assert mail.recipients == (ANNA.address,)
    assert mail.sender == "hello@larkfield.example"
    assert mail.message["To"] == ANNA.address
    assert mail.message["From"] == installation.MAIL_FROM
    assert mail.message["Cc"] is mail.message["Bcc"] is None


def test_one_click_is_offered_as_rfc_8058_wants_it(relay: smtp.Relay) -> None:
    mail = sent(relay)

    unsubscribe = str(mail.message["List-Unsubscribe"])
    assert re.fullmatch(rf"<{installation.SITE_URL}/u/[\w-]{{52}}/>", unsubscribe)
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert b"\r\nList-Unsubscribe: <http" in b"\r\n" + mail.content  # on one line


def test_the_way_out_is_in_both_forms_of_the_mail(relay: smtp.Relay) -> None:
    mail = sent(relay)

    address = str(mail.message["List-Unsubscribe"]).strip("<>")
    assert address in content(mail, "html")
    assert address in content(mail, "plain")


def test_no_header_is_there_twice(relay: smtp.Relay) -> None:
    mail = sent(relay)

    names = [name.lower() for name in mail.message]
    assert len(names) == len(set(names))
    assert {"from", "to", "subject", "date", "message-id", "mime-version"} <= set(names)


def test_the_message_id_is_the_one_of_the_row(relay: smtp.Relay) -> None:
    mail = sent(relay)

    assert mail.message_id == Message.objects.get().message_id
    assert re.fullmatch(r"<[0-9a-f]{32}@larkfield\.example>", mail.message_id)


def test_nothing_outside_of_the_body_tells_the_diagnosis(relay: smtp.Relay) -> None:
    mail = sent(relay)

    html = content(mail, "html")
    preheader = StepVersion.objects.get().preheader
    links = re.findall(r'(?:href|src)="([^"]*)"', html)
    outside = [headers(mail), preheader, mail.sender, *links]
    assert preheader in html
    assert links
    assert not [piece for piece in outside if TELLING.search(piece)]


def test_the_list_has_one_name_for_all_programmes(relay: smtp.Relay) -> None:
    mail = sent(relay)

    assert mail.message["List-Id"] == "<programme.larkfield.example>"


@pytest.mark.parametrize("name", ["Zoë", "山田", "Anna-Sophia Maria Theresia of the Long Hills"])
def test_a_name_in_the_subject_arrives_whatever_its_letters(relay: smtp.Relay, name: str) -> None:
    person = Person(name, ANNA.address, ANNA.time_zone)

    mail = sent(relay, person, steps=[step(subject="Week 1 for {{first_name}}, a little more")])

    # A long one begins on the next line, and the parser keeps the space in front of it.
    assert mail.message["Subject"].strip() == f"Week 1 for {name}, a little more"
    assert all(len(line) <= 998 for line in mail.wire.split(b"\r\n"))


def test_a_name_with_a_line_break_adds_no_header(relay: smtp.Relay) -> None:
    person = Person("Anna\r\nBcc: eve@example.org", ANNA.address, ANNA.time_zone)

    mail = sent(relay, person, steps=[step(subject="For {{first_name}}")])

    assert mail.message["Bcc"] is None
    assert mail.recipients == (ANNA.address,)


# ------------------------------------------------------------------ bodies


def test_the_text_part_comes_first_and_the_html_is_preferred(relay: smtp.Relay) -> None:
    mail = sent(relay)

    assert mail.message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parts(mail)] == ["text/plain", "text/html"]


def test_a_person_is_greeted_in_both_forms(relay: smtp.Relay) -> None:
    mail = sent(relay)

    assert "Hi Anna," in content(mail, "html")
    assert "Hi Anna," in content(mail, "plain")
    assert "{{" not in content(mail, "html") + content(mail, "plain")


def test_markup_in_a_name_arrives_as_text(relay: smtp.Relay) -> None:
    name = '<b>Anna</b> & "co"'
    person = Person(name, ANNA.address, ANNA.time_zone)

    mail = sent(relay, person)

    assert "Hi &lt;b&gt;Anna&lt;/b&gt; &amp; &quot;co&quot;," in content(mail, "html")
    assert f"Hi {name}," in content(mail, "plain")


def test_code_in_a_name_arrives_as_it_was_typed(relay: smtp.Relay) -> None:
    name = "{{ 7*7 }}{% include 'x' %}{{unsubscribe_url}}"
    person = Person(name, ANNA.address, ANNA.time_zone)

    mail = sent(relay, person)

    assert f"Hi {name}," in content(mail, "plain")


def test_no_picture_counts_who_opened_the_mail(relay: smtp.Relay) -> None:
    mail = sent(relay, exercises=[pictured_exercise()])

    pictures = re.findall(r'src="([^"]*)"', content(mail, "html"))
    assert pictures
    assert all(
        re.fullmatch(rf"{installation.SITE_URL}/media/mail/[0-9a-f]+\.png", url) for url in pictures
    )


def test_lines_of_dots_arrive_as_they_were_written(relay: smtp.Relay) -> None:
    dots = "<ul><li>.</li><li>..</li></ul><p>.</p><p>. and on</p>"

    mail = sent(relay, steps=[step(text(dots), text("<p>the end</p>"))])

    assert "the end" in content(mail, "plain")
    assert {".", "- ..", ". and on"} <= set(content(mail, "plain").splitlines())
    assert b"\r\n.\r\n" not in mail.wire
    assert b"\r\n..\r\n" in mail.wire


@pytest.mark.parametrize(
    "smuggled", ["\n.\nMAIL FROM:<eve@example.org>", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r\nRSET"]
)
def test_a_body_cannot_end_itself(smuggled: str) -> None:
    body = dotted(f"Subject: x\r\n\r\nbefore{smuggled}after".encode())

    assert body.endswith(b"\r\n.\r\n")
    assert body.count(b"\r\n.\r\n") == 1
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", body)
    assert not re.search(rb"\r\n\.[^.\r]", body)


def test_line_ends_on_the_wire_are_what_smtp_wants(relay: smtp.Relay) -> None:
    mail = sent(relay, exercises=[pictured_exercise()])

    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", mail.wire)
    assert max(len(line) for line in mail.wire.split(b"\r\n")) <= 998
    assert mail.wire.isascii()


def test_the_row_keeps_the_fingerprint_of_what_left(relay: smtp.Relay) -> None:
    sent(relay)

    assert re.fullmatch(r"[0-9a-f]{64}", Message.objects.get().fingerprint)


# ------------------------------------------------------------------ the question after a signup


def test_the_question_has_one_link_and_a_lifetime(relay: smtp.Relay) -> None:
    mail = asked(relay)

    links = re.findall(r"http\S+", content(mail, "plain"))
    assert len(links) == 1
    assert re.fullmatch(rf"{installation.SITE_URL}/c/[\w-]{{52}}/", links[0])
    assert f'href="{links[0]}"' in content(mail, "html")
    assert "7 days" in content(mail, "plain")


def test_the_question_is_no_list_mail_and_tells_nothing(relay: smtp.Relay) -> None:
    mail = asked(relay)

    everything = headers(mail) + content(mail, "plain") + content(mail, "html")
    assert mail.message["List-Unsubscribe"] is None
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert not TELLING.search(everything)


def test_the_question_repeats_nothing_that_somebody_typed(relay: smtp.Relay) -> None:
    person = Person("You won 1000 at evil.example", ANNA.address, ANNA.time_zone)

    mail = asked(relay, person)

    assert "evil" not in content(mail, "plain") + content(mail, "html") + headers(mail)


def test_links_are_made_for_the_configured_site(relay: smtp.Relay, settings: Any) -> None:
    settings.SITE_URL = "https://care.example.org"

    mail = asked(relay)

    assert "https://care.example.org/c/" in content(mail, "plain")
    assert "localhost" not in content(mail, "plain")


def test_a_mail_is_what_its_version_says_and_nothing_newer(relay: smtp.Relay) -> None:
    sequence: Sequence = published_sequence(steps=[step(text("<p>first words</p>"))])
    planned(ANNA.joins(consent=ConsentAction.GIVEN), sequence)
    version = StepVersion.objects.get()
    StepVersion.objects.create(
        step=version.step, locale=version.locale, number=2, html="newer", text="newer"
    )

    sending.send_claimed(PROGRAMME)

    (mail,) = relay.mails
    assert "first words" in content(mail, "plain")
