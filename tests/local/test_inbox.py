"""Mail goes in by SMTP and comes out by HTTP, through the real servers."""

import json
import re
import smtplib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from bs4 import BeautifulSoup

from config.local import ports
from config.local.inbox import receiver, server
from config.local.inbox.store import Store

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@dataclass
class Inbox:
    smtp_port: int
    http_port: int

    def send(self, mail: EmailMessage, *, to: list[str] | None = None) -> None:
        with smtplib.SMTP(ports.LOOPBACK, self.smtp_port) as connection:
            connection.send_message(mail, to_addrs=to)

    def send_bytes(self, content: bytes, *, options: tuple[str, ...] = ()) -> None:
        with smtplib.SMTP(ports.LOOPBACK, self.smtp_port) as connection:
            connection.sendmail("clinic@example.org", ["anna@example.org"], content, options)

    def ask(
        self, path: str, *, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[HTTPResponse, bytes]:
        with closing(HTTPConnection(ports.LOOPBACK, self.http_port, timeout=10)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer, answer.read()

    def json(self, path: str) -> Any:
        return json.loads(self.ask(path)[1])

    def page(self, path: str) -> BeautifulSoup:
        return BeautifulSoup(self.ask(path)[1], "html.parser")


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    store = Store()
    smtp_port, http_port = ports.free_port(), ports.free_port()
    smtp, web = receiver.listen(store, port=smtp_port), server.listen(store, port=http_port)
    yield Inbox(smtp_port, http_port)
    server.close(web)
    smtp.stop()


def name_of(subject: str) -> str:
    return re.sub(r"\W", "-", subject)


def letter(*, to: str = "Anna <anna@example.org>", subject: str = "Week 4") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Larkfield <hello@larkfield.example>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{name_of(subject)}.{to[:4]}@larkfield.example>"
    mail.set_content("Grüße aus der Praxis.\n")
    mail.add_alternative('<html><head></head><body><img src="cid:logo">Hello</body></html>', "html")
    mail.get_payload()[1].add_related(PIXEL, "image", "png", cid="<logo>")  # type: ignore[union-attr,index]
    return mail


def test_a_mail_is_shown_in_mailpits_words(inbox: Inbox) -> None:
    inbox.send(letter())

    listed = inbox.json("/api/v1/messages")["messages"][0]
    mail = inbox.json(f"/api/v1/message/{listed['ID']}")

    assert mail["MessageID"] == listed["MessageID"] == "Week-4.Anna@larkfield.example"
    assert mail["From"] == {"Name": "Larkfield", "Address": "hello@larkfield.example"}
    assert mail["To"] == [{"Name": "Anna", "Address": "anna@example.org"}]
    assert mail["Subject"] == "Week 4"
    assert mail["Text"].strip() == "Grüße aus der Praxis."
    assert "Hello" in mail["HTML"]
    assert [part["ContentID"] for part in mail["Inline"]] == ["logo"]


def test_the_raw_bytes_are_kept_as_they_came(inbox: Inbox) -> None:
    sent = b"Subject: bytes\r\nX-Folded: one\r\n two\r\n\r\n8 bits: \xe4\r\n..leading dot\r\n"
    inbox.send_bytes(sent, options=("BODY=8BITMIME",))

    _, raw = inbox.ask("/api/v1/message/latest/raw")

    assert raw == sent


def test_headers_come_unfolded_and_in_lists(inbox: Inbox) -> None:
    inbox.send_bytes(b"X-One: a\r\n b\r\nReceived: 1\r\nReceived: 2\r\n\r\n")

    headers = inbox.json("/api/v1/message/latest/headers")

    assert headers == {"X-One": ["a b"], "Received": ["1", "2"]}


def test_search_finds_the_mails_of_one_person(inbox: Inbox) -> None:
    for to in ("anna@example.org", "bruno@example.org", "anna@example.org"):
        inbox.send(letter(to=to))

    found = inbox.json("/api/v1/search?query=to:anna@example.org")

    assert found["messages_count"] == 2
    assert found["total"] == 3


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("subject:week", 2),
        ('"week 5"', 1),
        ("-subject:5", 1),
        ("from:larkfield to:anna", 2),
        ("message-id:<Week-5.Anna@larkfield.example>", 1),
        ("praxis", 2),
        ("to:nobody", 0),
        ("is:unread", 2),
        ("unknown:word", 0),
    ],
)
def test_search_understands(inbox: Inbox, query: str, count: int) -> None:
    inbox.send(letter(subject="Week 4"))
    inbox.send(letter(subject="Week 5"))

    _, body = inbox.ask("/api/v1/search?query=" + query.replace(" ", "+").replace('"', "%22"))

    assert json.loads(body)["messages_count"] == count


def test_pages_of_the_list_do_not_overlap(inbox: Inbox) -> None:
    for week in range(1, 6):
        inbox.send(letter(subject=f"Week {week}"))

    first = inbox.json("/api/v1/messages?limit=2")
    second = inbox.json("/api/v1/messages?start=2&limit=2")

    assert [mail["Subject"] for mail in first["messages"]] == ["Week 5", "Week 4"]
    assert [mail["Subject"] for mail in second["messages"]] == ["Week 3", "Week 2"]


def test_hidden_recipients_are_found(inbox: Inbox) -> None:
    inbox.send(letter(), to=["anna@example.org", "audit@example.org"])

    found = inbox.json("/api/v1/search?query=to:audit")["messages"][0]

    assert found["Bcc"] == [{"Name": "", "Address": "audit@example.org"}]


def test_deleting_everything_keeps_the_count_of_what_was_accepted(inbox: Inbox) -> None:
    inbox.send(letter())
    inbox.send(letter())

    answer, _ = inbox.ask("/api/v1/messages", method="DELETE")

    assert answer.status == 200
    info = inbox.json("/api/v1/info")
    assert (info["Messages"], info["RuntimeStats"]["SMTPAccepted"]) == (0, 2)


def test_deleting_one_leaves_the_others(inbox: Inbox) -> None:
    inbox.send(letter(subject="Week 4"))
    inbox.send(letter(subject="Week 5"))
    newest = inbox.json("/api/v1/messages")["messages"][0]["ID"]

    inbox.ask("/api/v1/messages", method="DELETE", body=json.dumps({"IDs": [newest]}))

    assert [mail["Subject"] for mail in inbox.json("/api/v1/messages")["messages"]] == ["Week 4"]


def test_addresses_and_subjects_in_utf_8_are_readable(inbox: Inbox) -> None:
    content = "From: jürgen@müller.example\r\nSubject: Grüße\r\n\r\nHallo".encode()
    inbox.send_bytes(content, options=("SMTPUTF8", "BODY=8BITMIME"))

    mail = inbox.json("/api/v1/message/latest")

    assert mail["From"]["Address"] == "jürgen@müller.example"
    assert mail["Subject"] == "Grüße"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no header at all \xff\xfe",
        b"Message-ID: <[broken>\r\nDate: nonsense\r\nFrom: @@\r\nTo: <\r\n\r\n",
        b"Content-Type: text/html; charset=klingon\r\n\r\n<p>nuqneH",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: ///\r\n\r\n--x",
        b"Content-Transfer-Encoding: base64\r\nSubject: =?utf-8?b?!!!?=\r\n\r\n%%%%",
    ],
)
def test_a_broken_mail_is_kept_and_shown(inbox: Inbox, content: bytes) -> None:
    inbox.send_bytes(content)

    views = ["phone", "desktop", "text", "headers", "raw"]
    paths = ["/", *(f"/message/latest?view={view}" for view in views), "/view/latest.html"]
    statuses = [inbox.ask(path)[0].status for path in [*paths, "/api/v1/message/latest"]]

    assert statuses == [200] * len(statuses)


def test_the_list_shows_the_newest_first_and_marks_what_is_new(inbox: Inbox) -> None:
    inbox.send(letter(subject="Week 4"))
    inbox.send(letter(subject="Week 5"))
    inbox.page("/message/latest")

    rows = inbox.page("/").select("ol.mails li")

    assert ["Week 5" in rows[0].get_text(), "Week 4" in rows[1].get_text()] == [True, True]
    assert [row.get("class") for row in rows] == [None, ["new"]]


def test_the_list_can_be_narrowed_to_a_recipient(inbox: Inbox) -> None:
    inbox.send(letter(to="anna@example.org"))
    inbox.send(letter(to="bruno@example.org"))
    links = {
        link.get_text().split()[0]: link["href"] for link in inbox.page("/").select(".people a")
    }

    rows = inbox.page(str(links["bruno@example.org"])).select("ol.mails li")

    assert len(rows) == 1
    assert "bruno@example.org" in rows[0].get_text()


def test_an_unchanged_list_costs_no_body(inbox: Inbox) -> None:
    inbox.send(letter())
    tag = inbox.ask("/fragment")[0].headers["ETag"]

    unchanged, body = inbox.ask("/fragment", **{"If-None-Match": tag})
    inbox.send(letter())
    changed, _ = inbox.ask("/fragment", **{"If-None-Match": tag})

    assert (unchanged.status, body, changed.status) == (304, b"", 200)


def test_the_mail_stands_in_a_frame_without_scripts_whose_links_open_beside(inbox: Inbox) -> None:
    inbox.send(letter())
    frame = inbox.page("/message/latest").select_one("iframe")
    assert frame is not None

    answer, body = inbox.ask(str(frame["src"]))

    assert frame["sandbox"] == ["allow-popups", "allow-popups-to-escape-sandbox"]
    assert answer.headers["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert b'<head><base target="_blank">' in body


def test_pictures_inside_the_mail_load(inbox: Inbox) -> None:
    inbox.send(letter())
    picture = inbox.page("/view/latest.html").select_one("img")
    assert picture is not None

    answer, body = inbox.ask(str(picture["src"]))

    assert (answer.headers["Content-Type"], body) == ("image/png", PIXEL)


def test_markup_in_a_subject_stays_text(inbox: Inbox) -> None:
    inbox.send(letter(subject="<script>alert(1)</script>"))

    assert b"<script>alert" not in inbox.ask("/")[1]
    assert b"<script>alert" not in inbox.ask("/message/latest")[1]


def test_a_page_from_elsewhere_does_not_get_the_mails(inbox: Inbox) -> None:
    answer, _ = inbox.ask("/api/v1/messages", Host="rebound.example")

    assert answer.status == 421


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/message/unknown",
        "/message/latest?view=unknown",
        "/view/unknown.html",
        "/assets/server.py",
        "/api/v1/message/unknown",
        "/api/v1/message/unknown/raw",
        "/api/v1/message/latest/part/9",
    ],
)
def test_what_is_not_there_is_404(inbox: Inbox, path: str) -> None:
    inbox.send(letter())

    assert inbox.ask(path)[0].status == 404


def test_health_is_told(inbox: Inbox) -> None:
    assert [inbox.ask(path)[0].status for path in ("/livez", "/readyz")] == [200, 200]
