"""Which links of a mail can be counted, and which visits are those of people.

Only addresses that the compiled mail itself carries are counted. Links to a person's own pages are
fields at this point, so they can never be among them.
"""

import html
import re
from datetime import datetime, timedelta

MOST_LINKS = 40
HREF = re.compile(r'href="(https?://[^"{}]+)"')
FIELDS = {f"click_url_{number}": number for number in range(1, MOST_LINKS + 1)}

# Mail is opened by filters before it is shown. Nobody has read it by then.
UNREAD = timedelta(seconds=20)
# Nobody follows two links of one mail within this.
AT_ONCE = timedelta(seconds=3)
# Filters, previews and libraries that say who they are; an empty name is no browser's.
PROGRAM = re.compile(
    r"^$|bot\b|crawl|spider|slurp|scan|preview|prefetch|monitor|headless|proxy|safelinks"
    r"|barracuda|mimecast|proofpoint|symantec|trendmicro|fireeye|forcepoint|sophos|ironport"
    r"|existence discovery|python|curl|wget|java/|okhttp|go-http-client|libwww|node-fetch|axios",
    re.IGNORECASE,
)


def targets(mail: str) -> tuple[str, ...]:
    """Where the links of a compiled mail lead: each address once, in the order of the mail."""
    found = dict.fromkeys(html.unescape(match[1]) for match in HREF.finditer(mail))
    return tuple(found)[:MOST_LINKS]


def with_fields(mail: str) -> str:
    """The compiled mail with a field for the counted address in the place of each target."""
    numbers = {target: number for number, target in enumerate(targets(mail), start=1)}

    def replaced(match: re.Match[str]) -> str:
        number = numbers.get(html.unescape(match[1]))
        return f'href="{{{{click_url_{number}}}}}"' if number else match[0]

    return HREF.sub(replaced, mail)


def names_itself(agent: str) -> bool:
    """Whether a visitor's own words say that it is a program."""
    return bool(PROGRAM.search(agent))


def too_soon(*, sent: datetime, clicked: datetime) -> bool:
    """Whether nobody can have read the mail yet."""
    return clicked - sent < UNREAD
