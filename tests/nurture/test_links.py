"""A link opens one thing for one person, for as long as it makes sense."""

import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nurture import sending
from nurture.mail import links
from nurture.mail.links import BadLink, ExpiredLink, Purpose
from nurture.models import Message, Subscriber
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA, BEN
from tests.factories import published_sequence, step, text
from tests.nurture.steps import planned

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ALPHABET = string.ascii_letters + string.digits + "-_"


def token(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


# ------------------------------------------------------------------ made and read


@pytest.mark.parametrize("purpose", Purpose)
def test_what_was_put_in_comes_out(purpose: Purpose) -> None:
    identifier = uuid4()

    url = links.make(purpose, identifier, expires=NOW, answer=3, generation=65_535)

    target = links.read(purpose, token(url), now=NOW)
    assert (target.purpose, target.public_id, target.expires) == (purpose, identifier, NOW)
    assert (target.answer, target.generation) == (3, 65_535)


@pytest.mark.parametrize("made_for", Purpose)
@pytest.mark.parametrize("used_for", Purpose)
def test_a_link_opens_one_purpose_only(made_for: Purpose, used_for: Purpose) -> None:
    url = links.make(made_for, uuid4())

    opened = True
    try:
        links.read(used_for, token(url), now=NOW)
    except BadLink:
        opened = False

    assert opened == (made_for == used_for)


@given(place=st.integers(0, links.TOKEN_LENGTH - 1), letter=st.sampled_from(ALPHABET))
@example(place=0, letter="A")
@example(place=links.TOKEN_LENGTH - 1, letter="A")
def test_no_letter_can_be_changed(place: int, letter: str) -> None:
    made = token(links.make(Purpose.CHECK_IN, uuid4(), expires=NOW, answer=1, generation=1))
    changed = made[:place] + letter + made[place + 1 :]

    if changed != made:
        with pytest.raises(BadLink):
            links.read(Purpose.CHECK_IN, changed, now=NOW - SECOND)


@given(st.text(max_size=80))
def test_whatever_is_no_token_is_a_bad_link_and_no_crash(made_up: str) -> None:
    with pytest.raises(BadLink):
        links.read(Purpose.PREFERENCES, made_up, now=NOW)


def test_a_link_says_nothing_but_its_token() -> None:
    for purpose in Purpose:
        url = links.make(purpose, uuid4(), expires=NOW)

        _scheme, _empty, _host, prefix, opaque, end = url.split("/")
        assert (len(prefix), len(opaque), end) == (1, links.TOKEN_LENGTH, "")


def test_no_two_purposes_share_a_path() -> None:
    assert set(links.PREFIXES) == set(Purpose)
    assert len(set(links.PREFIXES.values())) == len(Purpose)


# ------------------------------------------------------------------ a person's links


PERSONAL: dict[str, tuple[Callable[..., str], Purpose, timedelta]] = {
    "preferences": (links.preferences, Purpose.PREFERENCES, links.PREFERENCES_LIFETIME),
    "export": (links.export, Purpose.EXPORT, links.EXPORT_LIFETIME),
    "erase": (links.erase, Purpose.ERASE, links.ERASE_LIFETIME),
}


@pytest.mark.parametrize("name", PERSONAL)
def test_a_personal_link_ends_after_its_time(name: str) -> None:
    make, purpose, lifetime = PERSONAL[name]
    made = token(make(Subscriber(link_generation=1), since=NOW))

    links.read(purpose, made, now=NOW + lifetime)
    with pytest.raises(ExpiredLink):
        links.read(purpose, made, now=NOW + lifetime + SECOND)


@pytest.mark.parametrize("name", PERSONAL)
def test_a_revoked_link_opens_nothing(name: str) -> None:
    make, purpose, _lifetime = PERSONAL[name]
    person = Subscriber(link_generation=1)
    target = links.read(purpose, token(make(person, since=NOW)), now=NOW)

    target.check(person)
    person.link_generation += 1

    with pytest.raises(BadLink):
        target.check(person)


def test_leaving_cannot_be_revoked_and_has_no_end() -> None:
    person = Subscriber(link_generation=7)
    later = NOW + timedelta(days=10_000)

    target = links.read(Purpose.UNSUBSCRIBE, token(links.unsubscribe(person)), now=later)

    target.check(person)
    assert target.public_id == person.public_id


def test_an_answer_belongs_to_one_mail_and_one_choice() -> None:
    message = Message(subscriber=Subscriber(), planned_for=NOW)

    urls = {links.check_in(message, number) for number in (1, 2, 3)}

    targets = [links.read(Purpose.CHECK_IN, token(url), now=NOW) for url in urls]
    assert {target.public_id for target in targets} == {message.public_id}
    assert {target.answer for target in targets} == {1, 2, 3}


# ------------------------------------------------------------------ in a mail


@pytest.mark.django_db
def test_a_mail_carries_the_links_that_it_has_a_place_for(
    relay: smtp.Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = planned(ANNA.joins(), published_sequence(steps=[step(text())]))
    # As the template of a step writes them; an editor cannot.
    version = message.step_version
    assert version is not None
    version.text = "{{preferences_url}}\n{{checkin_url_1}}\n{{checkin_url_5}}\n{{unsubscribe_url}}"
    version.save()

    sending.send_claimed(PROGRAMME)

    body = relay.mails[0].message.get_body(("plain",))
    assert body is not None
    words = body.get_content().split()
    prefixes = [url.split("/")[3] for url in words]
    assert prefixes == ["m", "k", "k", "u"]
    when = message.planned_for
    answers = [links.read(Purpose.CHECK_IN, token(url), now=when).answer for url in words[1:3]]
    assert answers == [1, 5]


@pytest.mark.django_db
def test_two_people_never_share_a_link(relay: smtp.Relay) -> None:
    ben, anna = BEN.joins(), ANNA.joins()

    urls = {
        make(person, since=NOW)
        for make, _purpose, _life in PERSONAL.values()
        for person in (ben, anna)
    }

    assert len(urls) == 2 * len(PERSONAL)
