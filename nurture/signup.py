"""Somebody asks for a programme. All that is sent at first is the question whether it was them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Func, TextField, Value
from django.db.models.functions import Replace
from django.utils.crypto import salted_hmac

from nurture import admission
from nurture.consent import requested, requests
from nurture.domain import addresses, clocks, entry
from nurture.domain import consent as rules
from nurture.domain.conditions import Facts
from nurture.domain.entry import Applicant, LastAnswer, Rule
from nurture.domain.states import RUNNING, ConsentAction, MessageKind
from nurture.models import Consent, ConsentText, Message, Sequence, SignupCount, Subscriber
from nurture.models.choices import values
from nurture.models.suppression import address_hash

REPEAT_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A valid signup: the form has looked at every field."""

    address: str
    first_name: str
    sequence: Sequence
    time_zone: str
    language: str
    text: ConsentText
    dates: Mapping[str, date] = field(default_factory=dict)
    tags: Collection[str] = ()
    clicks: ConsentText | None = None  # what was agreed to about counting clicks, if anything

    @property
    def given(self) -> dict[str, object]:
        """What is kept until the request is confirmed, and counts from then on."""
        agreed = {"clicks": self.clicks.pk} if self.clicks else {}
        return {
            **agreed,
            "first_name": self.first_name,
            "time_zone": self.time_zone,
            "language": self.language,
            "dates": {name: day.isoformat() for name, day in self.dates.items()},
            "tags": sorted(self.tags),
        }


def unmet(
    sequence: Sequence,
    *,
    language: str,
    time_zone: str,
    dates: Mapping[str, date],
    tags: Collection[str],
    now: datetime,
) -> list[Rule]:
    """What keeps a visitor out by their own words alone, so that the answer tells nothing about
    who is known here. What they have answered before is looked at when they confirm."""
    asked = [rule for rule in admission.rules(sequence) if not isinstance(rule, LastAnswer)]
    facts = Facts(language, clocks.local_date(now, ZoneInfo(time_zone)), dates)
    return entry.unmet(asked, Applicant(facts, frozenset(tags)))


@transaction.atomic
def sign_up(request: Request, *, now: datetime, source: str) -> bool:
    """Store the request with its confirmation mail; whether there is one more mail to send.

    The visitor is told the same in every case, or the form would say who is a patient here.
    """
    subscriber = find_or_add(request)
    if takes_part(subscriber, request.sequence):
        return tell_that_it_runs(subscriber, now=now)
    if already_asked(subscriber, request.sequence, now=now) or not may_ask(subscriber, now=now):
        return False
    ask(
        Consent.objects.create(
            subscriber=subscriber,
            action=ConsentAction.REQUESTED,
            sequence=request.sequence,
            text=request.text,
            given=request.given,
            source=source,
        ),
        now=now,
    )
    return True


@transaction.atomic
def ask_again(public_id: UUID, *, now: datetime) -> bool:
    """A new link for a request whose link is too old; whether one is sent. Raises `Gone`."""
    old = requested(public_id)
    subscriber = Subscriber.objects.select_for_update(no_key=True).get(pk=old.subscriber_id)
    answered = Consent.objects.filter(answers=old).exists()
    if answered or old.sequence is None or not may_ask(subscriber, now=now):
        return False
    if already_asked(subscriber, old.sequence, now=now):
        return False
    again = Consent(
        subscriber=subscriber,
        action=ConsentAction.REQUESTED,
        sequence=old.sequence,
        text=old.text,
        given=old.given,
        source="new link",
    )
    again.save()
    ask(again, now=now)
    return True


def ask(consent: Consent, *, now: datetime) -> None:
    """Plan the question whether it was really this person."""
    subscriber = consent.subscriber
    Message.objects.create(
        kind=MessageKind.CONFIRMATION,
        dedupe_key=consent.public_id.hex,
        subscriber=subscriber,
        address=subscriber.address,
        address_hash=address_hash(subscriber.address),
        consent=consent,
        planned_for=now,
        expires_at=now + rules.LINK_LIFETIME,
    )


def takes_part(subscriber: Subscriber, sequence: Sequence) -> bool:
    if subscriber.consent != ConsentAction.GIVEN:
        return False
    running = subscriber.enrolments.filter(state__in=values(RUNNING))
    return running.filter(sequence=sequence).exists()


def tell_that_it_runs(subscriber: Subscriber, *, now: datetime) -> bool:
    """A friendly mail with the way to the preferences, once a day at most."""
    notice = Message(
        kind=MessageKind.ENROLLED,
        dedupe_key=f"{subscriber.public_id.hex} {now:%Y-%m-%d}",
        subscriber=subscriber,
        address=subscriber.address,
        address_hash=address_hash(subscriber.address),
        planned_for=now,
        expires_at=now + REPEAT_AFTER,
    )
    Message.objects.bulk_create([notice], ignore_conflicts=True)
    return True


def too_many(*, now: datetime) -> bool:
    """Whether the whole site has asked more than it should. The rows count, so it holds without
    Redis, too."""
    since = now - timedelta(hours=1)
    lately = Consent.objects.filter(action=ConsentAction.REQUESTED, created_at__gt=since)
    return lately.count() >= settings.SIGNUP_LIMIT_SITE


COUNT = """
    INSERT INTO nurture_signupcount (network, hour, amount) VALUES (%s, %s, 1)
    ON CONFLICT (network, hour) DO UPDATE SET amount = nurture_signupcount.amount + 1
    RETURNING amount
"""


def count_network(network: str, *, now: datetime) -> int:
    """How many signups came from there in this hour, with this one; all processes together.

    Costs a write, so it is for the time in which Redis is away. Older hours are forgotten.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    SignupCount.objects.filter(hour__lt=hour).delete()
    hashed = salted_hmac("nurture.signup.network", network, algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [hashed, hour])
        amount: int = cursor.fetchone()[0]
        return amount


def find_or_add(request: Request) -> Subscriber:
    """The person with this address, locked. A stranger changes nothing about a known one."""
    subscriber, _created = Subscriber.objects.select_for_update(no_key=True).get_or_create(
        canonical_address=addresses.canonical(request.address),
        defaults={
            "address": request.address,
            "first_name": request.first_name,
            "time_zone": request.time_zone,
            "language": request.language,
        },
    )
    return subscriber


def already_asked(subscriber: Subscriber, sequence: Sequence, *, now: datetime) -> bool:
    """Whether a link for just this was mailed within the last day and waits for its answer."""
    waiting = requests().filter(
        subscriber=subscriber,
        sequence=sequence,
        created_at__gt=now - REPEAT_AFTER,
        answer__isnull=True,
    )
    return waiting.exists()


def may_ask(subscriber: Subscriber, *, now: datetime) -> bool:
    rows = Consent.objects.filter(subscriber=subscriber)
    answered = rows.filter(action=ConsentAction.GIVEN).order_by("-created_at").first()
    asked = rows.filter(action=ConsentAction.REQUESTED)
    if answered:
        asked = asked.filter(created_at__gt=answered.created_at)
    times = asked.values_list("created_at", flat=True)
    return rules.may_ask(times, now=now) and not flooded(subscriber.address, now=now)


def flooded(address: str, *, now: datetime) -> bool:
    """Whether this mailbox was asked often today under other spellings: with a plus, with dots."""
    name, domain = addresses.mailbox(address)
    name_of = SplitPart(SplitPart("subscriber__canonical_address", "@", 1), "+", 1)
    spelt = Replace(name_of, Value("."), Value(""), output_field=TextField())
    lately = Consent.objects.filter(
        action=ConsentAction.REQUESTED,
        created_at__gt=now - rules.DAY,
        answer__isnull=True,
        subscriber__canonical_address__endswith=f"@{domain}",
    )
    alike = lately.annotate(mailbox=spelt).filter(mailbox=name)
    return alike.count() >= rules.REQUESTS_A_DAY_ALIKE


class SplitPart(Func):
    """PostgreSQL's own: the so-manieth part of a text."""

    function = "split_part"
    output_field = TextField()

    def __init__(self, text: Any, mark: str, number: int) -> None:
        super().__init__(text, Value(mark), Value(number))
