"""A mail whose pages no clinician stands behind is held, and goes out once one does."""

import pytest

from cms import public
from nurture import gate, sending
from nurture.domain.states import MessageState, Reason
from nurture.models import Message, StepVersion
from nurture.sweep import sweep
from tests import smtp
from tests.cast import ANNA
from tests.factories import exercise_page, published_sequence
from tests.nurture.steps import planned


@pytest.fixture
def reviewed(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The pages that are in review, as the CMS would say; page 7 is."""
    pages = {7}
    monkeypatch.setattr(public, "lost_review", lambda ids: frozenset(ids) - pages)
    return pages


@pytest.fixture
def mail(committed: None, reviewed: set[int]) -> Message:
    message = planned(ANNA.joins(), published_sequence(steps=1))
    StepVersion.objects.update(page_revisions={"7": 1})
    return message


def test_a_mail_is_held_when_its_page_leaves_review_and_sent_when_it_is_back(
    mail: Message, reviewed: set[int], relay: smtp.Relay
) -> None:
    reviewed.clear()
    public.review_may_have_changed.send(sender=None, page_ids=frozenset({7}))
    sending.send_claimed(sending.PROGRAMME)
    mail.refresh_from_db()
    held = (mail.state, mail.reason)

    reviewed.add(7)
    public.review_may_have_changed.send(sender=None, page_ids=frozenset({7}))
    sending.send_claimed(sending.PROGRAMME)

    mail.refresh_from_db()
    assert held == (MessageState.HELD, Reason.OUT_OF_REVIEW)
    assert mail.state == MessageState.ACCEPTED
    assert relay.accepted == {mail.message_id: 1}


def test_a_review_that_runs_out_by_itself_is_seen_by_the_sweep(
    mail: Message, reviewed: set[int], relay: smtp.Relay
) -> None:
    reviewed.clear()

    first, second = sweep(), sweep()

    assert (first.reviewed, second.reviewed) == (1, 0)
    assert not StepVersion.objects.get().in_review


def test_another_page_changes_nothing(mail: Message, reviewed: set[int]) -> None:
    reviewed.clear()

    public.review_may_have_changed.send(sender=None, page_ids=frozenset({8}))

    assert StepVersion.objects.get().in_review


def test_a_version_without_pages_needs_no_review(db: None) -> None:
    assert gate.is_open([])


def test_what_nobody_has_reviewed_yet_may_be_sent_and_what_lost_its_review_may_not(
    db: None,
) -> None:
    page = exercise_page()

    never = public.lost_review({page.pk})
    page.unpublish()

    assert never == frozenset()
    assert public.lost_review({page.pk}) == {page.pk}
