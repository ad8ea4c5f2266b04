"""Prepared bytes say the same as plain substitution, whatever the values are."""

import email
from email.message import EmailMessage
from email.policy import SMTP

from hypothesis import given
from hypothesis import strategies as st

from nurture.domain import personalise
from nurture.mail.prepared import prepare

VALUES = st.fixed_dictionaries(
    {
        "first_name": st.text(max_size=120) | st.text(".a ", max_size=120),
        "unsubscribe_url": st.text("abc:/-_=.", max_size=120),
    }
)
TEXT = "Hello {{first_name}},\n\n" + "long " * 30 + "{{first_name}}\n.\n{{unsubscribe_url}}\n"
HTML = "<p>Grüße {{ first_name }}" + "<b>x</b>" * 40 + "{{unsubscribe_url}}</p>\n"


def parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=SMTP)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@given(values=VALUES)
def test_a_mail_reads_as_if_its_values_had_been_written_into_it(values: dict[str, str]) -> None:
    prepared = prepare("s", text=TEXT, html=HTML)

    message = parsed(prepared.content(values))

    assert part(message, "plain") == personalise.into_text(TEXT, values)
    assert part(message, "html") == personalise.into_html(HTML, values)


@given(values=VALUES)
def test_lines_stay_short_and_end_in_crlf(values: dict[str, str]) -> None:
    prepared = prepare("s", text=TEXT, html=HTML)

    content = prepared.content(values)

    assert max(len(line) for line in content.split(b"\r\n")) <= 76
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")


@given(values=VALUES)
def test_no_value_begins_a_line_with_a_dot(values: dict[str, str]) -> None:
    text = TEXT.replace("\n.\n", "\n") + "{{first_name}}...{{first_name}}."
    prepared = prepare("s", text=text, html=HTML)

    content = prepared.content(values)

    assert prepared.is_plain
    assert b"\n." not in b"\n" + content


def test_a_text_with_such_a_line_is_known() -> None:
    prepared = prepare("s", text="Hold.\n.5 seconds longer each day\n", html=HTML)

    assert not prepared.is_plain


def test_what_a_value_contains_is_never_looked_at_again() -> None:
    prepared = prepare("s", text="{{first_name}}", html="<p>{{first_name}}</p>")

    message = parsed(
        prepared.content({"first_name": "{{unsubscribe_url}}", "unsubscribe_url": "x"})
    )

    assert part(message, "plain").strip() == "{{unsubscribe_url}}"
