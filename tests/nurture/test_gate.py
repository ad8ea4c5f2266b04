"""A mail whose pages no clinician stands behind is held, and goes out once one does."""

from datetime import date

import pytest

from cms import public
from cms.models import ExercisePage
from nurture import gate, sending
from nurture.domain.states import MessageState, Reason
from nurture.models import Message, StepVersion
from nurture.sweep import sweep
from tests import smtp
from tests.cast import ANNA
from tests.factories import exercise_page, published_sequence
from tests.nurture.steps import planned


@pytest.fixture
def page(committed: None) -> ExercisePage:
    return exercise_page()


@pytest.fixture
def mail(page: ExercisePage) -> Message:
    return planned(ANNA.joins(), published_sequence(steps=1, exercises=[page]))


def test_a_mail_is_held_when_its_page_leaves_the_site_and_sent_when_it_is_back(
    page: ExercisePage, mail: Message, relay: smtp.Relay
) -> None:
    page.unpublish()
    sending.send_claimed(sending.PROGRAMME)
    mail.refresh_from_db()
    held = (mail.state, mail.reason)

    page.save_revision().publish()
    sending.send_claimed(sending.PROGRAMME)

    mail.refresh_from_db()
    assert held == (MessageState.HELD, Reason.OUT_OF_REVIEW)
    assert mail.state == MessageState.ACCEPTED
    assert relay.accepted == {mail.message_id: 1}


def test_a_review_that_runs_out_by_itself_is_seen_by_the_sweep(
    page: ExercisePage, mail: Message
) -> None:
    """No signal says that a day has passed."""
    long_ago = date(2020, 1, 1)
    ExercisePage.objects.filter(pk=page.pk).update(last_reviewed=long_ago, next_review_due=long_ago)

    first, second = sweep(), sweep()

    assert (first.reviewed, second.reviewed) == (1, 0)
    assert not StepVersion.objects.get().in_review


def test_another_page_changes_nothing(mail: Message) -> None:
    exercise_page().unpublish()

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
