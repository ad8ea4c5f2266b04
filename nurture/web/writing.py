"""What other sites and programs write: signups, and events of booking software."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from ninja import Router
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cms.api.problems import BadParameter, Problem, ProblemDocument
from cms.contraindications import CONTRAINDICATIONS
from cms.integrations import access
from cms.integrations.models import Scope
from nurture import outside, programmes, tasks
from nurture.domain import addresses
from nurture.models import ConsentText
from nurture.models.sequence import OutsideEvent
from nurture.programmes import Offer
from nurture.web.evenly import evenly
from nurture.web.forms import SignupForm
from nurture.web.signup import clicks_text, note_refused, store, within_limits

router = Router(tags=["people"])

Line = Annotated[str, Field(max_length=254)]
REFUSALS = dict.fromkeys((400, 403, 413, 415, 429), ProblemDocument)
OUTSIDE = Literal["booked", "attended", "discharged"]
assert set(OutsideEvent.values) == {"booked", "attended", "discharged"}  # noqa: S101


class Choice(BaseModel):
    key: str
    label: str


class Programme(BaseModel):
    key: str
    title: str
    diagnosis: str
    diagnosis_id: str
    goal: str
    what_to_expect: str
    language: str
    asks: list[str] = Field(description="The dates that a signup has to give, by name.")


class SignupOffer(BaseModel):
    """Everything that a form of yours needs."""

    programmes: list[Programme]
    consent_text: str = Field(description="Show it word by word beside the box to tick.")
    consent_number: int = Field(description="Send it back: it says which text was shown.")
    clicks_text: str = Field(
        description="What to show beside a box of its own, unticked; empty if nothing is counted."
    )
    clicks_number: int = Field(description="Send it back with `clicks`.")
    tags: list[Choice] = Field(description="What somebody can declare, to be left out of.")


class Signup(BaseModel):
    model_config = ConfigDict(extra="forbid")

    address: Line
    programme: Line = Field("", description="The key of one of the programmes on offer.")
    diagnosis: Line = Field(
        "", description="Instead: the id of a diagnosis that one programme is about."
    )
    consent: bool = Field(description="Whether the person ticked the box. Never send it unasked.")
    consent_number: int = Field(description="The number of the text that was shown.", ge=1)
    clicks: bool = Field(
        default=False, description="Whether the box beside `clicks_text` was ticked."
    )
    clicks_number: int = Field(0, description="The number of that text, if it was.", ge=0)
    first_name: Annotated[str, Field(max_length=80)] = ""
    time_zone: Line = Field("", description="An IANA name, as a browser gives it.")
    language: Annotated[str, Field(max_length=12)] = ""
    dates: dict[Annotated[str, Field(max_length=40)], date] = Field(default={}, max_length=10)
    tags: list[Annotated[str, Field(max_length=60)]] = Field(default=[], max_length=20)
    website: Line = Field("", description="A trap: leave it empty, and hide it from people.")


class Accepted(BaseModel):
    """The same for every address: nobody learns who is known here."""

    status: Literal["accepted"] = "accepted"
    next: str = "If we may write to this address, an e-mail with a link is on its way."


@router.get("signup/", response={200: SignupOffer, **REFUSALS}, summary="What a form needs")
def offer(request: HttpRequest, language: str = "") -> SignupOffer:  # noqa: ARG001
    code = known(language)
    with translation.override(code):
        text = ConsentText.current(code)
        return SignupOffer(
            programmes=[
                Programme(
                    key=one.key,
                    title=one.title,
                    diagnosis=one.diagnosis,
                    diagnosis_id=one.diagnosis_id,
                    goal=one.goal,
                    what_to_expect=one.what_to_expect,
                    language=one.language,
                    asks=list(one.sequence.asks),
                )
                for one in programmes.offers(code)
            ],
            consent_text=text.text,
            consent_number=text.number,
            clicks_text=clicks_text(code).text if settings.MEASURE_CLICKS else "",
            clicks_number=clicks_text(code).number if settings.MEASURE_CLICKS else 0,
            tags=[Choice(key=key, label=str(label)) for key, label in CONTRAINDICATIONS],
        )


@router.post(
    "signup/", response={202: Accepted, 422: ProblemDocument, **REFUSALS}, summary="Sign up"
)
def sign_up(request: HttpRequest, body: Signup) -> HttpResponse:
    return answered_evenly(request, body)


@evenly
def answered_evenly(request: HttpRequest, body: Signup) -> HttpResponse:
    try:
        take(request, body)
    except Problem as problem:
        return problem.response()
    return HttpResponse(
        Accepted().model_dump_json(), status=HTTPStatus.ACCEPTED, content_type="application/json"
    )


def take(request: HttpRequest, body: Signup) -> None:
    """Raises `Problem`."""
    if not within_limits(request):
        raise Problem(429, "Too many signups came from here.", headers={"Retry-After": "3600"})
    code = known(body.language)
    with translation.override(code):
        text = ConsentText.current(code)
        offered = programmes.offers(code)
        answers = as_form(body) | {"programme": body.programme or about(body.diagnosis, offered)}
        form = SignupForm(answers, offered=offered)
        if not form.is_valid():
            note_refused(form, source="api")
            raise refused(form)
        if body.consent_number != text.number:
            raise wrong("consent_number", "The text has changed. Show the new one and ask again.")
        if form.agrees_to_clicks and body.clicks_number != clicks_text(code).number:
            raise wrong("clicks_number", "The text has changed. Show the new one and ask again.")
        if not form.is_from_a_machine:
            store(form, text, source="api")


def about(diagnosis: str, offered: list[Offer]) -> str:
    """The key of the one programme about a diagnosis; none if none was named. Raises `Problem`."""
    if not diagnosis:
        return ""
    keys = [one.key for one in offered if one.diagnosis_id == diagnosis]
    if len(keys) != 1:
        raise wrong("diagnosis", "Not one programme is about it, or more than one: send its key.")
    return keys[0]


def as_form(body: Signup) -> dict[str, Any]:
    """The one form decides what is right, whichever way a signup comes."""
    default = SignupForm(offered=()).fields["time_zone"].initial
    return {
        "address": body.address,
        "first_name": body.first_name,
        "time_zone": body.time_zone or default,
        "tags": body.tags,
        "consent": "on" if body.consent else "",
        "clicks": "on" if body.clicks else "",
        "website": body.website,
        **{f"date_{name}": day.isoformat() for name, day in body.dates.items()},
    }


def refused(form: SignupForm) -> Problem:
    faults = [
        BadParameter(name=name.removeprefix("date_"), reason=str(reason))
        for name, reasons in form.errors.items()
        for reason in reasons
    ]
    return Problem(422, "These answers are not right.", kind="bad-answer", parameters=faults)


def wrong(name: str, reason: str) -> Problem:
    faults = [BadParameter(name=name, reason=reason)]
    return Problem(422, "These answers are not right.", kind="bad-answer", parameters=faults)


def known(language: str) -> str:
    """The language asked for, if we have it; else the one that the site speaks."""
    codes = set(dict(settings.LANGUAGES))
    return language if language in codes else settings.LANGUAGE_CODE


# ------------------------------------------------------------------ events of other programs


class Happened(BaseModel):
    model_config = ConfigDict(extra="forbid")

    event: OUTSIDE
    address: Line
    occurred_at: AwareDatetime
    idempotency_key: Annotated[str, Field(min_length=8, max_length=80, pattern=r"^[\w.:-]+$")]


class Effect(BaseModel):
    ended: int = Field(description="Programmes that ended by it.")
    begun: int = Field(description="Programmes that began by it.")
    unfit: int = Field(description="Programmes that did not begin: the person does not fit.")


@router.post(
    "events/",
    response={
        200: Effect,
        401: ProblemDocument,
        409: ProblemDocument,
        422: ProblemDocument,
        **REFUSALS,
    },
    summary="Report what happened",
    openapi_extra={"security": [{"token": []}]},
)
def happened(request: HttpRequest, body: Happened) -> Effect:
    """Needs a token with the scope `events`. Sent again with the same key, it counts once."""
    token = access.admit(request, needs=Scope.EVENTS).token
    try:
        address = addresses.parse(body.address, beyond_ascii=True)
    except addresses.BadAddress as error:
        raise wrong("address", str(error)) from None
    happening = outside.Happening(
        token=str(token.id) if token else "",
        key=body.idempotency_key,
        event=body.event,
        address=address,
        occurred_at=body.occurred_at,
    )
    try:
        effect = outside.report(happening, now=timezone.now())
    except outside.KeyUsedTwice:
        raise Problem(409, "This idempotency key was used for another event.") from None
    tasks.ring_on_commit(tasks.claim_due)
    return Effect(ended=effect.ended, begun=effect.begun, unfit=effect.unfit)
