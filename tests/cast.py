"""Three people who sign up, each living by another clock."""

from dataclasses import dataclass
from typing import Any

from nurture.domain.states import ConsentAction
from nurture.models import Subscriber
from tests.factories import SubscriberFactory


@dataclass(frozen=True, slots=True)
class Person:
    first_name: str
    address: str
    time_zone: str

    def joins(self, **other: Any) -> Subscriber:
        """The person's row, with a consent that was given."""
        known = {"consent": ConsentAction.GIVEN, **other}
        return SubscriberFactory.create(
            first_name=self.first_name, address=self.address, time_zone=self.time_zone, **known
        )


ANNA = Person("Anna", "anna@example.org", "America/New_York")
BEN = Person("Ben", "ben@example.org", "Europe/Berlin")
CLARA = Person("Clara", "clara@example.org", "Pacific/Auckland")
