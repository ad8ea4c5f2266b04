"""The states of a message and of an enrolment, with named sets, and why a row is in one."""

from enum import StrEnum


class MessageKind(StrEnum):
    CONFIRMATION = "confirmation"
    PROGRAMME = "programme"
    SAFETY = "safety"  # what to do about a warning sign
    STAFF = "staff"  # to the practice: a person needs to look
    ENROLLED = "enrolled"  # to somebody who signs up for what already runs
    LINKS = "links"  # a new way to the preferences
    EXPORT = "export"  # the way to one's own data
    CORRECTION = "correction"  # to whoever got something that was wrong


TRANSACTIONAL = frozenset(MessageKind) - {MessageKind.PROGRAMME}
# Who has unsubscribed gets none of these; the rest was asked for, or is about safety.
MINDS_UNSUBSCRIBING = frozenset({MessageKind.PROGRAMME, MessageKind.CORRECTION})
# These leave before everything else of their queue.
URGENT = frozenset({MessageKind.SAFETY})


class MessageState(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    CANCELLED = "cancelled"


CLAIMABLE = frozenset({MessageState.QUEUED, MessageState.DEFERRED})
LEASED = frozenset({MessageState.CLAIMED, MessageState.SUBMITTING})
OPEN = CLAIMABLE | LEASED | {MessageState.HELD}
CLOSED = frozenset(MessageState) - OPEN
# What a programme goes on after: certainly at the relay, or most probably so.
WENT_OUT = frozenset({MessageState.ACCEPTED, MessageState.UNKNOWN})


class EnrolmentState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    HELD = "held"
    STOPPED = "stopped"
    FINISHED = "finished"


RUNNING = frozenset({EnrolmentState.ACTIVE, EnrolmentState.PAUSED, EnrolmentState.HELD})
MAY_RECEIVE = frozenset({EnrolmentState.ACTIVE, EnrolmentState.FINISHED})


class ConsentAction(StrEnum):
    REQUESTED = "requested"
    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    CLICKS_ALLOWED = "clicks_allowed"
    CLICKS_FORBIDDEN = "clicks_forbidden"


# What somebody's last word about being mailed can be; clicks are another matter.
ABOUT_MAIL = frozenset({ConsentAction.REQUESTED, ConsentAction.GIVEN, ConsentAction.WITHDRAWN})


class ConsentTopic(StrEnum):
    """What a consent text is about. Each is agreed to on its own."""

    MAIL = "mail"
    CLICKS = "clicks"


class Suppressed(StrEnum):
    """Why an address gets no mail."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    BAN = "ban"
    UNSUBSCRIBED = "unsubscribed"


BLOCKS_EVERYTHING = frozenset({Suppressed.BOUNCE, Suppressed.COMPLAINT, Suppressed.BAN})
# What to do about a warning sign is told to everybody whom mail can reach.
BLOCKS_SAFETY = frozenset({Suppressed.BOUNCE})


class EventKind(StrEnum):
    """What a provider, or a bounce, says became of a mail after it had left."""

    DELIVERED = "delivered"
    DELAYED = "delayed"
    SOFT_BOUNCE = "soft_bounce"
    HARD_BOUNCE = "hard_bounce"
    REFUSED = "refused"  # the provider did not even try
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    OTHER = "other"


class Braked(StrEnum):
    """Why nothing at all is sent."""

    NO = ""
    RESTORED = "restored"
    BY_HAND = "by_hand"


class Halted(StrEnum):
    """Why no programme mail goes to a domain."""

    COMPLAINTS = "complaints"
    BOUNCES = "bounces"
    BY_HAND = "by_hand"


class Reason(StrEnum):
    """Why a row is in its state. Codes, so that they can be counted and never hold a name."""

    NONE = ""
    ACCEPTED_BY_RELAY = "accepted_by_relay"
    REFUSED_FOR_NOW = "refused_for_now"
    RELAY_AWAY = "relay_away"
    RELAY_REFUSES_US = "relay_refuses_us"
    RECIPIENT_REFUSED = "recipient_refused"
    MESSAGE_REFUSED = "message_refused"
    ADDRESS_BEYOND_RELAY = "address_beyond_relay"  # an address that this relay cannot be told
    TOO_LARGE = "too_large"  # a mail that this relay does not carry
    ATTEMPTS_USED_UP = "attempts_used_up"
    EXPIRED = "expired"
    ANSWER_LOST = "answer_lost"
    LEASE_EXPIRED = "lease_expired"
    CANNOT_COMPOSE = "cannot_compose"
    NO_CONSENT = "no_consent"
    SUPPRESSED = "suppressed"
    STOPPED = "stopped"
    PAUSED = "paused"
    ON_HOLD = "on_hold"
    UNSUBSCRIBED = "unsubscribed"
    MAIL_NOT_SENT = "mail_not_sent"
    CONTRAINDICATED = "contraindicated"
    DATE_MISSING = "date_missing"
    NEVER_OPENS = "never_opens"
    SUPERSEDED = "superseded"
    OUT_OF_REVIEW = "out_of_review"
    PACED = "paced"
    OUT_OF_HOURS = "out_of_hours"  # late, and now is no hour for mail
    RESTORED = "restored"
    RESENT_ONCE = "resent_once"
    WARNING_SIGN = "warning_sign"
    ANSWERED = "answered"
    SILENT = "silent"
    ASKED_TO = "asked_to"  # the person did it, by the preferences
    OUTSIDE_EVENT = "outside_event"
    IMPOSSIBLE = "impossible"  # a row that no code of ours would write: somebody edited it
    GOAL_REACHED = "goal_reached"
    CHANGED_DIAGNOSIS = "changed_diagnosis"
    FINISHED_ANOTHER = "finished_another"
