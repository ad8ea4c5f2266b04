"""One programme in two languages: one choice at the signup, and each person reads their own."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from wagtail.models import Locale

from cms.models import HomePage
from nurture import due, programmes, sending
from nurture.domain import personalise
from nurture.domain.states import TRANSACTIONAL
from nurture.models import ConsentText, Enrolment, Sequence, StepVersion, Subscriber
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA
from tests.factories import exercise_page, publish, published_sequence, raw_steps
from tests.nurture.steps import enrolled
from tests.nurture.test_mail import content

pytestmark = pytest.mark.django_db


@pytest.fixture
def spanish() -> Locale:
    return Locale.objects.create(language_code="es")


@pytest.fixture
def sequence() -> Sequence:
    return published_sequence(steps=2, exercises=[exercise_page()], notice="A sample.")


@pytest.fixture
def translation(sequence: Sequence, spanish: Locale) -> Sequence:
    """The sequence in Spanish, published, with the first of its steps translated."""
    copy = Sequence.objects.get(pk=sequence.pk).copy_for_translation(spanish)
    copy.title, copy.goal = "Semanas firmes", "Cargar las compras."
    copy.save()
    steps = raw_steps(copy)
    steps[0]["value"]["subject"] = "Semana 1: un poco más"
    greeting = {"heading": "Por qué", "body": "<p>Hola, {{first_name}}:</p>"}
    steps[0]["value"]["body"][0]["value"] = greeting
    copy.steps = steps
    return publish(copy)


def mailed(relay: smtp.Relay, subscriber: Subscriber, sequence: Sequence) -> smtp.Mail:
    """The first mail of the programme, as the relay got it."""
    now = timezone.now()
    enrolled(subscriber, sequence, now=now)
    due.claim(now)
    sending.send_claimed(PROGRAMME)
    (mail,) = relay.mails
    return mail


# ------------------------------------------------------------------ mails


def test_who_reads_spanish_gets_the_spanish_mail(
    relay: smtp.Relay, sequence: Sequence, translation: Sequence
) -> None:
    mail = mailed(relay, ANNA.joins(language="es"), sequence)

    assert mail.message["Subject"] == "Semana 1: un poco más"
    text = content(mail, "plain")
    assert "Hola, Anna:" in text
    assert "2 a 3 series de 8 a 12, 3 días a la semana" in text
    assert "Cuándo detenerte:" in text
    assert "/es/p/" in text
    assert "/es/u/" in text
    assert 'lang="es"' in content(mail, "html")


def test_who_reads_english_gets_the_english_mail(
    relay: smtp.Relay, sequence: Sequence, translation: Sequence
) -> None:
    mail = mailed(relay, ANNA.joins(), sequence)

    assert mail.message["Subject"] == "Week 1: a little more"


def test_without_a_translation_the_mail_comes_in_the_language_of_the_sequence(
    relay: smtp.Relay, sequence: Sequence
) -> None:
    mail = mailed(relay, ANNA.joins(language="es"), sequence)

    assert mail.message["Subject"] == "Week 1: a little more"


def test_a_translation_that_was_unpublished_is_sent_no_more(
    relay: smtp.Relay, sequence: Sequence, translation: Sequence
) -> None:
    translation.unpublish()

    mail = mailed(relay, ANNA.joins(language="es"), sequence)

    assert mail.message["Subject"] == "Week 1: a little more"


@pytest.mark.parametrize(
    ("language", "hello"), [("es", "Hola, qué gusto saludarte:"), ("en-us", "Hi there,")]
)
def test_who_gave_no_name_is_greeted_in_the_language_of_the_mail(
    relay: smtp.Relay, sequence: Sequence, translation: Sequence, language: str, hello: str
) -> None:
    person = ANNA.joins(language=language)
    person.first_name = ""
    person.save()

    assert hello in content(mailed(relay, person, sequence), "plain")


def test_the_editors_own_words_for_nobody_come_first() -> None:
    values = {"first_name": "", "without first_name": "qué gusto saludarte"}

    assert personalise.into_text("Hola, {{first_name|corredora}}:", values) == "Hola, corredora:"
    assert personalise.into_text("Hola, {{first_name}}:", values) == "Hola, qué gusto saludarte:"


def test_a_copy_for_translation_is_a_draft_that_says_nothing(
    sequence: Sequence, spanish: Locale
) -> None:
    copy = Sequence.objects.get(pk=sequence.pk).copy_for_translation(spanish)
    copy.save()

    assert (copy.live, copy.plan_number, copy.last_approval) == (False, 0, None)
    assert [child.id for child in copy.steps] == [child.id for child in sequence.steps]
    assert not StepVersion.objects.filter(locale=spanish).exists()
    assert programmes.offers("es")[0].title == "Steady weeks"


# ------------------------------------------------------------------ signing up


def test_a_programme_in_two_languages_is_offered_once(
    sequence: Sequence, translation: Sequence
) -> None:
    (english,), (spanish,) = programmes.offers("en-us"), programmes.offers("es")

    assert (english.title, spanish.title) == ("Steady weeks", "Semanas firmes")
    assert english.key == spanish.key
    assert english.sequence == spanish.sequence == sequence


def test_what_is_not_translated_is_offered_with_a_word_about_its_language(
    client: Client, sequence: Sequence, spanish: Locale
) -> None:
    HomePage.objects.first()

    page = client.get("/es/signup/").content.decode()

    assert "Steady weeks" in page
    assert "Idioma de estos correos: Inglés" in page


def signed_up(client: Client, prefix: str, sequence: Sequence) -> Any:
    fields = {
        "address": ANNA.address,
        "first_name": ANNA.first_name,
        "programme": sequence.translation_key.hex,
        "time_zone": ANNA.time_zone,
        "consent": "on",
        "website": "",
    }
    return client.post(f"{prefix}/signup/", fields)


def test_a_spanish_signup_is_spanish_from_the_consent_to_the_confirmation(
    client: Client, relay: smtp.Relay, sequence: Sequence, translation: Sequence
) -> None:
    page = client.get("/es/signup/").content.decode()
    response = signed_up(client, "/es", sequence)
    sending.send_claimed(TRANSACTIONAL)

    assert "Acepto recibir correos" in page
    assert response["Location"] == "/es/signup/done/"
    person = Subscriber.objects.get()
    assert person.language == "es"
    assert person.consents.get().text == ConsentText.current("es")
    (mail,) = relay.mails
    assert mail.message["Subject"] == "Confirma tu dirección de correo"
    assert "Confirmar mi dirección" in content(mail, "html")
    assert "/es/c/" in content(mail, "plain")


def test_both_languages_lead_into_one_programme(
    client: Client, relay: smtp.Relay, sequence: Sequence, translation: Sequence
) -> None:
    signed_up(client, "/es", sequence)
    sending.send_claimed(TRANSACTIONAL)
    (mail,) = relay.mails
    link = next(line for line in content(mail, "plain").splitlines() if "/es/c/" in line)
    path = link[link.index("/es/c/") :].strip()

    asking = client.get(path).content.decode()
    done = client.post(path).content.decode()

    assert "Sí, empezar mi programa" in asking
    assert "Semanas firmes" in asking
    assert "Tu primer correo llega" in done
    assert Enrolment.objects.get().sequence == sequence


def test_faults_are_told_in_the_language_of_the_page(client: Client, sequence: Sequence) -> None:
    response = client.post("/es/signup/", {"address": "no@@x"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "Hay un error en esta dirección" in page
    assert "Marca la casilla" in page


def test_the_consent_of_a_language_is_made_in_that_language_whoever_asks() -> None:
    assert ConsentText.current("es").text.startswith("Acepto")
    assert ConsentText.current("en-us").text.startswith("I agree")
