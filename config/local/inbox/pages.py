"""The web pages: the list of mails and the views of one mail."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.template import Context, Engine

from config.local.inbox import api
from config.local.inbox.mail import Mail
from config.local.inbox.store import Store

FOLDER = Path(__file__).parent
MOST_SHOWN = 200
MOST_PEOPLE = 12
VIEWS = {
    "phone": "Phone",
    "desktop": "Desktop",
    "text": "Text",
    "headers": "Headers",
    "raw": "Source",
}

# Behind the doctype, or else a browser falls back to the habits of 1998.
PLACE_FOR_BASE = re.compile(
    r"(?:.*?<head\b[^>]*>|.*?<html\b[^>]*>|\s*<!doctype[^>]*>)", re.I | re.S
)

engine = Engine(dirs=[str(FOLDER / "templates")])


def mail_list(store: Store, *, query: str) -> str:
    return _render("list.html", {"query": query, **_list_context(store, query)})


def list_fragment(store: Store, *, query: str) -> str:
    """The part of the list that the script replaces when something has changed."""
    return _render("_mails.html", {"query": query, **_list_context(store, query)})


def mail_view(mail: Mail, *, view: str, older: Mail | None, newer: Mail | None) -> str:
    """One mail in one of the VIEWS. Raises KeyError for another."""
    address = f"/message/{mail.id}"
    return _render(
        "message.html",
        {
            "mail": mail,
            "sender": str(mail.sender),
            "to": [
                {"text": str(person), "link": _people_link(person.addr_spec)} for person in mail.to
            ],
            "received": _long_time(mail.created),
            "view": view,
            "view_name": VIEWS[view],
            "tabs": [
                {"name": name, "link": f"{address}?view={key}", "current": key == view}
                for key, name in VIEWS.items()
            ],
            "older": older and f"/message/{older.id}?view={view}",
            "newer": newer and f"/message/{newer.id}?view={view}",
            "raw_link": f"/api/v1{address}/raw",
            "raw": mail.raw.decode("utf-8", errors="replace") if view == "raw" else "",
        },
    )


def framed(mail: Mail) -> str:
    """The mail's own HTML: pictures from its parts, and links that open beside the inbox."""
    html = mail.html or f"<pre>{escape(mail.text)}</pre>"
    for number, part in enumerate(mail.parts, start=1):
        if part.content_id:
            html = html.replace(
                f"cid:{part.content_id}", f"/api/v1/message/{mail.id}/part/{number}"
            )
    start = PLACE_FOR_BASE.match(html)
    position = start.end() if start else 0
    return f'{html[:position]}<base target="_blank">{html[position:]}'


def missing() -> str:
    return _render("missing.html", {})


def asset(name: str) -> tuple[str, bytes] | None:
    """Type and bytes of the style sheet, the script or the icon."""
    types = {
        "inbox.css": "text/css; charset=utf-8",
        "inbox.js": "text/javascript; charset=utf-8",
        "icon.svg": "image/svg+xml",
    }
    return (types[name], (FOLDER / "assets" / name).read_bytes()) if name in types else None


def _list_context(store: Store, query: str) -> dict[str, Any]:
    everything = store.newest_first()
    found = list(api.matching(store, everything, query))
    return {
        "rows": [_row(store, mail) for mail in found[:MOST_SHOWN]],
        "people": _people(everything, query),
        "count": len(found),
        "hidden": max(0, len(found) - MOST_SHOWN),
        "total": len(everything),
    }


def _row(store: Store, mail: Mail) -> dict[str, Any]:
    return {
        "link": f"/message/{mail.id}",
        "subject": mail.subject,
        "sender": mail.sender.display_name or mail.sender.addr_spec,
        "to": ", ".join(person.addr_spec for person in mail.to),
        "snippet": mail.snippet,
        "is_new": not store.is_read(mail),
        "iso": mail.created.isoformat(),
        "time": _short_time(mail.created),
    }


def _people(mails: list[Mail], query: str) -> list[dict[str, Any]]:
    """Who got mail most recently, with counts, as filters for the list."""
    counts = Counter(person.addr_spec for mail in mails for person in mail.to)
    recent = dict.fromkeys(person.addr_spec for mail in mails for person in mail.to)
    return [
        {
            "address": address,
            "count": counts[address],
            "link": _people_link(address),
            "current": query == f"to:{address}",
        }
        for address in list(recent)[:MOST_PEOPLE]
    ]


def _people_link(address: str) -> str:
    return "/?" + urlencode({"query": f"to:{address}"})


def _short_time(moment: datetime) -> str:
    local = moment.astimezone()
    is_fresh = datetime.now(UTC) - moment < timedelta(hours=20)
    return local.strftime("%H:%M:%S" if is_fresh else "%d %b %H:%M")


def _long_time(moment: datetime) -> str:
    return moment.astimezone().strftime("%d %B %Y, %H:%M:%S")


def _render(name: str, context: dict[str, Any]) -> str:
    # Without localisation the engine needs no Django settings, and none are read here.
    return engine.get_template(name).render(Context(context, use_l10n=False, use_tz=False))
