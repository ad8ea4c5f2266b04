"""The text part of a mail, laid out for reading, not stripped from the HTML."""

import re
import textwrap
from html.parser import HTMLParser
from itertools import groupby
from typing import Any

from django.template.loader import render_to_string

WIDTH = 72
BLANK_LINES = re.compile(r"\n{3,}")


class Paragraphs(HTMLParser):
    """Collects (prefix, text) for each paragraph and list item of cleaned rich text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._prefixes: list[str] = []
        self._numbers: list[int] = []
        self._text = ""
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"ol", "ul"}:
            self._numbers.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._end()
        elif tag == "br":
            self._text += " "
        elif tag == "a":
            self._href = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "li"}:
            self._end(self._bullet() if tag == "li" else "")
        elif tag in {"ol", "ul"} and self._numbers:
            self._numbers.pop()
        elif tag == "a" and self._href:
            self._text += f" ({self._href})"

    def handle_data(self, data: str) -> None:
        self._text += data

    def _bullet(self) -> str:
        if not self._numbers or self._numbers[-1] < 0:
            return "- "
        self._numbers[-1] += 1
        return f"{self._numbers[-1]}. "

    def _end(self, prefix: str = "") -> None:
        text = " ".join(self._text.split())
        if text:
            self.found.append((prefix, text))
        self._text = ""


def from_html(html: str) -> str:
    """Cleaned rich text as wrapped paragraphs and lists."""
    parser = Paragraphs()
    parser.feed(html)
    parser.close()
    return "\n\n".join(
        ("\n" if listed else "\n\n").join(wrap(text, prefix) for prefix, text in group)
        for listed, group in groupby(parser.found, key=lambda item: bool(item[0]))
    )


def wrap(text: str, prefix: str = "") -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=prefix,
        subsequent_indent=" " * len(prefix),
        break_long_words=False,
        break_on_hyphens=False,
    )


def lay_out(context: dict[str, Any]) -> str:
    """The whole text part, merge fields still in it."""
    text = render_to_string("nurture/mail/step.txt", context)
    tidy = "\n".join(line.rstrip() for line in text.splitlines())
    return BLANK_LINES.sub("\n\n", tidy).strip() + "\n"
