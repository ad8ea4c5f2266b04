from datetime import UTC, datetime, timedelta

import pytest

from nurture.domain import clicks

MAIL = (
    '<a href="https://care.example.org/p/1/?a=1&amp;b=2">One</a>'
    '<a href="{{unsubscribe_url}}">Stop</a><a href="{{checkin_url_1}}">Good</a>'
    '<a href="mailto:hello@care.example.org">Write</a><a href="tel:911">Call</a>'
    '<a href="https://video.example/2">Two</a><a href="https://care.example.org/p/1/?a=1&amp;b=2">x</a>'
)
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


def test_each_address_that_the_mail_carries_is_counted_once_in_its_order() -> None:
    assert clicks.targets(MAIL) == (
        "https://care.example.org/p/1/?a=1&b=2",
        "https://video.example/2",
    )


def test_ways_out_answers_and_telephones_stay_as_they_are() -> None:
    counted = clicks.with_fields(MAIL)

    for kept in ("{{unsubscribe_url}}", "{{checkin_url_1}}", "mailto:hello@", "tel:911"):
        assert kept in counted
    assert counted.count("{{click_url_1}}") == 2
    assert counted.count("{{click_url_2}}") == 1
    assert "https://" not in counted


def test_what_is_beyond_the_number_of_fields_keeps_its_address() -> None:
    links = [f'<a href="https://x.example/{n}">x</a>' for n in range(clicks.MOST_LINKS + 1)]

    counted = clicks.with_fields("".join(links))

    assert counted.count("click_url_") == clicks.MOST_LINKS
    assert f"https://x.example/{clicks.MOST_LINKS}" in counted


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Microsoft Office Existence Discovery",
        "BarracudaCentral/1.0",
        "python-requests/2.32",
        "curl/8.5.0",
        "Mozilla/5.0 HeadlessChrome/120.0",
    ],
)
def test_a_program_that_says_so_is_known(agent: str) -> None:
    assert clicks.names_itself(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    ],
)
def test_a_browser_is_no_program(agent: str) -> None:
    assert not clicks.names_itself(agent)


def test_nobody_reads_within_seconds() -> None:
    assert clicks.too_soon(sent=NOW, clicked=NOW + timedelta(seconds=5))
    assert not clicks.too_soon(sent=NOW, clicked=NOW + timedelta(minutes=1))
