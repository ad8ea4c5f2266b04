"""What a new diagnosis begins with: its sections, each with advice, and a red flag to replace.

The advice stands in double square brackets. `cms.blocks.refuse_guidance` keeps it from readers.
"""

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from cms.blocks import GUIDANCE
from cms.models import DiagnosisPage


def sections() -> list[tuple[str, str, str]]:
    """Aspect, heading and advice, in the order of the page."""
    return [
        ("overview", _("What it is"), _("Say in two sentences what is going on in the body.")),
        ("symptoms", _("What you notice"), _("Where it hurts, when, and what makes it worse.")),
        ("causes", _("Why it happens"), _("What is known, and what is not. No blame.")),
        ("risk_factors", _("Who gets it"), _("What makes it more likely. Keep it short.")),
        (
            "diagnosis",
            _("How it is found"),
            _("What a clinician asks and tests, and when a scan helps."),
        ),
        (
            "treatment",
            _("What helps"),
            _("What works and how well, starting with what people can do."),
        ),
        ("self_care", _("What you can do"), _("Three to five things for today. Use a list.")),
        ("prognosis", _("What to expect"), _("The usual course in weeks, and what changes it.")),
        ("prevention", _("Keeping it away"), _("What lowers the chance that it comes back.")),
        (
            "getting_help",
            _("When to get help"),
            _("Signs to see a clinician that are no emergency."),
        ),
    ]


def advice(text: str) -> str:
    return f"{GUIDANCE[0]}{text}{GUIDANCE[1]}"


def fill(page: DiagnosisPage) -> None:
    """Give a new page its structure. Nothing is saved."""
    page.sections = [
        (
            "section",
            {"aspect": aspect, "heading": heading, "body": format_html("<p>{}</p>", advice(text))},
        )
        for aspect, heading, text in sections()
    ]
    sign = _("For example: numbness around the groin or bottom, or trouble passing water.")
    page.red_flags = [("red_flag", {"sign": advice(sign), "action": "emergency"})]


def begin(page: Any, **_kwargs: Any) -> None:
    """Wagtail sends this when the form of a new page is opened, and only then."""
    if isinstance(page, DiagnosisPage):
        fill(page)
