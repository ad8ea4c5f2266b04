"""The blocks of a mail as the templates take them: plain values, with what was read noted down."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import nh3
from django.conf import settings
from django.utils.translation import gettext as _

from cms import languages, public
from cms.dosage import Dosage
from nurture.authoring.faults import Fault, Place
from nurture.domain.alternatives import Option

TAGS = {"a", "b", "br", "em", "i", "li", "ol", "p", "strong", "ul"}
SCHEMES = {"http", "https", "mailto", "tel"}


@dataclass(slots=True)
class Found:
    """What one step was made from, and what was wrong with it."""

    faults: list[Fault] = field(default_factory=list)
    pages: set[int] = field(default_factory=set)
    pictures: set[int] = field(default_factory=set)
    revisions: dict[str, int | None] = field(default_factory=dict)
    slots: list[list[Option]] = field(default_factory=list)

    def refuse(self, place: Place, reason: object) -> None:
        self.faults.append(Fault(place, str(reason)))


@dataclass(frozen=True, slots=True)
class Card:
    """An exercise as one mail shows it."""

    exercise: public.Exercise
    dosage: Dosage
    note: str

    @property
    def url(self) -> str:
        """An opaque address: what a person does for their health shows in no link."""
        return f"{settings.SITE_URL}{languages.prefix(languages.active())}/p/{self.exercise.key}/"

    @property
    def picture_url(self) -> str:
        return address(self.exercise.picture) if self.exercise.picture else ""


def address(picture: public.PictureView) -> str:
    return f"{settings.SITE_URL}{picture.path}"


def piece(block: Any, place: Place, found: Found) -> dict[str, Any]:
    """One block. What is wrong with it goes to `found.faults`, and the piece stays incomplete."""
    return {"type": block.block_type, **PIECES[block.block_type](block.value, place, found)}


def text(value: Any, place: Place, found: Found) -> dict[str, Any]:
    return {"heading": value["heading"], "html": prose(value["body"], (*place, "body"), found)}


def callout(value: Any, place: Place, found: Found) -> dict[str, Any]:
    html = prose(value["body"], (*place, "body"), found)
    return {"heading": value["title"], "tone": value["tone"], "html": html}


def red_flags(value: Any, _place: Place, _found: Found) -> dict[str, Any]:
    return {"action": value["action"], "signs": list(value["signs"])}


def progress(value: Any, _place: Place, _found: Found) -> dict[str, Any]:
    return {"changed": value["changed"], "why": value["why"]}


def picture(value: Any, place: Place, found: Found) -> dict[str, Any]:
    return {"image": image(value["picture"], (*place, "picture"), found), "note": value["caption"]}


def video(value: Any, place: Place, found: Found) -> dict[str, Any]:
    return {
        "title": value["title"],
        "url": value["url"],
        "minutes": value["minutes"],
        "image": image(value["thumbnail"], (*place, "thumbnail"), found),
    }


def button(value: Any, place: Place, found: Found) -> dict[str, Any]:
    url = value["url"]
    if value["page"] and url:
        found.refuse((*place, "url"), _("a button leads to one place; leave out one of the two"))
    elif value["page"]:
        found.pages.add(value["page"].pk)
        try:
            url = public.page_address(value["page"].pk)
        except public.Unavailable as error:
            found.refuse((*place, "page"), error)
    elif not url:
        found.refuse((*place, "page"), _("say where the button leads"))
    return {"label": value["label"], "url": url}


def divider(_value: Any, _place: Place, _found: Found) -> dict[str, Any]:
    return {}


def checkin(value: Any, _place: Place, _found: Found) -> dict[str, Any]:
    return {"question": value["question"]}


def exercise(value: Any, place: Place, found: Found) -> dict[str, Any]:
    """The card, and the cards of its substitutes if it is not for everybody."""
    here = (*place, "exercise")
    if value["exercise"] is None:
        found.refuse(here, _("An exercise was removed; choose another one."))
        return {}
    found.pages.add(value["exercise"].pk)
    try:
        usual = public.exercise(value["exercise"].pk, language=languages.active())
    except public.Unavailable as error:
        found.refuse(here, error)
        return {}
    found.pages.add(usual.page_id)
    cards = [Card(usual, changed_dosage(usual, value["dosage"]), value["note"])]
    if usual.not_for:
        cards += [Card(other, other.dosage, "") for other in substitutes(usual, found)]
    for card in cards:
        note_card(card, found)
    found.slots.append([Option(card.exercise.page_id, card.exercise.not_for) for card in cards])
    return {"cards": cards}


def substitutes(usual: public.Exercise, found: Found) -> list[public.Exercise]:
    """Those that can be shown; one that is not published is as good as none."""
    others = []
    for page_id in usual.substitutes:
        found.pages.add(page_id)
        try:
            others.append(public.exercise(page_id, language=languages.active()))
        except public.Unavailable:
            continue
    return others


def note_card(card: Card, found: Found) -> None:
    found.revisions[str(card.exercise.page_id)] = card.exercise.revision_id
    if card.exercise.picture_id:
        found.pictures.add(card.exercise.picture_id)


def changed_dosage(usual: public.Exercise, changes: Any) -> Dosage:
    changed = {
        key: value
        for change in changes
        for key, value in change.items()
        if value not in (None, "", False)
    }
    # How many weeks an exercise lasts is for its page: here the programme says what comes next.
    return Dosage.from_mapping({**asdict(usual.dosage), "weeks": None, **changed})


def prose(rich_text: Any, place: Place, found: Found) -> str:
    """Rich text cleaned to what mail programs keep, with links that tell nothing."""
    try:
        html, pages = public.mail_html(rich_text.source)
    except public.Unavailable as error:
        found.refuse(place, error)
        return ""
    found.pages |= pages
    return nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes=SCHEMES)


def image(value: Any, place: Place, found: Found) -> dict[str, Any]:
    if value is None:
        found.refuse(place, _("the picture was removed; choose another one"))
        return {}
    found.pictures.add(value.pk)
    alt = "" if value.decorative else (value.contextual_alt_text or value.description)
    if not alt and not value.decorative:
        text = _("describe what the picture shows, or mark it as decorative")
        found.refuse(place, text)
    try:
        view = public.picture(value.pk, alt=alt)
    except public.Unavailable as error:
        found.refuse(place, error)
        return {}
    return {"url": address(view), "alt": alt}


PIECES: Mapping[str, Any] = {
    "text": text,
    "callout": callout,
    "red_flags": red_flags,
    "progress": progress,
    "picture": picture,
    "video": video,
    "button": button,
    "divider": divider,
    "checkin": checkin,
    "exercise": exercise,
}
