"""The JSON of Mailpit's API, in its shapes and with its names."""

from collections.abc import Iterable
from datetime import datetime
from email.headerregistry import Address
from typing import Any

from config.local.inbox import search
from config.local.inbox.mail import Mail, Part
from config.local.inbox.store import Store

PAGE = 50
Json = dict[str, Any]


def messages(store: Store, *, query: str = "", start: int = 0, limit: int = PAGE) -> Json:
    """The list, or with a query the part of it that matches."""
    everything = store.newest_first()
    found = list(matching(store, everything, query))
    return {
        "total": len(everything),
        "unread": _unread(store, everything),
        "count": len(found[start : start + limit]),
        "messages_count": len(found),
        "messages_unread": _unread(store, found),
        "start": start,
        "tags": [],
        "messages": [_summary(store, mail) for mail in found[start : start + limit]],
    }


def matching(store: Store, mails: Iterable[Mail], query: str) -> Iterable[Mail]:
    for mail in mails:
        if search.matches(query, search.Candidate(mail, store.is_read(mail))):
            yield mail


def message(mail: Mail) -> Json:
    return {
        "ID": mail.id,
        "MessageID": mail.message_id,
        **_people(mail),
        "ReturnPath": mail.header("Return-Path").strip("<>"),
        "Subject": mail.subject,
        "Date": _time(mail.date),
        "Tags": [],
        "Text": mail.text,
        "HTML": mail.html,
        "Size": len(mail.raw),
        "ListUnsubscribe": _list_unsubscribe(mail),
        "Inline": [_part(mail, number) for number, part in _parts(mail) if part.content_id],
        "Attachments": [
            _part(mail, number) for number, part in _parts(mail) if not part.content_id
        ],
    }


def headers(mail: Mail) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in mail.headers:
        found.setdefault(name, []).append(value)
    return found


def info(store: Store) -> Json:
    mails = store.newest_first()
    return {
        "Version": "Rehabit inbox",
        "Messages": len(mails),
        "Unread": _unread(store, mails),
        "RuntimeStats": {"SMTPAccepted": store.accepted},
    }


def _summary(store: Store, mail: Mail) -> Json:
    return {
        "ID": mail.id,
        "MessageID": mail.message_id,
        "Read": store.is_read(mail),
        **_people(mail),
        "Subject": mail.subject,
        "Created": _time(mail.created),
        "Tags": [],
        "Size": len(mail.raw),
        "Attachments": len(mail.parts),
        "Snippet": mail.snippet,
    }


def _people(mail: Mail) -> Json:
    named = {address.addr_spec.lower() for address in (*mail.to, *mail.addresses("Cc"))}
    hidden = [address for address in mail.recipients if address.lower() not in named]
    return {
        "From": _person(mail.sender),
        "To": [_person(address) for address in mail.to],
        "Cc": [_person(address) for address in mail.addresses("Cc")],
        "Bcc": [{"Name": "", "Address": address} for address in hidden],
        "ReplyTo": [_person(address) for address in mail.addresses("Reply-To")],
    }


def _person(address: Address) -> Json:
    return {"Name": address.display_name, "Address": address.addr_spec.strip("<>")}


def _parts(mail: Mail) -> list[tuple[int, Part]]:
    return list(enumerate(mail.parts, start=1))


def _part(mail: Mail, number: int) -> Json:
    part = mail.parts[number - 1]
    return {
        "PartID": str(number),
        "FileName": part.file_name,
        "ContentType": part.content_type,
        "ContentID": part.content_id,
        "Size": len(part.content),
    }


def _list_unsubscribe(mail: Mail) -> Json:
    header = mail.header("List-Unsubscribe")
    links = [link.strip().strip("<>") for link in header.split(",") if link.strip()]
    return {
        "Header": header,
        "Links": links,
        "Errors": "",
        "HeaderPost": mail.header("List-Unsubscribe-Post"),
    }


def _unread(store: Store, mails: Iterable[Mail]) -> int:
    return sum(not store.is_read(mail) for mail in mails)


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
