"""The part of Mailpit's search language that a person or a test needs.

`to:anna from:clinic subject:week message-id:abc is:unread word -word "two words"`: all must hold.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from config.local.inbox.mail import Mail

TERM = re.compile(r'(?P<minus>[-!]?)(?:(?P<field>[a-z-]+):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')


@dataclass(frozen=True)
class Candidate:
    mail: Mail
    is_read: bool


Rule = Callable[[Candidate, str], bool]
RULES: dict[str, Rule] = {
    "to": lambda it, word: any(word in address for address in it.mail.everyone),
    "from": lambda it, word: word in str(it.mail.sender).lower(),
    "subject": lambda it, word: word in it.mail.subject.lower(),
    "message-id": lambda it, word: word.strip("<>") in it.mail.message_id.lower(),
    "is": lambda it, word: it.is_read == (word == "read"),
}


def matches(query: str, candidate: Candidate) -> bool:
    """Whether each term of `query` holds. An empty query holds always."""
    return all(_holds(term, candidate) for term in TERM.finditer(query.lower()))


def _holds(term: re.Match[str], candidate: Candidate) -> bool:
    field, word = term["field"], term["quoted"] or term["bare"] or ""
    if field in RULES:
        found = RULES[field](candidate, word)
    else:
        found = _anywhere(candidate.mail, f"{field}:{word}" if field else word)
    return found != bool(term["minus"])


def _anywhere(mail: Mail, word: str) -> bool:
    places = (mail.subject, str(mail.sender), *mail.everyone, mail.text)
    return any(word in place.lower() for place in places)
