"""The people of the demo, and how each of them signs up: by the pages that anybody uses."""

import re
import secrets
from dataclasses import dataclass

from config.local.mailbox import Mailbox
from config.local.trouble import Trouble
from config.local.visitor import Visitor

CONFIRMATION_SECONDS = 90.0
NAMES_AND_ZONES = (
    ("Anna", "America/New_York"),
    ("Bruno", "Europe/Berlin"),
    ("Carla", "Pacific/Auckland"),
)


@dataclass(frozen=True)
class Person:
    first_name: str
    time_zone: str
    address: str


@dataclass(frozen=True)
class Cast:
    """New addresses for each run, so that a second demo on the same database begins afresh."""

    run: str
    people: tuple[Person, ...]

    @property
    def domain(self) -> str:
        """What all addresses of this run end with, and no others do."""
        return f".{self.run}@example.org"


def invite() -> Cast:
    run = secrets.token_hex(3)
    people = (
        Person(name, zone, f"{name.lower()}.{run}@example.org") for name, zone in NAMES_AND_ZONES
    )
    return Cast(run, tuple(people))


def programmes(site: str) -> list[str]:
    """What the signup page offers, as the values that it sends."""
    return Visitor().open(f"{site}/signup/").form(having="programme").choices["programme"]


def sign_up(person: Person, programme: str, *, site: str) -> None:
    visitor = Visitor()
    form = visitor.open(f"{site}/signup/").form(having="programme")
    answer = visitor.send(
        form,
        address=person.address,
        first_name=person.first_name,
        programme=programme,
        time_zone=person.time_zone,
        consent="on",
    )
    if not answer.address.endswith("/signup/done/"):
        raise Trouble(f"The signup form did not take {person.first_name}: see {answer.address}.")


def confirm(person: Person, *, site: str, mailbox: Mailbox) -> None:
    """Wait for the mail, follow its link, and press the button there."""
    text = mailbox.await_text(f"to:{person.address}", seconds=CONFIRMATION_SECONDS)
    link = re.search(rf"{re.escape(site)}/c/\S+", text)
    if link is None:
        raise Trouble(f"The confirmation mail to {person.first_name} has no link in its text.")
    visitor = Visitor()
    visitor.send(visitor.open(link[0]).form())
