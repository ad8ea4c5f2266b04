"""One bad day costs nobody their mail; a dead mailbox is found out."""

from datetime import UTC, datetime, timedelta

import pytest

from nurture.domain import bounces
from nurture.domain.states import EventKind

NOW = datetime(2027, 3, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def days_ago(*days: float) -> list[datetime]:
    return [NOW - day * DAY for day in days]


@pytest.mark.parametrize(
    ("bounced", "delivered", "dead"),
    [
        pytest.param([], None, False, id="none"),
        pytest.param([0.1, 0.2, 0.3, 0.4, 0.45], None, False, id="many on one day"),
        pytest.param([1, 2, 3], None, False, id="three days"),
        pytest.param([1, 2, 3, 4], None, True, id="four days"),
        pytest.param([1, 20, 25, 29], None, True, id="four days of a month"),
        pytest.param([1, 20, 25, 31], None, False, id="one too long ago"),
        pytest.param([1, 2, 3, 4], 2.5, False, id="something arrived between"),
        pytest.param([1, 2, 3, 4], 5, True, id="something arrived before"),
    ],
)
def test_soft_bounces_end_in_silence_only_after_days_of_them(
    bounced: list[float],
    delivered: float | None,
    dead: bool,  # noqa: FBT001
) -> None:
    last = NOW - delivered * DAY if delivered is not None else None

    found = bounces.is_dead(days_ago(*bounced), last_delivered=last, now=NOW)

    assert found is dead


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", EventKind.HARD_BOUNCE),
        ("5.0.0", EventKind.HARD_BOUNCE),
        ("5.2.1", EventKind.HARD_BOUNCE),
        ("5.2.2", EventKind.SOFT_BOUNCE),
        ("5.7.26", EventKind.SOFT_BOUNCE),
        ("5.4.4", EventKind.SOFT_BOUNCE),
        ("4.4.7", EventKind.SOFT_BOUNCE),
        ("2.0.0", EventKind.DELIVERED),
        ("", EventKind.SOFT_BOUNCE),
    ],
)
def test_only_what_is_wrong_with_the_address_is_hard(status: str, kind: EventKind) -> None:
    assert bounces.kind_of_status(status) is kind
