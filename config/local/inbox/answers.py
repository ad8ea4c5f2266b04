"""What each address of the inbox answers."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from config.local.inbox import api, pages
from config.local.inbox.mail import Mail
from config.local.inbox.store import Store

# Our pages load nothing from elsewhere; the mail stands in a frame of its own.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# As in a mail program: pictures and inline styles, no scripts, no forms, no access to the inbox.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src http: https: data:; style-src 'unsafe-inline' https:; font-src https: data:"
)
PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": PAGE_POLICY,
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
UNTRUSTED = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True)
class Request:
    store: Store
    given: dict[str, str]
    body: Any
    if_none_match: str

    @property
    def query(self) -> str:
        return self.given.get("query", "").strip()

    def number(self, name: str, default: int) -> int:
        text = self.given.get(name, "")
        return int(text) if text.isdecimal() else default


@dataclass(frozen=True)
class Answer:
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    status: HTTPStatus = HTTPStatus.OK

    @classmethod
    def page(cls, html: str, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> "Answer":
        return cls(html.encode(), PAGE_HEADERS | headers, status)

    @classmethod
    def json(cls, value: Any) -> "Answer":
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        return cls(json.dumps(value).encode(), headers)

    @classmethod
    def plain(cls, text: str, status: HTTPStatus = HTTPStatus.OK) -> "Answer":
        return cls(text.encode(), UNTRUSTED | {"Content-Type": "text/plain; charset=utf-8"}, status)


def mail_list(request: Request) -> Answer:
    return Answer.page(pages.mail_list(request.store, query=request.query))


def fragment(request: Request) -> Answer:
    """Not modified, unless a mail came or was read since the script asked last."""
    tag = f'"{request.store.changes}"'
    if request.if_none_match == tag:
        return Answer(b"", {"ETag": tag}, HTTPStatus.NOT_MODIFIED)
    return Answer.page(pages.list_fragment(request.store, query=request.query), ETag=tag)


def mail_view(request: Request, mail_id: str) -> Answer:
    mail = request.store.get(mail_id)
    view = request.given.get("view", "phone")
    if mail is None or view not in pages.VIEWS:
        return missing()
    request.store.mark_read(mail)
    newer, older = _neighbours(request.store.newest_first(), mail)
    return Answer.page(pages.mail_view(mail, view=view, older=older, newer=newer))


def framed(request: Request, mail_id: str) -> Answer:
    mail = request.store.get(mail_id)
    if mail is None:
        return missing()
    headers = {"Content-Security-Policy": MAIL_POLICY}
    return Answer(pages.framed(mail).encode(), PAGE_HEADERS | headers)


def text(request: Request, mail_id: str) -> Answer:
    mail = request.store.get(mail_id)
    return Answer.plain(mail.text) if mail else missing()


def asset(_: Request, name: str) -> Answer:
    found = pages.asset(name)
    if found is None:
        return missing()
    return Answer(found[1], {"Content-Type": found[0], "Cache-Control": "no-cache"})


def info(request: Request) -> Answer:
    return Answer.json(api.info(request.store))


def messages(request: Request) -> Answer:
    start, limit = request.number("start", 0), request.number("limit", api.PAGE)
    return Answer.json(api.messages(request.store, query=request.query, start=start, limit=limit))


def delete(request: Request) -> Answer:
    """As in Mailpit: the ids in the body, or everything if there are none."""
    ids = request.body.get("IDs") if isinstance(request.body, dict) else None
    request.store.delete([str(mail_id) for mail_id in ids or []])
    return Answer.plain("ok")


def message(request: Request, mail_id: str) -> Answer:
    mail = request.store.get(mail_id)
    if mail is None:
        return missing()
    request.store.mark_read(mail)
    return Answer.json(api.message(mail))


def raw(request: Request, mail_id: str) -> Answer:
    mail = request.store.get(mail_id)
    if mail is None:
        return missing()
    return Answer(mail.raw, UNTRUSTED | {"Content-Type": "text/plain"})


def headers(request: Request, mail_id: str) -> Answer:
    mail = request.store.get(mail_id)
    return Answer.json(api.headers(mail)) if mail else missing()


def part(request: Request, mail_id: str, number: str) -> Answer:
    mail = request.store.get(mail_id)
    if mail is None or not 1 <= int(number) <= len(mail.parts):
        return missing()
    found = mail.parts[int(number) - 1]
    return Answer(found.content, UNTRUSTED | {"Content-Type": found.content_type})


def healthy(_: Request) -> Answer:
    return Answer.plain("ok")


def missing() -> Answer:
    return Answer.page(pages.missing(), HTTPStatus.NOT_FOUND)


def _neighbours(mails: list[Mail], mail: Mail) -> tuple[Mail | None, Mail | None]:
    """The next newer and the next older one."""
    around = [None, *mails, None]
    position = next((n for n, other in enumerate(around) if other and other.id == mail.id), 0)
    return (around[position - 1], around[position + 1]) if position else (None, None)
