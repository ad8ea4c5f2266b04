"""The named sets of states, spelt out once more, so that a slip in one of them shows."""

from nurture.domain import states
from nurture.domain.states import EnrolmentState, MessageState, Reason


def test_a_message_is_either_open_or_closed() -> None:
    assert set(MessageState) == states.OPEN | states.CLOSED
    assert not states.OPEN & states.CLOSED


def test_closed_messages_are_those_that_nothing_happens_to_any_more() -> None:
    assert {"accepted", "failed", "unknown", "cancelled"} == states.CLOSED


def test_a_sender_takes_what_waits_and_nothing_that_another_has() -> None:
    assert {"queued", "deferred"} == states.CLAIMABLE
    assert {"claimed", "submitting"} == states.LEASED
    assert not states.CLAIMABLE & states.LEASED


def test_a_programme_goes_on_only_after_closed_messages() -> None:
    assert {"accepted", "unknown"} == states.WENT_OUT
    assert states.WENT_OUT <= states.CLOSED


def test_a_stopped_programme_neither_runs_nor_receives() -> None:
    assert EnrolmentState.STOPPED not in states.RUNNING | states.MAY_RECEIVE


def test_a_paused_or_held_programme_runs_but_receives_nothing() -> None:
    assert {"paused", "held"} == states.RUNNING - states.MAY_RECEIVE


def test_leaving_blocks_programmes_and_nothing_else() -> None:
    assert set(states.Suppressed) - {"unsubscribed"} == states.BLOCKS_EVERYTHING


def test_reasons_are_codes_without_a_name_in_them() -> None:
    assert all(reason == "" or reason.replace("_", "").isalpha() for reason in Reason)
