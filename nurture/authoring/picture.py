"""A timeline as a picture: a calendar of weeks with the mails in it, as SVG."""

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from nurture.authoring.playing import Entry

CELL, ROW, LEFT, TOP = 92, 40, 96, 30
DAYS_A_WEEK = 7
LONGEST_NAME = 13
FIRST, AGAIN, OPEN, CLOSED = "#2b6f65", "#b45309", "#f2f6f5", "#f3d9d2"


def svg(entries: Sequence[Entry], zone: ZoneInfo, closures: frozenset[date]) -> str:
    """One row for each week from the first mail to the last; a mail is a box on its day."""
    if not entries:
        return ""
    days = [entry.due.moment.astimezone(zone).date() for entry in entries]
    first = days[0] - timedelta(days=days[0].weekday())
    weeks = (days[-1] - first).days // DAYS_A_WEEK + 1
    width, height = LEFT + CELL * DAYS_A_WEEK, TOP + ROW * weeks
    title = escape(_("The mails on a calendar"))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" ',
        f'class="nurture-timeline" aria-label="{title}">',
        *(
            label(LEFT + day * CELL + CELL // 2, 18, str(WEEKDAYS_ABBR[day]), "middle")
            for day in range(DAYS_A_WEEK)
        ),
    ]
    for week in range(weeks):
        monday = first + timedelta(days=week * DAYS_A_WEEK)
        parts.append(label(0, TOP + week * ROW + 25, date_format(monday, "j M Y"), "start"))
        for weekday in range(DAYS_A_WEEK):
            closed = monday + timedelta(days=weekday) in closures
            parts.append(box(weekday, week, CLOSED if closed else OPEN, ""))
    for number, (entry, day) in enumerate(zip(entries, days, strict=True), start=1):
        week, weekday = divmod((day - first).days, DAYS_A_WEEK)
        name = entry.step.name or str(number)
        parts.append(box(weekday, week, FIRST if entry.time == 1 else AGAIN, name))
    return "".join([*parts, "</svg>"])


def box(day: int, week: int, fill: str, text: str) -> str:
    x, y = LEFT + day * CELL + 2, TOP + week * ROW + 2
    drawn = f'<rect x="{x}" y="{y}" width="{CELL - 4}" height="{ROW - 4}" rx="6" fill="{fill}"/>'
    if not text:
        return drawn
    short = text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"
    middle = x + (CELL - 4) // 2
    title = f"<title>{escape(text)}</title>"
    return f"<g>{title}{drawn}{label(middle, y + 23, short, 'middle', '#fff')}</g>"


def label(x: int, y: int, text: str, anchor: str, fill: str = "#5b6b70") -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="13" fill="{fill}" '
        f'font-family="sans-serif">{escape(text)}</text>'
    )
