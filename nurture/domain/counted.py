"""What is counted by the day for people who look after an installation. Numbers, never names."""

from enum import StrEnum


class Counted(StrEnum):
    RETURNED = "returned"  # a lease ended before the mail was handed over
    IN_DOUBT = "in_doubt"  # ... and after it: nobody knows
    RESOLVED = "resolved"  # a doubt, by a delivery or an answer
    EXPIRED = "expired"
    REVIEWED = "reviewed"  # versions held or let out by clinical review
    RESENT = "resent"
    RUNG_AGAIN = "rung_again"  # mail waited although somebody should have come
    IMPOSSIBLE = "impossible"  # rows that somebody must have edited by hand
    HALTED = "halted"  # too many complaints or bounces
    AWAY = "away"  # a provider, so that nothing was sent by it for a while
    REPEATED = "repeated"  # in doubt, and sent again where a second one is dropped
    BRAKED = "braked"  # the database turned out to be a restored one
    FORGOTTEN_MESSAGES = "forgotten_messages"
    FORGOTTEN_EVENTS = "forgotten_events"
    FORGOTTEN_TEXTS = "forgotten_texts"
    FORGOTTEN_SIGNUPS = "forgotten_signups"
